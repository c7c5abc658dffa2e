/**
 * What stops a read, thrown inside and turned into a `PickleError` where the read was asked for: an Either for each of the
 * instructions would cost more than the instructions.
 *
 * @internal
 */
import type { PickleError } from "../PickleError.js"

export class Fault extends Error {
  constructor(
    readonly reason: PickleError["reason"],
    readonly detail: string,
    readonly global?: string
  ) {
    super(detail)
  }
}

export const malformed = (detail: string): never => {
  throw new Fault("Malformed", detail)
}

export const forbidden = (detail: string, global?: string): never => {
  throw new Fault("Forbidden", detail, global)
}

export const tooLarge = (detail: string): never => {
  throw new Fault("TooLarge", detail)
}
