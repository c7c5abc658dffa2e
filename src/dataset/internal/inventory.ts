/** The files of all series, folded into one row each. */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { StorageFailed } from "../../domain/Refusal.js"
import { type Series, spanLabel } from "../../domain/Series.js"
import type { InventoryRow } from "../Dataset.js"
import type { Session } from "../DuckDb.js"
import { type FactCache, FileFacts } from "./fileFacts.js"
import * as Footer from "./footer.js"
import { ordinal } from "./period.js"
import { isWhole, ofFile, realRows } from "./runs.js"
import { type FoundFile, walk } from "./seriesFiles.js"

/** `session` is asked for only where times of rows have to be read. */
export const take = Effect.fnUntraced(function* (
  root: string,
  cache: FactCache,
  session: Effect.Effect<Session, StorageFailed, Scope.Scope>,
  holes: boolean
): Effect.fn.Return<ReadonlyArray<InventoryRow>, StorageFailed> {
  const found = yield* walk(root)
  const unknown = found.filter((file) => {
    const facts = cache.get(file)
    return (
      facts === undefined ||
      (holes && facts.runs === null && facts.unreadable === null && file.series.span !== undefined)
    )
  })
  const refused = new Map<string, FileFacts>()
  yield* Effect.scoped(
    Effect.flatMap(Effect.cached(session), (once) =>
      Effect.forEach(
        unknown,
        (file) =>
          examine(file, once, holes).pipe(
            Effect.map((facts) => cache.set(file, facts)),
            // The disk's own trouble may be over the next time.
            Effect.catchAll(({ reason }) => Effect.sync(() => refused.set(file.path, unreadable(reason))))
          ),
        { concurrency: 16, discard: true }
      )
    )
  ).pipe(Effect.ensuring(cache.keep(found)))
  const factsOf = (file: FoundFile) => refused.get(file.path) ?? cache.get(file)

  const bySeries = new Map<string, Array<FoundFile>>()
  for (const file of found) {
    const files = bySeries.get(file.series.key)
    if (files === undefined) bySeries.set(file.series.key, [file])
    else files.push(file)
  }
  return [...bySeries.values()].flatMap((files) => rowOf(files, factsOf) ?? []).sort(byName)
})

// -----------------------------------------------------------------------------

const unreadable = (reason: string): FileFacts =>
  FileFacts.make({ rows: 0, first: null, last: null, runs: null, unreadable: reason })

/** A file that can't be read is said to be so, and the others go on. */
const examine = (
  file: FoundFile,
  session: Effect.Effect<Session, StorageFailed, Scope.Scope>,
  holes: boolean
): Effect.Effect<FileFacts, StorageFailed, Scope.Scope> =>
  Effect.gen(function* () {
    if (file.period === undefined) return unreadable("the name is no year, month or day")
    const scope = yield* Effect.scope
    const { span } = file.series
    const footer = yield* Footer.read(file.path)
    const { first, last } = footer.time
    const facts = { rows: realRows(footer), first: first ?? null, last: last ?? null, unreadable: null }
    if (span === undefined || !holes || isWhole(footer, span)) {
      return FileFacts.make({ ...facts, runs: span === undefined || isWhole(footer, span) ? 1 : null })
    }
    const runs = yield* ofFile(Scope.extend(session, scope), file.path, footer, span)
    return FileFacts.make({ ...facts, runs: runs.length })
  }).pipe(Effect.catchTag("Unreadable", ({ reason }) => Effect.succeed(unreadable(reason))))

const rowOf = (
  files: ReadonlyArray<FoundFile>,
  factsOf: (file: FoundFile) => FileFacts | undefined
): InventoryRow | undefined => {
  const series = files[0]?.series
  if (series === undefined) return undefined
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
  const all = sorted.flatMap((file) => {
    const facts = factsOf(file)
    return facts === undefined ? [] : [{ file, facts }]
  })
  const filled = all.flatMap(({ facts: { first, last, rows, runs } }) =>
    first === null || last === null ? [] : [{ first, last, rows, runs }]
  )
  const first = filled.reduce<number | null>((least, one) => Math.min(least ?? Infinity, one.first), null)
  const last = filled.reduce<number | null>((most, one) => Math.max(most ?? -Infinity, one.last), null)
  const rows = filled.reduce((sum, one) => sum + one.rows, 0)
  const span = series.span === undefined ? undefined : series.span * 1_000
  return {
    series,
    first,
    last,
    rows,
    bytes: files.reduce((sum, { state }) => sum + state.size, 0),
    files: files.length,
    gaps: gapsOf(files),
    holes: span === undefined ? null : holesOf(filled, span),
    missingRows:
      span === undefined || first === null || last === null
        ? null
        : Math.max(0, Math.round((last - first) / span) + 1 - rows),
    unreadable: all.flatMap(({ facts, file }) =>
      facts.unreadable === null ? [] : [{ path: file.path, reason: facts.unreadable }]
    )
  }
}

/** Periods without a file between the first and the last one. */
const gapsOf = (files: ReadonlyArray<FoundFile>): number => {
  const kind = files.find(({ period }) => period !== undefined)?.period?.kind
  const ordinals = files.flatMap(({ period }) =>
    period === undefined || period.kind !== kind ? [] : [ordinal(period)]
  )
  if (ordinals.length === 0) return 0
  return Math.max(...ordinals) - Math.min(...ordinals) + 1 - new Set(ordinals).size
}

/** Holes inside of files and between one file and the next. */
const holesOf = (
  files: ReadonlyArray<{ readonly first: number; readonly last: number; readonly runs: number | null }>,
  span: number
): number | null => {
  let count = 0
  for (const [k, { first, runs }] of files.entries()) {
    if (runs === null) return null
    const before = files[k - 1]
    count += runs - 1 + (before !== undefined && first - before.last > span ? 1 : 0)
  }
  return count
}

/** By exchange, type, pair as in the path, label of the span. */
const byName = (a: InventoryRow, b: InventoryRow): number => {
  const names = ({ source, type, pair, span }: Series) => [
    source,
    type,
    pair,
    span === undefined ? "" : spanLabel(span)
  ]
  const [left, right] = [names(a.series), names(b.series)]
  for (const [k, name] of left.entries()) {
    const other = right[k] ?? ""
    if (name !== other) return name < other ? -1 : 1
  }
  return 0
}
