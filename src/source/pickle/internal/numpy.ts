/**
 * Arrays of numpy out of a pickle: the few shapes of call that numpy writes, checked for what they say of the bytes. An array is a
 * view of the bytes of the pickle.
 *
 * @internal
 */
import { type DType, elements, NdArray } from "../NdArray.js"
import { ArrayDraft, DTypeDraft, type Item } from "./Draft.js"
import { forbidden, malformed } from "./fault.js"

/** numpy has no arrays of more dimensions. */
const dimensions = 64

const sizes: Readonly<Record<DType["kind"], ReadonlyArray<number> | undefined>> = {
  b: [1],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  f: [2, 4, 8],
  S: undefined,
  U: undefined
}

const isKind = (kind: string): kind is DType["kind"] => Object.hasOwn(sizes, kind)

/** `dtype('f8', align, copy)` */
export const dtype = (code: Item | undefined): DTypeDraft => {
  const [, order = "", kind = "", digits = ""] =
    typeof code === "string" ? (/^([<>|=]?)([a-zA-Z?])([0-9]{0,9})$/.exec(code) ?? []) : []
  const named = kind === "?" ? "b" : kind
  if (!isKind(named)) return forbidden(`arrays of ${JSON.stringify(code)?.slice(0, 60)} are not read`)
  const count = digits === "" && named === "b" ? 1 : Number(digits)
  const allowed = sizes[named]
  if (count === 0 || (allowed !== undefined && !allowed.includes(count)))
    malformed(`elements of ${digits || "no"} bytes`)
  return new DTypeDraft(named, named === "U" ? 4 * count : count, order === ">")
}

/** `(version, byte order, sub-array, names, fields, size, alignment, flags, ...)` */
export const withState = (draft: DTypeDraft, state: Item): DTypeDraft => {
  if (!Array.isArray(state)) return malformed("the state of a dtype is a tuple")
  const [, order, subArray = null, names = null, fields = null]: ReadonlyArray<Item> = state
  if (subArray !== null || names !== null || fields !== null) return forbidden("arrays of records are not read")
  if (order !== "<" && order !== ">" && order !== "|" && order !== "=") return malformed("a byte order that is none")
  return new DTypeDraft(draft.kind, draft.size, order === ">")
}

/** `_reconstruct(ndarray, (0,), b'b')`: what it holds comes afterwards. */
export const reconstruct = (): ArrayDraft => new ArrayDraft()

/** `(version, shape, dtype, is in Fortran order, bytes)` */
export const arrayOf = (state: Item): NdArray => {
  if (!Array.isArray(state)) return malformed("the state of an array is a tuple")
  const fields: ReadonlyArray<Item> = state
  const [shape, draft, fortran, content] = fields.length === 4 ? fields : fields.slice(1)
  return viewOf(content, draft, shape, fortran === true || fortran === 1 ? "F" : "C")
}

/** `_frombuffer(bytes, dtype, shape, order)`, of protocol 5. */
export const fromBuffer = ([content, draft, shape, order]: ReadonlyArray<Item>): NdArray =>
  viewOf(content, draft, shape, order === "F" ? "F" : "C")

/** `scalar(dtype, bytes)`: the value itself. */
export const scalar = ([draft, content]: ReadonlyArray<Item>): Item => {
  const array = viewOf(content, draft, [], "C")
  return elements(array)[0] ?? null
}

// ------------------------------------------------------------------------------------------------------------------

const viewOf = (
  content: Item | undefined,
  draft: Item | undefined,
  shape: Item | undefined,
  order: "C" | "F"
): NdArray => {
  if (!(draft instanceof DTypeDraft)) return malformed("an array without a dtype")
  const { bigEndian, kind, size } = draft
  if (Array.isArray(content)) return forbidden("arrays of objects are not read")
  // Python 2 has written the bytes as a text of one byte per character.
  const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content
  if (!(bytes instanceof Uint8Array)) return malformed("an array without its bytes")
  const extents = shapeOf(shape)
  const count = extents.reduce((product, extent) => product * extent, 1)
  if (count * size !== bytes.length) {
    return malformed(`${bytes.length} bytes for ${count} elements of ${size}`)
  }
  return new NdArray({ kind, size, bigEndian }, extents, order, bytes)
}

const shapeOf = (shape: Item | undefined): ReadonlyArray<number> => {
  const given: ReadonlyArray<Item> = Array.isArray(shape) ? shape : [shape ?? null]
  if (given.length > dimensions) return malformed(`an array of ${given.length} dimensions`)
  return given.map((extent) =>
    typeof extent === "number" && Number.isSafeInteger(extent) && extent >= 0
      ? extent
      : malformed("a shape that is none")
  )
}
