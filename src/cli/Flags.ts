/** Options and arguments as commands declare them: always described, with errors that name the option and say what it takes. */
import * as Args from "@effect/cli/Args"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { repeatedMark } from "./CommandShape.js"
import * as Nearest from "../domain/Nearest.js"

/** On or off; off when absent. */
export const flag = (name: string, description: string): Options.Options<boolean> =>
  Options.boolean(name).pipe(Options.withDescription(description))

/** Text, where given. */
export const text = (name: string, placeholder: string, description: string): Options.Options<Option.Option<string>> =>
  required(name, placeholder, description).pipe(Options.optional)

/** Text that must be given. */
export const required = (name: string, placeholder: string, description: string): Options.Options<string> =>
  Options.text(name).pipe(Options.withPseudoName(placeholder), Options.withDescription(description))

/** Text that may be given any number of times. */
export const many = (name: string, placeholder: string, description: string): Options.Options<ReadonlyArray<string>> =>
  Options.text(name).pipe(
    Options.withPseudoName(placeholder + repeatedMark),
    Options.withDescription(description),
    Options.withSchema(Schema.parseJson(Schema.Array(Schema.String))),
    Options.withDefault<ReadonlyArray<string>>([])
  )

/** A whole number within bounds. */
export const integer = (
  name: string,
  bounds: { readonly least: number; readonly most?: number },
  description: string
): Options.Options<Option.Option<number>> =>
  required(name, "N", description).pipe(
    Options.mapEffect((value) => {
      const most = bounds.most ?? Number.MAX_SAFE_INTEGER
      const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN
      if (number >= bounds.least && number <= most) return Effect.succeed(number)
      const range = bounds.most === undefined ? `from ${bounds.least}` : `${bounds.least} to ${bounds.most}`
      return refuse(`--${name} takes a whole number ${range}, not '${value}'`)
    }),
    Options.optional
  )

/** One of some words. */
export const choice = <const Choice extends string>(
  name: string,
  choices: ReadonlyArray<Choice>,
  description: string
): Options.Options<Choice> =>
  required(name, choices.join(" | "), description).pipe(
    Options.mapEffect((value) => {
      const found = choices.find((known) => known === value)
      if (found !== undefined) return Effect.succeed(found)
      const nearest = Nearest.of(value, choices)
      return refuse(
        `--${name} takes ${choices.join(", ")}, not '${value}'${nearest === undefined ? "" : `; did you mean ${nearest}?`}`
      )
    })
  )

/** A positional argument. */
export const argument = (name: string, description: string): Args.Args<string> =>
  Args.text({ name }).pipe(Args.withDescription(description))

/** A positional argument that may be left out. */
export const optionalArgument = (name: string, description: string): Args.Args<Option.Option<string>> =>
  argument(name, description).pipe(Args.optional)

/** All words that are left, if any. */
export const restArgument = (name: string, description: string): Args.Args<ReadonlyArray<string>> =>
  argument(name, description).pipe(Args.repeated)

const refuse = (message: string) => Effect.fail(ValidationError.invalidValue(HelpDoc.p(message)))
