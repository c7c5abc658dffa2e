/**
 * One life of a version, as the launcher starts it: in a process group of its own, with our outputs, and with an input that
 * ends when we do, so that it is never left alone.
 *
 * @internal
 */
import { spawn } from "node:child_process"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** How a life ended: by its code, or none where a signal ended it. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
}

export interface Life {
  readonly ended: Effect.Effect<Ended>
  /** Asks it to end, after so long makes it, and returns when it has. */
  readonly stop: (patience: Duration.DurationInput) => Effect.Effect<void>
}

export const start = (entry: string, args: ReadonlyArray<string>): Effect.Effect<Life, Error> =>
  Effect.gen(function* () {
    const over = yield* Deferred.make<Ended>()
    const pid = yield* Effect.async<number, Error>((resume) => {
      const child = spawn(process.execPath, [entry, ...args], {
        detached: true,
        stdio: ["pipe", "inherit", "inherit"]
      })
      child.on("error", (error) => resume(Effect.fail(error)))
      child.stdin.on("error", () => {})
      child.on("exit", (code, signal) => Deferred.unsafeDone(over, Effect.succeed({ code, signal })))
      child.once("spawn", () => {
        if (child.pid !== undefined) resume(Effect.succeed(child.pid))
      })
    })
    const ended = Deferred.await(over)
    return {
      ended,
      stop: (patience) =>
        Effect.gen(function* () {
          if (yield* Deferred.isDone(over)) return
          signal(pid, "SIGTERM")
          const gone = yield* Effect.timeoutOption(Effect.interruptible(ended), patience)
          if (Option.isNone(gone)) signal(-pid, "SIGKILL")
          yield* ended
        }).pipe(Effect.ensuring(Effect.sync(() => signal(-pid, "SIGKILL"))))
    }
  })

// ---------------------------------------------------------------------------------------------------------------------

/** To a process, or with a negative number to its group; nothing where there is none any more. */
const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It is gone: that is what was wanted.
  }
}
