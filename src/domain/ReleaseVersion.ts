/** The number of a release, as semantic versioning writes and orders it. It is the name of a directory as well. Pure. */
import * as Order from "effect/Order"
import * as Schema from "effect/Schema"

const pattern = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?$/

/** Such as `1.2.3` or `1.2.3-rc.1`; no `v` in front, no build behind. */
export const ReleaseVersion = Schema.String.pipe(
  Schema.maxLength(64, { message: () => "expected a version of at most 64 characters" }),
  Schema.pattern(pattern, { message: () => "expected a version such as 1.2.3 or 1.2.3-rc.1" }),
  Schema.brand("ReleaseVersion")
)
export type ReleaseVersion = typeof ReleaseVersion.Type

/** The older one first; a release comes after what was tried before it: `1.0.0-rc.2` < `1.0.0-rc.10` < `1.0.0`. */
export const order: Order.Order<string> = (a, b) => {
  const [left, right] = [partsOf(a), partsOf(b)]
  const byNumbers = numbers(left.numbers, right.numbers)
  if (byNumbers !== 0) return byNumbers
  if (left.trial === undefined || right.trial === undefined)
    return left.trial === right.trial ? 0 : left.trial === undefined ? 1 : -1
  return trials(left.trial, right.trial)
}

export const lessThan = Order.lessThan(order)

// ---------------------------------------------------------------------------------------------------------------------

const numbers = Order.array(Order.number)

const partsOf = (version: string) => {
  const [core = "", ...rest] = version.split("-")
  return { numbers: core.split(".").map(Number), trial: rest.length === 0 ? undefined : rest.join("-").split(".") }
}

/** Numbers before words; the shorter of two that begin alike first. */
const identifiers: Order.Order<string> = (a, b) => {
  const [left, right] = [isNumber(a), isNumber(b)]
  if (left && right) return Order.number(Number(a), Number(b))
  return left === right ? Order.string(a, b) : left ? -1 : 1
}

const trials = Order.array(identifiers)

const isNumber = (text: string): boolean => /^\d+$/.test(text)
