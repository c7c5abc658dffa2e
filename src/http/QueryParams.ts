/**
 * Query parameters as people write them: every one that can't be understood is named, all at once. Runs in a browser.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { InvalidInput, type Problem } from "../domain/Refusal.js"
import { isLevel } from "../site/LogLine.js"

export type Params = { readonly [name: string]: string | ReadonlyArray<string> | undefined }

/** The value of a parameter, undefined where it is absent or can't be understood. */
export type Read = <A>(name: string, parse: (text: string) => Option.Option<A>) => A | undefined

/** What is said of a parameter that can't be understood. */
export type Messages = Readonly<Record<string, string>>

/** Builds a value of parameters; fails with all problems. An empty parameter counts as absent, but for the `literal` ones. */
export const reading = <A>(
  params: Params,
  messages: Messages,
  build: (read: Read) => A,
  literal: ReadonlyArray<string> = []
): Effect.Effect<A, InvalidInput> =>
  Effect.suspend(() => {
    const problems: Array<Problem> = []
    const read: Read = (name, parse) => {
      const given = params[name]
      const text = typeof given === "string" ? given : given?.at(-1)
      if (text === undefined || (text === "" && !literal.includes(name))) return undefined
      const parsed = parse(text)
      if (Option.isSome(parsed)) return parsed.value
      const msg = messages[name] ?? "Input is not valid"
      problems.push({ type: "value_error", loc: ["query", name], msg, input: text.slice(0, 200) })
      return undefined
    }
    const built = build(read)
    return problems.length === 0 ? Effect.succeed(built) : Effect.fail(new InvalidInput({ problems }))
  })

export const oneOf =
  <A extends string>(schema: Schema.Schema<A>) =>
  (text: string): Option.Option<A> =>
    Schema.decodeUnknownOption(schema)(text)

export const whole =
  (least: number, most: number) =>
  (text: string): Option.Option<number> => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return value >= least && value <= most ? Option.some(value) : Option.none()
  }

export const yesOrNo = (text: string): Option.Option<boolean> =>
  text === "true" || text === "1"
    ? Option.some(true)
    : text === "false" || text === "0"
      ? Option.some(false)
      : Option.none()

/** The least level of log lines, by any of its names in any case. */
export const logLevel = Option.liftPredicate(isLevel)

export const aLogLevel = "Input should be trace, debug, info, warning, error or fatal"

/** Unix milliseconds of a time as people write it: ISO 8601, UTC where no zone is written, or Unix seconds. */
export const time = (text: string): Option.Option<number> => {
  if (/^-?\d{1,12}(\.\d+)?$/.test(text)) return Option.some(Math.round(Number(text) * 1000))
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return Option.none()
  // A "+" that was not escaped arrives as a blank.
  const spelled = text.replace(/ (?=\d\d:?\d\d$)/, "+").replace(" ", "T")
  const zoned = /T[\d:.]+$/.test(spelled) ? `${spelled}Z` : spelled
  return Option.map(DateTime.make(zoned), DateTime.toEpochMillis)
}

/** Unix milliseconds as a parameter. */
export const ofTime = (millis: number): string => String(millis / 1000)
