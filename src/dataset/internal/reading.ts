/**
 * Reading a series back. Files are read one after the other in order of time, each sorted by itself, as far as rows are
 * asked for; a file outside of the range is not opened. Files may differ in unit, names and columns: the answer has one form.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { StorageFailed } from "../../domain/Refusal.js"
import type { Column } from "../../domain/RowLayout.js"
import { NoSuchColumn, NoSuchSeries, type ReadFailure, type ReadRequest } from "../Dataset.js"
import { type DuckDb, identifier, type Session } from "../DuckDb.js"
import { fieldsOf, filledColumn, ownColumns } from "./columns.js"
import * as Footer from "./footer.js"
import { sqlTypes } from "./loading.js"
import { scan, timeOf } from "./mergeSql.js"
import { filesOf } from "./seriesFiles.js"
import { atMillis, fromNanos, isSame, isTime, sqlType, type TimeForm, toNanos } from "./timeForm.js"

export interface AnswerTime extends TimeForm {
  readonly name: string
  readonly field: string
}

export interface AnswerColumn extends Column {
  readonly isTime: boolean
}

/** What the answer looks like, and the statement for each file, in their order. */
export interface Plan {
  readonly time: AnswerTime
  readonly columns: ReadonlyArray<AnswerColumn>
  /** Selects the columns of the answer by their positions, `a0`, `a1`, ..., in order of time. */
  readonly statements: (form: TimeForm, limit: number | undefined) => ReadonlyArray<string>
}

interface OpenFile {
  readonly path: string
  readonly footer: Footer.Footer
}

export const plan = Effect.fnUntraced(function* (
  root: string,
  request: ReadRequest
): Effect.fn.Return<Plan, ReadFailure> {
  const { layout, range, series } = request
  const all = yield* filesOf(root, series)
  const newest = all.at(-1)
  if (newest === undefined) return yield* new NoSuchSeries({ series: series.key })
  const wanted = all.filter(({ period }) => range === undefined || overlaps(period.range, range))
  const open = (file: { readonly path: string }): Effect.Effect<OpenFile, StorageFailed> =>
    Footer.read(file.path, layout?.time.name).pipe(
      Effect.map((footer) => ({ path: file.path, footer })),
      Effect.catchTag("Unreadable", ({ reason }) => new StorageFailed({ operation: "read", path: file.path, reason }))
    )
  const files = yield* Effect.forEach(wanted, open, { concurrency: 8 })
  const model = files.at(-1) ?? (yield* open(newest))

  const { column, type, unit } = model.footer.time
  const time = layout?.time ?? { name: column, field: column, type, unit }
  const fields = columnsOf(request, [model, ...files].reverse())
  const known: ReadonlyArray<AnswerColumn> = [
    { name: time.name, field: time.field, type: time.type, isTime: true },
    ...fields.map((one) => ({ ...one, isTime: false }))
  ]
  const names = request.columns ?? []
  const columns = yield* Effect.forEach(names.length === 0 ? known.map(({ name }) => name) : names, (name) => {
    const found = known.find((one) => one.name === name)
    return found === undefined
      ? new NoSuchColumn({ series: series.key, column: name, columns: known.map((one) => one.name) })
      : Effect.succeed(found)
  })
  const ordered = request.order === "descending" ? [...files].reverse() : files
  return {
    time,
    columns,
    statements: (form, limit) =>
      ordered.length === 0
        ? [select(request, columns, form, model, 0)]
        : ordered.map((file) => select(request, columns, form, file, limit))
  }
})

/** Rows of the answer in batches of columns, at most `limit` of the request. */
export const batches = (
  duck: DuckDb["Type"],
  request: ReadRequest,
  statements: ReadonlyArray<string>
): Stream.Stream<ReadonlyArray<ReadonlyArray<unknown>>, StorageFailed> =>
  Stream.unwrapScoped(
    Effect.map(duck.session("read"), (session: Session) => {
      const rows = Stream.flatMap(Stream.fromIterable(statements), session.columns)
      return request.limit === undefined ? rows : first(rows, request.limit)
    })
  )

// -----------------------------------------------------------------------------

const overlaps = (a: { readonly start: number; readonly end: number }, b: typeof a): boolean =>
  a.start < b.end && b.start < a.end

/** Columns without the time: those of the layout, or of the newest file, and whatever else is in older ones. */
const columnsOf = ({ layout, series }: ReadRequest, files: ReadonlyArray<OpenFile>): ReadonlyArray<Column> => {
  const columns = new Map<string, Column>(layout?.columns.map((column) => [column.field, column]))
  for (const { footer } of files) {
    const fields = fieldsOf(ownColumns(footer), series.type, layout)
    for (const { name, type } of ownColumns(footer)) {
      const field = fields.get(name) ?? name
      const found = columns.get(field)
      const shown = type === "other" ? "text" : type
      if (found === undefined) columns.set(field, { name, field, type: shown })
      else if (found.type !== shown) columns.set(field, { ...found, type: widened(found.type, shown) })
    }
  }
  if (files.some(({ footer }) => footer.provenance?.filled !== undefined)) {
    columns.set(filledColumn, { name: filledColumn, field: filledColumn, type: "boolean" })
  }
  return [...columns.values()]
}

const widened = (a: Column["type"], b: Column["type"]): Column["type"] =>
  [a, b].every((type) => type === "int64" || type === "double") ? "double" : "text"

const select = (
  { layout, order, range, series }: ReadRequest,
  columns: ReadonlyArray<AnswerColumn>,
  form: TimeForm,
  { footer, path }: OpenFile,
  limit: number | undefined
): string => {
  const own = ownColumns(footer)
  const holders = new Map([...fieldsOf(own, series.type, layout)].map(([name, field]) => [field, name]))
  if (footer.provenance?.filled !== undefined) holders.set(filledColumn, filledColumn)
  const time = timeOf(footer.time)
  const answers = columns.map(({ field, isTime, type }, k) => {
    const holder = holders.get(field)
    const value = isTime
      ? isSame(footer.time, form)
        ? `${time}::${sqlType(form)}`
        : fromNanos(form, toNanos(footer.time, time))
      : `${holder === undefined ? "null" : identifier(holder)}::${sqlTypes[type]}`
    return `${value} as a${k}`
  })
  const within =
    range === undefined
      ? ""
      : ` and ${time} >= ${atMillis(footer.time, range.start)} and ${time} < ${atMillis(footer.time, range.end)}`
  const direction = order === "descending" ? " desc" : ""
  return `select ${answers.join(", ")} from ${scan(path)} where ${isTime(footer.time, time)}${within}
    order by ${time}${direction}, file_row_number${limit === undefined ? "" : ` limit ${limit}`}`
}

const first = (
  rows: Stream.Stream<ReadonlyArray<ReadonlyArray<unknown>>, StorageFailed>,
  limit: number
): Stream.Stream<ReadonlyArray<ReadonlyArray<unknown>>, StorageFailed> =>
  rows.pipe(
    Stream.mapAccum(limit, (left, columns) => {
      const rest = left - (columns[0]?.length ?? 0)
      return [rest, { rest, columns: rest >= 0 ? columns : columns.map((column) => column.slice(0, left)) }] as const
    }),
    Stream.takeUntil(({ rest }) => rest <= 0),
    Stream.map(({ columns }) => columns)
  )
