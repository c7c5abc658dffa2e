/**
 * Reads Python pickles, protocols 0 to 5, as data. A pickle is a program: this runs the part of it that makes plain values, arrays
 * of numpy and times, and refuses the rest by name. No code of the sender or of anyone else is ever run, and no input makes it use
 * more than its limits allow.
 */
import * as Either from "effect/Either"
import { ByteCursor } from "./internal/ByteCursor.js"
import { Fault } from "./internal/fault.js"
import { Machine } from "./internal/Machine.js"
import { measure } from "./internal/measure.js"
import { operationOf, stop } from "./internal/opcodes.js"
import { PickleError } from "./PickleError.js"
import type { PickleValue } from "./PickleValue.js"

export interface Limits {
  /** Bytes of a pickle, and of its value written out with everything that it mentions twice. */
  readonly size: number
  /** Values that it may make on its way, the same one counted each time it is mentioned. */
  readonly elements: number
  readonly depth: number
  /** Values remembered at a time. */
  readonly memo: number
  /** Bytes or digits of one integer. */
  readonly integer: number
}

/** In the worst case a read takes some 250 bytes for an element, besides the input. */
export const defaultLimits: Limits = {
  size: 256 * 1024 * 1024,
  elements: 1_000_000,
  depth: 100,
  memo: 1_000_000,
  integer: 4096
}

export interface Options {
  readonly limits?: Partial<Limits>
  /** Classes whose objects are read as their fields, by `module.name`. */
  readonly records?: ReadonlyArray<string>
}

/** The classes of dranspose's events, as its debug worker answers them. */
export const eventRecords: ReadonlyArray<string> = ["dranspose.event.EventData", "dranspose.event.StreamData"]

/**
 * The value of a pickle. Bytes and arrays in it are views of `bytes`, which must not be changed while they are in use. Bytes behind
 * the end of the pickle are ignored, as Python does.
 */
export const decode = (bytes: Uint8Array, options: Options = {}): Either.Either<PickleValue, PickleError> => {
  const limits = { ...defaultLimits, ...options.limits }
  const at: Place = { offset: 0, opcode: undefined }
  try {
    return Either.right(run(bytes, limits, new Set(options.records), at))
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    const { detail, global, reason } = cause
    return Either.left(new PickleError({ reason, detail, global, ...at }))
  }
}

// ------------------------------------------------------------------------------------------------------------------

/** The instruction that is being run. */
interface Place {
  offset: number
  opcode: string | undefined
}

const run = (bytes: Uint8Array, limits: Limits, records: ReadonlySet<string>, at: Place): PickleValue => {
  if (bytes.length > limits.size) throw new Fault("TooLarge", `${bytes.length} bytes`)
  const cursor = new ByteCursor(bytes, limits.integer)
  const machine = new Machine(cursor, limits, records)
  for (;;) {
    at.offset = cursor.offset
    at.opcode = undefined
    const code = cursor.byte()
    if (code === stop) break
    const operation = operationOf(code)
    at.opcode = operation?.name ?? `0x${code.toString(16).padStart(2, "0")}`
    if (operation === undefined) throw new Fault("Malformed", "no instruction of a pickle")
    operation.run(machine)
  }
  at.opcode = "STOP"
  return measure(machine.result(), limits)
}
