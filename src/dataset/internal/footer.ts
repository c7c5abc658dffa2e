/**
 * What the last bytes of a Parquet file tell: how many rows, which columns, from when to when, and who wrote it. Read without
 * DuckDB, which would take the whole answer down for one bad file.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
// Its parts that read footers alone: a few kilobytes.
import { parquetMetadata, parquetSchema } from "hyparquet/src/metadata.js"
import * as fs from "node:fs"
import { promisify } from "node:util"
import { asStorageFailed, reasonOf, type StorageFailed } from "../../domain/Refusal.js"
import { guessUnit, millisOf, type TimeForm, type TimeUnit } from "./timeForm.js"

/** What this program writes into the footer of its files, as JSON. */
export class Provenance extends Schema.Class<Provenance>("outpost/dataset/Provenance")({
  writer: Schema.Literal("outpost"),
  version: Schema.String,
  time: Schema.Struct({ column: Schema.String, unit: Schema.Literal("s", "ms", "us", "ns") }),
  /** How many rows were invented; absent where none was asked for. */
  filled: Schema.optional(Schema.Int)
}) {}

const ProvenanceText = Schema.parseJson(Provenance)
export const provenanceText = Schema.encodeSync(ProvenanceText)
const decodeProvenance = Schema.decodeOption(ProvenanceText)

/** What a column holds, as far as rows are concerned; `other` is carried along and shown as text. */
export type ColumnType = "int64" | "double" | "text" | "boolean" | "other"

export interface FileColumn {
  readonly name: string
  readonly type: ColumnType
}

export interface FileTime extends TimeForm {
  readonly column: string
  /** A timestamp of Parquet's own, not a number. */
  readonly timestamp: boolean
  /** In ms; undefined for a file without rows. */
  readonly first: number | undefined
  readonly last: number | undefined
}

export interface Footer {
  readonly rows: number
  readonly columns: ReadonlyArray<FileColumn>
  readonly time: FileTime
  readonly provenance: Provenance | undefined
}

/** The file is there, but it is no Parquet file, or none with a column of time and its statistics. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { reason: Schema.String }) {}

/**
 * Reads the footer. `preferred` is the column of time where there is such a column; else the one that the writer named, or
 * one with a usual name. A file that can't be opened or read at all is `StorageFailed`.
 */
export const read = (path: string, preferred?: string): Effect.Effect<Footer, Unreadable | StorageFailed> =>
  Effect.gen(function* () {
    const bytes = yield* Effect.tryPromise({
      try: () => tail(path),
      catch: asStorageFailed("read", path)
    })
    const { fields, provenance, rowGroups, rows } = yield* Effect.try({
      try: () => {
        const metadata = parquetMetadata(bytes, { geoparquet: false, parsers: rawTimes })
        const text = metadata.key_value_metadata?.find(({ key }) => key === "outpost")?.value
        return {
          rows: Number(metadata.num_rows),
          fields: parquetSchema(metadata).children.map(({ element }) => element),
          rowGroups: metadata.row_groups,
          provenance: text === undefined ? undefined : Option.getOrUndefined(decodeProvenance(text))
        }
      },
      catch: (cause) => new Unreadable({ reason: reasonOf(cause) })
    })
    const names = [preferred, provenance?.time.column, ...usualNames]
    const field = names.flatMap((name) => fields.filter((one) => one.name === name))[0]
    if (field === undefined) {
      return yield* new Unreadable({ reason: `no column of time, expected ${preferred ?? usualNames.join(" or ")}` })
    }
    const type = typeOf(field)
    const timestamp = timestampUnit(field)
    if (type !== "int64" && type !== "double" && timestamp === undefined) {
      return yield* new Unreadable({ reason: `the column ${field.name} holds no times` })
    }
    const statistics = rowGroups
      .filter((group) => group.num_rows > 0n)
      .flatMap(({ columns }) => columns.filter((one) => one.meta_data?.path_in_schema.join() === field.name))
      .map(({ meta_data }) => meta_data?.statistics)
    const least = extreme(
      statistics.map((one) => one?.min_value ?? one?.min),
      isLess
    )
    const most = extreme(
      statistics.map((one) => one?.max_value ?? one?.max),
      isMore
    )
    if (rows > 0 && (least === undefined || most === undefined)) {
      return yield* new Unreadable({ reason: `no statistics of the column ${field.name}` })
    }
    const own = provenance?.time.column === field.name ? provenance.time.unit : undefined
    const form: TimeForm = {
      type: type === "double" ? "double" : "int64",
      unit: timestamp ?? own ?? guessUnit(Number(most ?? 0))
    }
    return {
      rows,
      columns: fields.map((one) => ({ name: one.name, type: typeOf(one) })),
      time: {
        ...form,
        column: field.name,
        timestamp: timestamp !== undefined,
        first: least === undefined ? undefined : millisOf(form, least),
        last: most === undefined ? undefined : millisOf(form, most)
      },
      provenance
    }
  })

// -----------------------------------------------------------------------------

const usualNames = ["TS", "ts", "time", "timestamp", "date"]

/** Times in statistics as they stand in the file; dates of JavaScript would cut them to milliseconds. */
const rawTimes = {
  timestampFromMilliseconds: (value: bigint) => value,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => value
}

const timestampUnits: Readonly<Record<string, TimeUnit>> = {
  MILLIS: "ms",
  MICROS: "us",
  NANOS: "ns",
  TIMESTAMP_MILLIS: "ms",
  TIMESTAMP_MICROS: "us"
}

interface Field {
  readonly type?: string | undefined
  readonly num_children?: number | undefined
  readonly repetition_type?: string | undefined
  readonly converted_type?: string | undefined
  readonly logical_type?: { readonly type: string; readonly unit?: string } | undefined
}

/** The unit of a timestamp of Parquet's own; undefined for other columns. */
const timestampUnit = ({ converted_type, logical_type, type }: Field): TimeUnit | undefined =>
  type === "INT64"
    ? timestampUnits[logical_type?.type === "TIMESTAMP" ? (logical_type.unit ?? "") : (converted_type ?? "")]
    : undefined

const typeOf = (field: Field): ColumnType => {
  const { converted_type, logical_type, num_children, repetition_type, type } = field
  if ((num_children ?? 0) > 0 || repetition_type === "REPEATED") return "other"
  const meaning = logical_type?.type ?? converted_type ?? ""
  if (type === "BOOLEAN") return "boolean"
  if (type === "DOUBLE" || type === "FLOAT" || meaning === "DECIMAL") return "double"
  if (type === "INT32" || type === "INT64") return /^(INT|UINT|$)/.test(meaning) ? "int64" : "other"
  return type === "BYTE_ARRAY" && /^(UTF8|STRING|ENUM|JSON)$/.test(meaning) ? "text" : "other"
}

type Bound = bigint | number

const isLess = (a: Bound, b: Bound): boolean => a < b
const isMore = (a: Bound, b: Bound): boolean => a > b

/** The extreme of the row groups; undefined where one of them has none. */
const extreme = (values: ReadonlyArray<unknown>, beats: (a: Bound, b: Bound) => boolean): Bound | undefined => {
  let best: Bound | undefined
  for (const value of values) {
    if (typeof value !== "bigint" && typeof value !== "number") return undefined
    if (best === undefined || beats(value, best)) best = value
  }
  return best
}

const open = promisify(fs.open)

/** Most footers are in here; one of a file with many row groups takes a second look. */
const firstLook = 8 * 1024

/** Opening and reading may wait for the disk. The size of an open file and its closing do not, and are asked for at once. */
const tail = async (path: string): Promise<Uint8Array> => {
  const file = await open(path, "r")
  try {
    const { size } = fs.fstatSync(file)
    const bytes = await last(file, size, Math.min(size, firstLook))
    const length = bytes.length < 8 ? 0 : new DataView(bytes.buffer).getUint32(bytes.length - 8, true) + 8
    return length <= bytes.length || length > size ? bytes : await last(file, size, length)
  } finally {
    fs.closeSync(file)
  }
}

const last = async (file: number, size: number, length: number): Promise<Uint8Array> => {
  // Of its own, not of Node's pool: the reader wants the whole buffer.
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length;) {
    const count = await readSome(file, bytes, at, length - at, size - length + at)
    if (count === 0) break
    at += count
  }
  return bytes
}

const readSome = (file: number, into: Uint8Array, at: number, length: number, position: number) =>
  new Promise<number>((resolve, reject) => {
    fs.read(file, into, at, length, position, (error, count) => (error === null ? resolve(count) : reject(error)))
  })
