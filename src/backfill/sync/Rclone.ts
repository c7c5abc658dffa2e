/**
 * The program rclone, as a process of its own that ends with the fiber that runs it, with everything it started.
 *
 * Which files are meant is told to it as a list, so what is left out is decided here and not by its filters. Its log and its
 * figures are read as JSON, once a second. The answer is its own: anything but exit code 0 is a failure with the code's
 * meaning and the last error it wrote. It is found on the PATH and reads the operator's own rclone config; it is never asked
 * to type a password.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as OsProcess from "../../actor/OsProcess.js"
import type { Batch, CopyProgress } from "./Destination.js"

/** There is no such program on this machine. */
export class RcloneMissing extends Schema.TaggedError<RcloneMissing>()("RcloneMissing", {}) {
  override get message() {
    return "rclone is not installed; install it (apt-get install rclone, or see rclone.org/install), no restart is needed"
  }
}

/** It ran and did not do what it was asked to. */
export class RcloneFailed extends Schema.TaggedError<RcloneFailed>()("RcloneFailed", {
  /** None where a signal ended it, or it could not be run. */
  code: Schema.optional(Schema.Int),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

export type RcloneError = RcloneMissing | RcloneFailed

/** What a comparison found, by path. */
export interface Comparison {
  readonly same: ReadonlySet<string>
  readonly differing: ReadonlyMap<string, string>
}

export class Rclone extends Context.Tag("outpost/backfill/Rclone")<
  Rclone,
  {
    readonly version: Effect.Effect<string, RcloneError>
    /** Copies the files of a batch; answers what was sent. `tell` is called at least once a second. */
    readonly copy: (
      batch: Batch,
      remote: string,
      tell: (progress: CopyProgress) => Effect.Effect<void>
    ) => Effect.Effect<{ readonly files: number; readonly bytes: number }, RcloneError>
    /** Compares the files of a batch with those of the remote. A difference is an answer and no failure. */
    readonly check: (batch: Batch, remote: string, by: "size" | "checksum") => Effect.Effect<Comparison, RcloneError>
  }
>() {}

export interface RcloneOptions {
  /** The whole environment; without it, ours. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

export const make = ({ env }: RcloneOptions = {}): Context.Tag.Service<Rclone> => {
  const run = (args: ReadonlyArray<string>, options: RunOptions) => runProcess(args, env, options)
  return Rclone.of({
    version: Effect.gen(function* () {
      let first = ""
      const said = (line: string) => Effect.sync(() => (first ||= line))
      yield* Effect.flatMap(run(["version"], { said }), succeeded)
      return first.replace(/^rclone\s+/, "")
    }).pipe(
      Effect.timeoutFail({
        duration: "10 seconds",
        onTimeout: () => new RcloneFailed({ detail: "rclone does not even tell its version" })
      })
    ),
    copy: (batch, remote, tell) =>
      Effect.gen(function* () {
        let last: Stats | undefined
        const stats = (now: Stats) =>
          Effect.zipRight(
            Effect.sync(() => (last = now)),
            tell(progressOf(now))
          )
        const args = ["copy", "--stats", "1s", "--stats-log-level", "NOTICE", ...common, "--", batch.root, remote]
        yield* Effect.flatMap(run(args, { input: listOf(batch), stats }), succeeded)
        return { files: last?.transfers ?? 0, bytes: last?.bytes ?? 0 }
      }),
    check: (batch, remote, by) =>
      Effect.gen(function* () {
        const same = new Set<string>()
        const differing = new Map<string, string>()
        const said = (line: string) =>
          Effect.sync(() => {
            const path = line.slice(2)
            if (line.startsWith("= ")) same.add(path)
            else if (line.startsWith("+ ")) differing.set(path, "it is not there")
            else if (line.startsWith("* ")) differing.set(path, "it is not the same there")
            else if (line.startsWith("! ")) differing.set(path, "it could not be read or compared")
          })
        const how = by === "size" ? ["--size-only"] : []
        const args = ["check", "--one-way", "--combined", "-", ...how, ...common, "--", batch.root, remote]
        const ended = yield* run(args, { input: listOf(batch), said })
        // It ends with a code for differences too; with none told, the code is about something else.
        if (differing.size === 0) yield* succeeded(ended)
        return { same, differing }
      })
  })
}

export const layer: Layer.Layer<Rclone> = Layer.sync(Rclone, make)

// -----------------------------------------------------------------------------

const common = ["--use-json-log", "--ask-password=false", "--files-from-raw", "-"]

const listOf = ({ files }: Batch): string => files.map(({ path }) => `${path}\n`).join("")

const Stats = Schema.Struct({
  bytes: Schema.Number,
  totalBytes: Schema.Number,
  transfers: Schema.Number,
  totalTransfers: Schema.Number,
  speed: Schema.Number
})
type Stats = typeof Stats.Type

const LogLine = Schema.parseJson(
  Schema.Struct({
    level: Schema.String,
    msg: Schema.String,
    object: Schema.optional(Schema.String),
    stats: Schema.optional(Stats)
  })
)
const decodeLine = Schema.decodeUnknownEither(LogLine)

const progressOf = ({ bytes, speed, totalBytes, totalTransfers, transfers }: Stats): CopyProgress => ({
  files: transfers,
  totalFiles: totalTransfers,
  bytes,
  totalBytes,
  bytesPerSecond: speed
})

interface RunOptions {
  readonly input?: string
  readonly said?: (line: string) => Effect.Effect<unknown>
  readonly stats?: (stats: Stats) => Effect.Effect<void>
}

interface Run {
  readonly ended: OsProcess.Ended
  /** The last thing that went wrong, as it told it. */
  readonly error: string | undefined
}

const runProcess = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> | undefined,
  { input = "", said = () => Effect.void, stats = () => Effect.void }: RunOptions
): Effect.Effect<Run, RcloneError> =>
  Effect.gen(function* () {
    const rclone = yield* OsProcess.make({ command: "rclone", args, env, guard: true, shutdown: "1 second" })
    let error: string | undefined
    const told = (text: string) => {
      const line = decodeLine(text)
      if (Either.isLeft(line)) {
        error = text.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, "") || error
        return Effect.void
      }
      const { level, msg, object, stats: figures } = line.right
      if (/^(error|critical|alert|emergency|fatal|panic)$/.test(level)) {
        error = object === undefined ? msg : `${object}: ${msg}`
      }
      return figures === undefined ? Effect.void : stats(figures)
    }
    const [ended] = yield* Effect.all(
      [
        rclone.exit,
        Stream.runForEach(rclone.stdout, ({ text }) => said(text)),
        Stream.runForEach(rclone.stderr, ({ text }) => told(text)),
        // Where it reads no further, its exit code says why.
        Effect.ignore(Stream.run(Stream.succeed(input), rclone.stdin))
      ],
      { concurrency: "unbounded" }
    )
    return { ended, error }
  }).pipe(
    Effect.scoped,
    Effect.catchTags({
      SpawnFailed: ({ command, message, reason }) =>
        command === "rclone" && reason === "NotFound"
          ? Effect.fail(new RcloneMissing())
          : Effect.fail(new RcloneFailed({ detail: message })),
      PipeBroken: ({ channel }) => Effect.fail(new RcloneFailed({ detail: `its ${channel} broke off` }))
    })
  )

/** What its exit codes mean, by its manual. */
const meanings: Readonly<Record<number, string>> = {
  2: "usage",
  3: "directory not found",
  4: "file not found",
  5: "a temporary error",
  7: "a fatal error",
  8: "transfer limit reached"
}

const succeeded = ({ ended, error }: Run): Effect.Effect<void, RcloneFailed> => {
  if (ended._tag === "Exited" && ended.code === 0) return Effect.void
  const why = error === undefined ? "" : `: ${error}`
  if (ended._tag === "Killed")
    return Effect.fail(new RcloneFailed({ detail: `rclone was ended by ${ended.signal}${why}` }))
  const meaning = meanings[ended.code]
  const code = meaning === undefined ? `${ended.code}` : `${ended.code} (${meaning})`
  return Effect.fail(new RcloneFailed({ code: ended.code, detail: `rclone ended with code ${code}${why}` }))
}
