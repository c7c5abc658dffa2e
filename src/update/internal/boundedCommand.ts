/**
 * A command that must come to an end: within a time and a memory, and with everything it has started. Never given to a shell.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as OsProcess from "../../actor/OsProcess.js"

export interface Options {
  readonly command: readonly [program: string, ...args: ReadonlyArray<string>]
  readonly cwd: string
  /** The whole environment; undefined: this process's own. */
  readonly env: Readonly<Record<string, string>> | undefined
  readonly within: Duration.Duration
  readonly memoryBytes: number
}

/** How it ended, in words that follow the command's name; and the last lines it said. */
export interface Ending {
  readonly problem: string | undefined
  readonly said: ReadonlyArray<string>
}

export const run = ({ command, cwd, env, memoryBytes, within }: Options): Effect.Effect<Ending> =>
  Effect.scoped(
    Effect.gen(function* () {
      const [program, ...args] = command
      const said = yield* Ref.make<ReadonlyArray<string>>([])
      const child = yield* OsProcess.make({ command: program, args, cwd, env, guard: true, shutdown: "3 seconds" })
      const hear = (lines: OsProcess.OsProcess["stdout"]) =>
        Effect.ignore(
          Stream.runForEach(lines, ({ text }) => Ref.update(said, (before) => [...before, text].slice(-mostLines)))
        )
      const reading = yield* Effect.forkScoped(
        Effect.all([hear(child.stdout), hear(child.stderr)], { concurrency: 2, discard: true })
      )
      const overfull = child.residentBytes.pipe(
        Effect.repeat({ until: (bytes) => bytes > memoryBytes, schedule: Schedule.spaced("250 millis") }),
        Effect.as(`used more than ${memoryBytes} bytes of memory`)
      )
      const ended = Effect.match(child.join, {
        onSuccess: () => undefined,
        onFailure: ({ code, signal }) => (signal === undefined ? `ended with code ${code}` : `was ended by ${signal}`)
      })
      const problem = yield* Effect.raceFirst(ended, overfull).pipe(
        Effect.timeoutTo({
          duration: within,
          onSuccess: (ending) => ending,
          onTimeout: () => `was not done after ${Duration.format(within)}`
        })
      )
      // What it said last may still be on its way; who holds its output open is not waited for.
      yield* Effect.timeoutOption(reading.await, "500 millis")
      return { problem, said: yield* Ref.get(said) }
    })
  ).pipe(Effect.catchAll((error) => Effect.succeed({ problem: error.message, said: [] })))

/** The ending as one line. */
export const told = (what: string, { problem, said }: Ending): string =>
  said.length === 0 ? `${what} ${problem}` : `${what} ${problem}: ${said.slice(-5).join(" | ").slice(-1000)}`

// ---------------------------------------------------------------------------------------------------------------------

const mostLines = 50
