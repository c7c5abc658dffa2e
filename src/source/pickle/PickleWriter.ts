/**
 * Writes plain data as a Python pickle of protocol 4, which every Python from 3.4 on reads without any module.
 *
 * - Whole numbers up to 2^53 and bigints are ints, all other numbers floats (`-0` too).
 * - `Uint8Array` and `Buffer` are bytes; other typed arrays are lists, of floats for `Float32Array` and `Float64Array`.
 * - Arrays are lists; maps and plain records dicts; sets are sets; `null` and `undefined` are None.
 * - Half a surrogate pair in a text becomes U+FFFD.
 *
 * Anything else is refused, and where it stands is told. What is mentioned twice is written twice.
 */
import * as Either from "effect/Either"
import { ByteSink } from "./internal/ByteSink.js"
import { PickleWriteError } from "./PickleError.js"

/** Deeper than Python itself reads without complaint. */
const deepest = 500

export const encode = (value: unknown): Either.Either<Uint8Array, PickleWriteError> => {
  const sink = new ByteSink()
  sink.byte(0x80)
  sink.byte(4)
  const refusal = write(sink, value, "$", 0)
  if (refusal !== undefined) return Either.left(refusal)
  sink.byte(0x2e)
  return Either.right(sink.bytes)
}

// ------------------------------------------------------------------------------------------------------------------

type Refusal = PickleWriteError | undefined

const opcode = {
  mark: 0x28,
  none: 0x4e,
  true: 0x88,
  false: 0x89,
  appends: 0x65,
  setItems: 0x75,
  addItems: 0x90,
  emptyList: 0x5d,
  emptyDict: 0x7d,
  emptySet: 0x8f
}

const refuse = (path: string, detail: string): PickleWriteError => new PickleWriteError({ path, detail })

const write = (sink: ByteSink, value: unknown, path: string, depth: number): Refusal => {
  switch (typeof value) {
    case "undefined":
      return sink.byte(opcode.none)
    case "boolean":
      return sink.byte(value ? opcode.true : opcode.false)
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? sink.integer(value) : sink.float(value)
    case "bigint":
      return sink.long(value)
    case "string":
      return sink.text(value)
    case "object":
      return value === null ? sink.byte(opcode.none) : writeObject(sink, value, path, depth)
    default:
      return refuse(path, `a ${typeof value} is no data`)
  }
}

const writeObject = (sink: ByteSink, value: object, path: string, depth: number): Refusal => {
  if (depth >= deepest) return refuse(path, `nested deeper than ${deepest}, or part of itself`)
  if (value instanceof Uint8Array) return sink.content(value)
  if (ArrayBuffer.isView(value)) return writeNumbers(sink, value, path)
  if (Array.isArray(value)) return writeItems(sink, opcode.emptyList, opcode.appends, value, path, depth)
  if (value instanceof Set) return writeItems(sink, opcode.emptySet, opcode.addItems, value, path, depth)
  if (value instanceof Map) return writeDict(sink, value, path, depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
    ? writeDict(sink, Object.entries(value), path, depth)
    : refuse(path, "an object of a class is no plain data")
}

const writeNumbers = (sink: ByteSink, value: ArrayBufferView, path: string): Refusal => {
  if (value instanceof Float32Array || value instanceof Float64Array) {
    sink.byte(opcode.emptyList)
    sink.byte(opcode.mark)
    for (const element of value) sink.float(element)
    return sink.byte(opcode.appends)
  }
  return isWholeNumbers(value)
    ? writeItems(sink, opcode.emptyList, opcode.appends, value, path, deepest)
    : refuse(path, "a view of a buffer is no data by itself")
}

const isWholeNumbers = (value: ArrayBufferView): value is ArrayBufferView & Iterable<number | bigint> =>
  !(value instanceof DataView)

const writeItems = (
  sink: ByteSink,
  empty: number,
  finish: number,
  items: Iterable<unknown>,
  path: string,
  depth: number
): Refusal => {
  sink.byte(empty)
  sink.byte(opcode.mark)
  let at = 0
  for (const item of items) {
    const refusal = write(sink, item, `${path}[${at++}]`, depth + 1)
    if (refusal !== undefined) return refusal
  }
  return sink.byte(finish)
}

const writeDict = (
  sink: ByteSink,
  entries: Iterable<readonly [unknown, unknown]>,
  path: string,
  depth: number
): Refusal => {
  sink.byte(opcode.emptyDict)
  sink.byte(opcode.mark)
  for (const [key, item] of entries) {
    // Objects need not have a text of their own.
    const within = `${path}.${typeof key === "object" ? "(key)" : String(key)}`
    if (typeof key === "object" && key !== null && !(key instanceof Uint8Array)) {
      return refuse(within, "a key is a text, a number, a boolean or bytes")
    }
    const refusal = write(sink, key, within, depth + 1) ?? write(sink, item, within, depth + 1)
    if (refusal !== undefined) return refusal
  }
  return sink.byte(opcode.setItems)
}
