/**
 * New rows into one period file. The result is written beside it, synced, checked and renamed over it; a file that holds the
 * new rows already is left alone. A file that turns out to be unreadable is set aside, and the new rows make a file of their
 * own; where the disk, memory or an interruption is to blame instead, the file stays and the merge fails.
 */
import * as Effect from "effect/Effect"
import { dirname } from "node:path"
import { StorageFailed } from "../../domain/Refusal.js"
import type { RowLayout } from "../../domain/RowLayout.js"
import type { Series } from "../../domain/Series.js"
import { version } from "../../domain/Version.js"
import type { MergeOptions, SetAside } from "../Dataset.js"
import type { Session } from "../DuckDb.js"
import { merged, type MergedForm } from "./columns.js"
import * as FillSql from "./fillSql.js"
import * as Footer from "./footer.js"
import { isContent } from "./loading.js"
import { copy, scan, statements } from "./mergeSql.js"
import { fieldsOf } from "./partFile.js"
import { attempt, type DatasetDisk, replace, setAside } from "./publish.js"

export interface MergedFile {
  readonly written: boolean
  readonly added: number
  readonly dropped: number
  readonly setAside: ReadonlyArray<SetAside>
}

export interface Target {
  readonly series: Series
  readonly layout: RowLayout
  readonly fill: MergeOptions["fill"]
  /** Of the rows of `incoming` that are meant. */
  readonly period: string
  readonly path: string
}

/** Where the next content of a file is written. */
export const besideOf = (path: string, period: string): string => `${dirname(path)}/.${period}.parquet.new`

/** What a merge that was cut off left. */
export const isLeftover = (name: string): boolean => /^\..*\.parquet\.new$/.test(name)

export const mergeFile = (
  session: Session,
  disk: DatasetDisk,
  target: Target
): Effect.Effect<MergedFile, StorageFailed> =>
  Effect.gen(function* () {
    const { path } = target
    if (disk.status(path) === undefined) return yield* write(session, disk, target, undefined)
    return yield* Footer.read(path, target.layout.time.name).pipe(
      Effect.flatMap((footer) =>
        write(session, disk, target, footer).pipe(Effect.catchAll((failure) => blame(session, path, footer, failure)))
      ),
      Effect.catchTag("Unreadable", ({ reason }) =>
        Effect.gen(function* () {
          const movedTo = yield* setAside(disk, path)
          yield* Effect.logWarning(`${path} can't be read (${reason}): set aside as ${movedTo}`)
          const fresh = yield* write(session, disk, target, undefined)
          return { ...fresh, setAside: [{ path, movedTo, reason }] }
        })
      )
    )
  })

// -----------------------------------------------------------------------------

const write = Effect.fnUntraced(function* (
  session: Session,
  disk: DatasetDisk,
  target: Target,
  footer: Footer.Footer | undefined
): Effect.fn.Return<MergedFile, StorageFailed> {
  const { fill, layout, path, period, series } = target
  const form = yield* withoutEmpty(session, target, merged(series.type, layout, footer))
  const step = fill === undefined || form.time.type !== "int64" ? undefined : stepOf(series, form)
  const sql = statements(layout, form, period, footer === undefined ? undefined : { path, footer })
  yield* session.run(sql.fresh)
  if (footer !== undefined && (footer.provenance?.filled !== undefined) === (step !== undefined)) {
    const [found] = yield* session.rows(sql.changes)
    if (Number(found?.["changes"]) === 0) return { written: false, added: 0, dropped: 0, setAside: [] }
  }
  const [before] = footer === undefined ? [] : yield* session.rows(sql.count)
  const kept = Number(before?.["kept"] ?? 0)

  let { result } = sql
  let filled: number | undefined
  if (step !== undefined) {
    yield* session.run(FillSql.tables(result, step))
    const [missing] = yield* session.rows("select count(*) as count from missing")
    filled = Number(missing?.["count"])
    result = FillSql.rows(form)
  }
  const provenance = Footer.Provenance.make({
    writer: "outpost",
    version,
    time: { column: form.time.column, unit: form.time.unit },
    ...(filled === undefined ? {} : { filled })
  })
  const beside = besideOf(path, period)
  const remove = Effect.ignore(attempt("remove", beside, () => disk.remove(beside)))
  const count = yield* attempt("create", path, () => disk.makeDirectory(dirname(path))).pipe(
    Effect.zipRight(remove),
    Effect.zipRight(session.run(copy(form, result, beside, Footer.provenanceText(provenance), filled !== undefined))),
    Effect.tap((count) => check(beside, count)),
    Effect.tap(() => replace(disk, beside, path)),
    Effect.onError(() => remove)
  )
  return {
    written: true,
    added: Math.max(0, count - (filled ?? 0) - kept),
    dropped: Number(before?.["untimed"] ?? 0),
    setAside: []
  }
})

/** The span in the unit of the file; undefined where it is not a whole number. */
const stepOf = ({ span, type }: Series, { time }: MergedForm): number | undefined =>
  span === undefined || type !== "ohlc" ? undefined : span * { s: 1, ms: 1e3, us: 1e6, ns: 1e9 }[time.unit]

/** Without the columns that the file does not have and new rows have nothing for. */
const withoutEmpty = Effect.fnUntraced(function* (session: Session, { layout }: Target, form: MergedForm) {
  const fields = fieldsOf(layout).map(({ field }) => field)
  const optional = form.columns.filter((column) => column.optional === true)
  if (optional.length === 0) return form
  const counts = optional.map(({ field = "" }, i) => `count(f${fields.indexOf(field)}) as o${i}`)
  const [found] = yield* session.rows(`select ${counts.join(", ")} from incoming`)
  const empty = new Set(optional.filter((_, i) => Number(found?.[`o${i}`]) === 0))
  return { ...form, columns: form.columns.filter((column) => !empty.has(column)) }
})

/** What was written is read back as far as its end, before it replaces anything. */
const check = (path: string, rows: number): Effect.Effect<void, StorageFailed> =>
  Footer.read(path).pipe(
    Effect.catchTag("Unreadable", ({ reason }) => new StorageFailed({ operation: "write", path, reason })),
    Effect.filterOrFail(
      (footer) => footer.rows === rows,
      (footer) => new StorageFailed({ operation: "write", path, reason: `${footer.rows} of ${rows} rows arrived` })
    )
  )

/** After a failed merge: is it the file that can't be read? */
const blame = (
  session: Session,
  path: string,
  footer: Footer.Footer,
  failure: StorageFailed
): Effect.Effect<never, StorageFailed | Footer.Unreadable> =>
  footer.rows === 0 || !isContent(failure.reason)
    ? Effect.fail(failure)
    : session.rows(`select bit_xor(hash(e)) as hash from ${scan(path)} e`).pipe(
        Effect.matchEffect({
          onSuccess: () => Effect.fail(failure),
          onFailure: ({ reason }) => Effect.fail(isContent(reason) ? new Footer.Unreadable({ reason }) : failure)
        })
      )
