/** What a reducer publishes, sorted by how it is shown: figures, lines, pictures, and what can only be read. */

/** An array whose numbers are asked for by themselves. */
export interface LeftOut {
  readonly left_out: true
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
}

export interface Figure {
  readonly name: string
  readonly value: number | string | boolean | null
}

export interface ArrayShown {
  /** Names that lead to it. */
  readonly path: ReadonlyArray<string>
  readonly name: string
  readonly shape: ReadonlyArray<number>
  /** Undefined where they were left out. */
  readonly values: ReadonlyArray<number> | undefined
  /** How its bytes are to be read, where they were left out. */
  readonly dtype: string | undefined
  /** What is said about it: `stream: frames`. */
  readonly note: string
}

export interface PublishedView {
  readonly figures: ReadonlyArray<Figure>
  readonly lines: ReadonlyArray<ArrayShown>
  readonly pictures: ReadonlyArray<ArrayShown>
  readonly others: ReadonlyArray<{ readonly name: string; readonly value: unknown }>
}

export const viewOf = (published: Readonly<Record<string, unknown>>): PublishedView => {
  const view = { figures: [], lines: [], pictures: [], others: [] }
  sort(published, [], view)
  return view
}

/** Where the bytes of an array are, below the reducer: ids of the HDF REST interface are paths in hexadecimal digits. */
export const bytesAt = (path: ReadonlyArray<string>): string => {
  const digits = Array.from(new TextEncoder().encode(`/${path.join("/")}`), (byte) =>
    byte.toString(16).padStart(2, "0").toUpperCase()
  )
  return `/reducer/datasets/d-h5dict-${digits.join("")}/value`
}

/** The numbers that bytes stand for; undefined for a type that is none of numbers. */
export const numbersOf = (dtype: string, bytes: Uint8Array): ArrayLike<number> | undefined => {
  if (dtype === "|u1") return bytes
  const read = readers[dtype.slice(1)]
  const size = Number(dtype.slice(2))
  if (read === undefined || bytes.byteLength % size !== 0) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = !dtype.startsWith(">")
  return Float64Array.from({ length: bytes.byteLength / size }, (_, index) => read(view, index * size, little))
}

// ------------------------------------------------------------------------------------------------------------------

type Growing = { readonly [part in keyof PublishedView]: Array<PublishedView[part][number]> }

/** Names that end so hold what is said about the value they are named after. */
const suffix = "_attrs"

const sort = (group: Readonly<Record<string, unknown>>, above: ReadonlyArray<string>, view: Growing): void => {
  for (const [key, value] of Object.entries(group)) {
    if (key.endsWith(suffix) && Object.hasOwn(group, key.slice(0, -suffix.length))) continue
    const path = [...above, key]
    const name = path.join("/")
    if (value === null || typeof value === "number" || typeof value === "string" || typeof value === "boolean") {
      view.figures.push({ name, value })
      continue
    }
    const array = arrayOf(value)
    if (array !== undefined && array.shape.every((length) => length > 0)) {
      const shown = { path, name, note: noteOf(group[`${key}${suffix}`]), ...array }
      if (array.shape.length === 1) view.lines.push(shown)
      else if (array.shape.length === 2) view.pictures.push(shown)
      else view.others.push({ name, value: `${array.shape.join(" × ")} numbers` })
    } else if (isRecord(value)) {
      sort(value, path, view)
    } else {
      view.others.push({ name, value })
    }
  }
}

const arrayOf = (value: unknown): Pick<ArrayShown, "shape" | "values" | "dtype"> | undefined => {
  if (isLeftOut(value)) return { shape: value.shape, dtype: value.dtype, values: undefined }
  if (!Array.isArray(value)) return undefined
  const shape: Array<number> = []
  for (let level: unknown = value; Array.isArray(level); level = level[0]) shape.push(level.length)
  const flat: ReadonlyArray<unknown> = shape.length === 1 ? value : value.flat(shape.length - 1)
  const size = shape.reduce((product, length) => product * length, 1)
  if (flat.length !== size || !flat.every((item) => typeof item === "number" || item === null)) return undefined
  // Null is what JSON has for a number that is none.
  return { shape, dtype: undefined, values: flat.map((item) => (typeof item === "number" ? item : Number.NaN)) }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isLeftOut = (value: unknown): value is LeftOut =>
  isRecord(value) && value["left_out"] === true && typeof value["dtype"] === "string" && Array.isArray(value["shape"])

const noteOf = (attributes: unknown): string =>
  isRecord(attributes)
    ? Object.entries(attributes)
        .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
        .join(", ")
    : ""

const readers: { readonly [kind: string]: (view: DataView, at: number, little: boolean) => number } = {
  b1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u1: (view, at) => view.getUint8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  u2: (view, at, little) => view.getUint16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little)
}
