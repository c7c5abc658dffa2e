/**
 * Stops the process dead at a named step of a commit or a checkpoint, for fault tests: `OUTPOST_FAILPOINT=commit.written:3`
 * kills it at the third time that step is reached. Unset, it costs nothing.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

export const step: Effect.Effect<((name: string) => void) | undefined> = Config.option(
  Config.nonEmptyString("OUTPOST_FAILPOINT")
).pipe(
  Effect.orElseSucceed(() => Option.none<string>()),
  Effect.map(
    Option.match({
      onNone: () => undefined,
      onSome: (text) => {
        const [wanted, count] = text.split(":")
        let left = Number(count ?? 1)
        return (name: string) => {
          if (name === wanted && --left <= 0) process.kill(process.pid, "SIGKILL")
        }
      }
    })
  )
)
