/** An rclone remote as a destination: copied, then compared, and only what compares equal is called verified. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { CopyFailed, type Destination } from "./Destination.js"
import * as LocalFiles from "./LocalFiles.js"
import type { Rclone, RcloneError } from "./Rclone.js"

export interface Options {
  readonly rclone: Rclone["Type"]
  /** As rclone writes it: `backup:site-1`, `/mnt/disk`. */
  readonly remote: string
  readonly provider: string
  readonly verify: "size" | "checksum"
  /** For a copy with its comparison. */
  readonly timeLimit: Duration.Duration
}

export const make = ({ provider, rclone, remote, timeLimit, verify }: Options): Destination => {
  const failed = (error: RcloneError) => new CopyFailed({ remote, reason: reasonOf(error), detail: error.message })
  const limited = <A, E>(work: Effect.Effect<A, E>) =>
    Effect.timeoutFail(work, {
      duration: timeLimit,
      onTimeout: () =>
        new CopyFailed({
          remote,
          reason: "TimedOut",
          detail: `not done within ${Duration.format(timeLimit)} (storage.sync_time_limit)`
        })
    })
  return {
    name: remote,
    provider,
    place: (path) => ({ bucket: remote, key: path }),
    copy: (batch, tell) =>
      Effect.gen(function* () {
        const sent = yield* Effect.mapError(rclone.copy(batch, remote, tell), failed)
        const { differing, same } = yield* Effect.mapError(rclone.check(batch, remote, verify), failed)
        // What was replaced meanwhile says nothing; the next copy takes it.
        const settled = yield* LocalFiles.unchanged(batch.root, batch.files)
        return {
          ...sent,
          verified: settled.filter(({ path }) => same.has(path)),
          missing: settled.flatMap(({ path }) =>
            same.has(path) ? [] : [{ path, reason: differing.get(path) ?? "it was not compared" }]
          )
        }
      }).pipe(limited),
    holds: (batch) =>
      rclone
        .check(batch, remote, "checksum")
        .pipe(Effect.mapBoth({ onFailure: failed, onSuccess: ({ same }) => same }), limited)
  }
}

// -----------------------------------------------------------------------------

const reasonOf = (error: RcloneError): CopyFailed["reason"] => {
  if (error._tag === "RcloneMissing") return "NotInstalled"
  if (/didn't find (section|backend)|config file|failed to create file system/i.test(error.detail))
    return "Misconfigured"
  return error.code === 5 ? "Unreachable" : "Failed"
}
