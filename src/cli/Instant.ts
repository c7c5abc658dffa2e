/** Options that name a moment. Without a zone it is meant by the clock of this machine. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { parse, spellings } from "../site/Instant.js"
import { UsageProblem } from "./Failure.js"

export { spellings }

/** The moment an option names, where it is given. */
export const option = (
  name: string,
  value: Option.Option<string>
): Effect.Effect<number | undefined, UsageProblem, DateTime.CurrentTimeZone> =>
  Option.match(value, {
    onNone: () => Effect.void.pipe(Effect.as(undefined)),
    onSome: (text) =>
      Effect.gen(function* () {
        const zone = yield* DateTime.CurrentTimeZone
        const millis = parse(text, yield* Clock.currentTimeMillis, zone)
        if (Option.isSome(millis)) return millis.value
        return yield* new UsageProblem({
          message: `--${name} does not understand '${text}'`,
          hint: `write ${spellings}`
        })
      })
  })
