/** A series as rows, or as bytes of a format. */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Cell, Row } from "../../domain/RowLayout.js"
import type { DataFormat, ReadFailure, ReadRequest } from "../Dataset.js"
import { type DuckDb, identifier, literal } from "../DuckDb.js"
import * as Arrow from "./arrow.js"
import { type AnswerColumn, batches, type Plan, plan } from "./reading.js"
import * as TemporaryFile from "./temporaryFile.js"
import { csvTable, jsonArray, ndjson, type TextFormat } from "./textFormats.js"

const nanoseconds = { unit: "ns", type: "int64" } as const

export const rows = (duck: DuckDb["Type"], root: string, request: ReadRequest): Stream.Stream<Row, ReadFailure> =>
  Stream.unwrap(
    Effect.map(plan(root, request), (found) =>
      batches(duck, request, found.statements(nanoseconds, request.limit)).pipe(
        Stream.mapConcatChunk((columns) => rowsOf(found.columns, columns))
      )
    )
  )

export const encode = (
  duck: DuckDb["Type"],
  root: string,
  format: DataFormat,
  request: ReadRequest
): Stream.Stream<Uint8Array, ReadFailure> =>
  Stream.unwrap(
    Effect.map(plan(root, request), (found): Stream.Stream<Uint8Array, ReadFailure> => {
      const statements = found.statements(found.time, request.limit)
      if (format === "parquet") return TemporaryFile.written((path) => copy(duck, request, found, statements, path))
      if (format === "arrow") return Arrow.encode(found.columns, batches(duck, request, statements))
      return text(texts[format], found.columns, (line) =>
        batches(
          duck,
          request,
          statements.map((sql) => `select ${line} as line from (${sql})`)
        )
      )
    })
  )

// -----------------------------------------------------------------------------

const texts = { json: jsonArray, ndjson, csv: csvTable }

const rowsOf = (
  columns: ReadonlyArray<AnswerColumn>,
  values: ReadonlyArray<ReadonlyArray<unknown>>
): Chunk.Chunk<Row> =>
  Chunk.unsafeFromArray(
    Array.from({ length: values[0]?.length ?? 0 }, (_, k) => {
      const row: Record<string, Cell> = {}
      for (const [i, { field }] of columns.entries()) row[field] = cellOf(values[i]?.[k])
      return row
    })
  )

/** The statements select nothing but these. */
const cellOf = (value: unknown): Cell =>
  typeof value === "string" || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? value
    : null

const text = (
  format: TextFormat,
  columns: ReadonlyArray<AnswerColumn>,
  select: (line: string) => Stream.Stream<ReadonlyArray<ReadonlyArray<unknown>>, ReadFailure>
): Stream.Stream<Uint8Array, ReadFailure> =>
  Stream.suspend(() => {
    let begun = false
    const lines = Stream.map(select(format.line(columns)), ([found = []]) => {
      const begin = begun ? format.between : ""
      begun = true
      return begin + found.join(format.between)
    })
    return Stream.make(format.head(columns)).pipe(
      Stream.concat(lines),
      Stream.concat(Stream.sync(() => format.end(begun))),
      Stream.filter((part) => part !== ""),
      Stream.map((part) => Buffer.from(part))
    )
  })

const copy = (
  duck: DuckDb["Type"],
  { limit }: ReadRequest,
  { columns }: Plan,
  statements: ReadonlyArray<string>,
  path: string
) =>
  Effect.gen(function* () {
    const session = yield* duck.session("work")
    const names = columns.map(({ name }, k) => `a${k} as ${identifier(name)}`).join(", ")
    const all = statements.map((sql) => `(${sql})`).join(" union all ")
    return yield* session.run(
      `copy (select ${names} from (${all})${limit === undefined ? "" : ` limit ${limit}`}) to ${literal(path)}
        (format parquet, compression snappy)`
    )
  }).pipe(Effect.scoped)
