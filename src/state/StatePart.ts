/** A part of the state document as it is declared: its name and what it holds. */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { StateRefused } from "../domain/State.js"

export interface StatePart {
  readonly name: string
  /** The value as it is stored, or why it does not fit. */
  readonly check: (value: unknown) => Either.Either<unknown, StateRefused>
}

/** A part whose values keep to a schema, in the form in which JSON carries them. */
export const make = <A, I>(name: string, schema: Schema.Schema<A, I>): StatePart => {
  const decode = Schema.decodeUnknownEither(schema, { errors: "all", onExcessProperty: "error" })
  return {
    name,
    check: (value) =>
      Either.mapBoth(decode(value), {
        onLeft: (error) => new StateRefused({ part: name, reason: ParseResult.TreeFormatter.formatErrorSync(error) }),
        onRight: () => value
      })
  }
}

/** A part that takes whatever JSON carries. */
export const free = (name: string): StatePart => ({
  name,
  check: (value) =>
    isJson(value)
      ? Either.right(value)
      : Either.left(new StateRefused({ part: name, reason: "expected a value that JSON carries" }))
})

// -----------------------------------------------------------------------------

/** NaN, functions and the like become something else in JSON: they are refused. */
const isJson = (value: unknown): boolean => {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true
  if (typeof value === "number") return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isJson)
  if (typeof value !== "object") return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson)
}
