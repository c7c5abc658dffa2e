/** An array of numpy as it stood in a pickle: its bytes, and how to read them. */

/** Booleans, signed and unsigned integers, floats, texts of one byte per character and of UTF-32. */
export interface DType {
  readonly kind: "b" | "i" | "u" | "f" | "S" | "U"
  /** Bytes of one element. */
  readonly size: number
  readonly bigEndian: boolean
}

export class NdArray {
  readonly _tag = "NdArray"
  constructor(
    readonly dtype: DType,
    /** Empty for a single value. Its product times the size of an element is the number of bytes. */
    readonly shape: ReadonlyArray<number>,
    /** Whether the last (C) or the first (F) index varies fastest. */
    readonly order: "C" | "F",
    readonly bytes: Uint8Array
  ) {}

  get length(): number {
    return this.bytes.length / this.dtype.size
  }
}

export type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/**
 * The elements in C order, as numbers of this machine, in an array of their own; undefined for texts. Booleans are 0 and 1; floats
 * of two bytes are widened.
 */
export const numbers = (array: NdArray): Numbers | undefined => {
  const { kind, size } = array.dtype
  if (kind === "S" || kind === "U") return undefined
  const { buffer } = nativeBytes(array)
  if (kind === "f") {
    if (size === 2) return Float32Array.from(new Uint16Array(buffer), halfFloat)
    return size === 4 ? new Float32Array(buffer) : new Float64Array(buffer)
  }
  const signed = kind === "i"
  if (size === 1) return signed ? new Int8Array(buffer) : new Uint8Array(buffer)
  if (size === 2) return signed ? new Int16Array(buffer) : new Uint16Array(buffer)
  if (size === 4) return signed ? new Int32Array(buffer) : new Uint32Array(buffer)
  return signed ? new BigInt64Array(buffer) : new BigUint64Array(buffer)
}

/** The elements in C order. Integers of eight bytes are numbers where they are exact. */
export const elements = (array: NdArray): ReadonlyArray<boolean | number | bigint | string> => {
  const { bigEndian, kind, size } = array.dtype
  if (kind === "S" || kind === "U") {
    const bytes = inOrder(array)
    const text = kind === "S" ? latinText : (one: Uint8Array) => wideText(one, bigEndian)
    return Array.from({ length: array.length }, (_, at) => text(bytes.subarray(at * size, (at + 1) * size)))
  }
  const found = numbers(array) ?? []
  if (kind === "b") return Array.from(found, Boolean)
  return Array.from<number | bigint, number | bigint>(found, (element) =>
    typeof element === "bigint" && Number.isSafeInteger(Number(element)) ? Number(element) : element
  )
}

// ------------------------------------------------------------------------------------------------------------------

/** A copy in C order and in the byte order of this machine, on a buffer of its own. */
const nativeBytes = (array: NdArray): Uint8Array<ArrayBuffer> => {
  const ordered = inOrder(array)
  const own = new Uint8Array(ordered.length)
  own.set(ordered)
  if (!array.dtype.bigEndian) return own
  const swapped = Buffer.from(own.buffer)
  if (array.dtype.size === 2) swapped.swap16()
  if (array.dtype.size === 4) swapped.swap32()
  if (array.dtype.size === 8) swapped.swap64()
  return own
}

/** The bytes in C order; those of the array itself where they are so. */
const inOrder = ({ bytes, dtype: { size }, order, shape }: NdArray): Uint8Array => {
  if (order === "C" || shape.length < 2) return bytes
  const ordered = new Uint8Array(bytes.length)
  const index = shape.map(() => 0)
  const strides: Array<number> = []
  shape.reduce((stride, extent) => (strides.push(stride), stride * extent), size)
  for (let to = 0; to < bytes.length; to += size) {
    const from = index.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 0), 0)
    ordered.set(bytes.subarray(from, from + size), to)
    advance(index, shape)
  }
  return ordered
}

const advance = (index: Array<number>, shape: ReadonlyArray<number>): void => {
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const next = (index[axis] ?? 0) + 1
    index[axis] = next === shape[axis] ? 0 : next
    if (next !== shape[axis]) return
  }
}

const halfFloat = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

const latinText = (bytes: Uint8Array): string => Buffer.from(unpadded(bytes, 1)).toString("latin1")

const wideText = (bytes: Uint8Array, bigEndian: boolean): string => {
  const own = unpadded(bytes, 4)
  const view = new DataView(own.buffer, own.byteOffset, own.byteLength)
  let text = ""
  for (let at = 0; at < own.length; at += 4) {
    const point = view.getUint32(at, !bigEndian)
    text += point > 0x10ffff ? "\ufffd" : String.fromCodePoint(point)
  }
  return text
}

/** Without the NUL characters at the end: they are not part of a text. */
const unpadded = (bytes: Uint8Array, width: number): Uint8Array => {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return bytes.subarray(0, Math.ceil(end / width) * width)
}
