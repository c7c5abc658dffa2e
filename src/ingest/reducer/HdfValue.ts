/** Values as HDF5 names and lays them out: their type, their shape, and parts of their elements. */
import { arrayOf, type RawArray, toJson } from "./PublishedValue.js"

const text = {
  class: "H5T_STRING",
  length: "H5T_VARIABLE",
  charSet: "H5T_CSET_UTF8",
  strPad: "H5T_STR_NULLTERM"
}

const scalar = { class: "H5S_SCALAR" }

/** Numbers without a fraction are integers: nothing else tells them apart here. */
export const typeOf = (value: unknown): unknown => {
  if (typeof value === "number") return numberType(Number.isSafeInteger(value) ? "<i8" : "<f8")
  if (typeof value === "bigint") return numberType("<i8")
  if (typeof value === "boolean") return numberType("|i1")
  const array = arrayOf(value)
  return array === undefined ? text : numberType(array.dtype)
}

export const shapeOf = (value: unknown): unknown => {
  const array = arrayOf(value)
  if (array !== undefined) return array.shape.length === 0 ? scalar : { class: "H5S_SIMPLE", dims: array.shape }
  return Array.isArray(value) ? { class: "H5S_SIMPLE", dims: [value.length] } : scalar
}

/** As JSON; what has no other form is a text. */
export const valueOf = (value: unknown): unknown => toJson(value)

/** The elements of `[a:b,c:d]` in C order; a text says why it is no part of the array. */
export const select = (array: RawArray, wanted: string): Uint8Array | string => {
  const ranges = rangesOf(wanted, array.shape)
  if (typeof ranges === "string") return ranges
  const count = ranges.reduce((product, [from, to]) => product * (to - from), 1)
  const part = new Uint8Array(count * array.itemSize)
  let next = 0
  const copy = (depth: number, offset: number): void => {
    const [from, to] = ranges[depth] ?? [0, 1]
    const inner = array.shape.slice(depth + 1).reduce((product, length) => product * length, 1)
    if (depth >= ranges.length - 1) {
      const begin = (offset + from * inner) * array.itemSize
      const end = (offset + to * inner) * array.itemSize
      part.set(array.bytes.subarray(begin, end), next)
      next += end - begin
      return
    }
    for (let index = from; index < to; index++) copy(depth + 1, offset + index * inner)
  }
  copy(0, 0)
  return part
}

// -----------------------------------------------------------------------------

const numberType = (dtype: string): unknown => {
  const bits = 8 * Number(dtype.slice(2))
  const order = dtype.startsWith(">") ? "BE" : "LE"
  switch (dtype[1]) {
    case "f":
      return { base: `H5T_IEEE_F${bits}${order}`, class: "H5T_FLOAT" }
    case "u":
      return { base: `H5T_STD_U${bits}${order}`, class: "H5T_INTEGER" }
    case "i":
    case "b":
      return { base: `H5T_STD_I${bits}${order}`, class: "H5T_INTEGER" }
    default:
      return text
  }
}

type Range = readonly [from: number, to: number]

const rangesOf = (wanted: string, shape: ReadonlyArray<number>): ReadonlyArray<Range> | string => {
  const inside = /^\[(.*)\]$/.exec(wanted.trim())?.[1]
  const parts = inside?.split(",") ?? []
  if (parts.length !== shape.length) return `select has to have ${shape.length} ranges: [a:b,c:d]`
  const ranges: Array<Range> = []
  for (const [depth, part] of parts.entries()) {
    const length = shape[depth] ?? 0
    const found = /^\s*(?:(\d+)|(\d*):(\d*))\s*$/.exec(part)
    if (found === null) return `'${part}' is no range`
    const from = Number(found[1] ?? (found[2] || 0))
    const to = found[1] === undefined ? Math.min(Number(found[3] || length), length) : from + 1
    if (from > to || to > length) return `'${part}' is beyond the ${length} elements`
    ranges.push([from, to])
  }
  return ranges
}
