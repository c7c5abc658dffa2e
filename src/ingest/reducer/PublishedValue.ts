/** What a reducer publishes, as others read it: groups of values by name, and arrays of numbers as bytes. */
import * as Predicate from "effect/Predicate"
import { NdArray } from "../../source/pickle/NdArray.js"

/** Numbers in C order. */
export interface RawArray {
  /** As numpy writes it: byte order, kind, size: `<f8`, `|u1`. */
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
  readonly itemSize: number
  readonly bytes: Uint8Array
}

export type Group = Readonly<Record<PropertyKey, unknown>>

/** Names that lead to other names, and no array. */
export const isGroup = (value: unknown): value is Group => Predicate.isRecord(value) && arrayOf(value) === undefined

/** A value that is an array of numbers, whichever way it is written down. A single number or text is none. */
export const arrayOf = (value: unknown): RawArray | undefined => {
  if (isTyped(value)) return raw(value, [value.length])
  if (value instanceof NdArray) return ofNumpy(value)
  if (Array.isArray(value)) return ofList(value)
  if (!Predicate.isRecord(value) || !isTyped(value["data"]) || !isShape(value["shape"])) return undefined
  const size = value["shape"].reduce((product, length) => product * length, 1)
  return size === value["data"].length ? raw(value["data"], value["shape"]) : undefined
}

/** What stands under a path of names. */
export const at = (root: unknown, path: ReadonlyArray<string>): unknown => {
  let value = root
  for (const name of path) value = isGroup(value) && Object.hasOwn(value, name) ? value[name] : undefined
  return value
}

/** What stands in the place of an array that is too large to be told among others. */
export interface LeftOut {
  readonly left_out: true
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
}

/**
 * The value as JSON can carry it: arrays as lists, numbers that JSON does not know as null, and so what contains itself; large
 * integers as texts. Of an array with more than `largest` numbers only what it is: {@link LeftOut}.
 */
export const toJson = (value: unknown, largest = Number.POSITIVE_INFINITY): unknown => jsonOf(value, largest, [])

// -----------------------------------------------------------------------------

/** `around` are the values that this one lies in. */
const jsonOf = (value: unknown, largest: number, around: ReadonlyArray<unknown>): unknown => {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "number") return Number.isFinite(value) ? value : null
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (largest < Number.POSITIVE_INFINITY) {
    const array = arrayOf(value)
    if (array !== undefined && array.bytes.length > largest * array.itemSize) return leftOut(array)
  }
  if (isTyped(value)) return Array.from<number | bigint, unknown>(value, (item) => toJson(item))
  if (around.length === deepest || around.includes(value)) return null
  const inside = [...around, value]
  if (Array.isArray(value)) return value.map((item) => jsonOf(item, largest, inside))
  const array = arrayOf(value)
  if (array !== undefined) return nested(array)
  if (!Predicate.isRecord(value)) return null
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, jsonOf(member, largest, inside)]))
}

type Typed =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

/** Levels of lists or names below each other, at most: a value that contains itself has no end. */
const deepest = 64

const dtypes: Readonly<Record<string, string>> = {
  Int8Array: "|i1",
  Uint8Array: "|u1",
  Uint8ClampedArray: "|u1",
  Int16Array: "<i2",
  Uint16Array: "<u2",
  Int32Array: "<i4",
  Uint32Array: "<u4",
  Float32Array: "<f4",
  Float64Array: "<f8",
  BigInt64Array: "<i8",
  BigUint64Array: "<u8"
}

const isTyped = (value: unknown): value is Typed => ArrayBuffer.isView(value) && !(value instanceof DataView)

const isShape = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && length >= 0)

const raw = (data: Typed, shape: ReadonlyArray<number>): RawArray => ({
  // Buffers are byte arrays of their own name.
  dtype: dtypes[data.constructor.name] ?? "|u1",
  shape,
  itemSize: data.BYTES_PER_ELEMENT,
  bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
})

const ofNumpy = ({ bytes, dtype, shape }: NdArray): RawArray | undefined => {
  const order = dtype.size === 1 ? "|" : dtype.bigEndian ? ">" : "<"
  return { dtype: `${order}${dtype.kind}${dtype.size}`, shape, itemSize: dtype.size, bytes }
}

/** Lists of numbers, of equal length where they are nested: integers where all are. */
const ofList = (list: ReadonlyArray<unknown>): RawArray | undefined => {
  const shape: Array<number> = []
  let level: ReadonlyArray<unknown> = list
  for (;;) {
    shape.push(level.length)
    const [first] = level
    if (!Array.isArray(first)) break
    if (shape.length === deepest) return undefined
    level = first
  }
  const size = shape.reduce((product, length) => product * length, 1)
  const flat = list.flat(shape.length - 1)
  if (flat.length !== size || !flat.every((item) => typeof item === "number")) return undefined
  return flat.every((item) => Number.isSafeInteger(item))
    ? raw(BigInt64Array.from(flat, BigInt), shape)
    : raw(Float64Array.from(flat), shape)
}

const leftOut = ({ dtype, shape }: RawArray): LeftOut => ({ left_out: true, dtype, shape })

const nested = ({ bytes, dtype, itemSize, shape }: RawArray): unknown => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = !dtype.startsWith(">")
  const item = (index: number): unknown => toJson(readItem(view, dtype.slice(1), index * itemSize, little))
  const level = (depth: number, from: number, count: number): unknown => {
    const length = shape[depth]
    if (length === undefined) return item(from)
    const step = length === 0 ? 0 : count / length
    return Array.from({ length }, (_, index) => level(depth + 1, from + index * step, step))
  }
  return level(
    0,
    0,
    shape.reduce((product, length) => product * length, 1)
  )
}

const readItem = (view: DataView, kind: string, at: number, little: boolean): unknown => {
  switch (kind) {
    case "b1":
      return view.getUint8(at) !== 0
    case "i1":
      return view.getInt8(at)
    case "u1":
      return view.getUint8(at)
    case "i2":
      return view.getInt16(at, little)
    case "u2":
      return view.getUint16(at, little)
    case "i4":
      return view.getInt32(at, little)
    case "u4":
      return view.getUint32(at, little)
    case "i8":
      return view.getBigInt64(at, little)
    case "u8":
      return view.getBigUint64(at, little)
    case "f4":
      return view.getFloat32(at, little)
    case "f8":
      return view.getFloat64(at, little)
    default:
      return null
  }
}
