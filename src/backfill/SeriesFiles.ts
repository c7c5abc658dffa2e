/**
 * What the files of a series say against its ledger: files that the ledger knows nothing of (collected by another program, or
 * before a live stream began) count as fetched, and what was in files that are gone counts as not fetched. Files that
 * retention removed are not gone: every remote holds them.
 *
 * A look costs the listing of one directory. A file is read once: from then on the ledger knows its time.
 */
import * as Effect from "effect/Effect"
import type { Dataset } from "../dataset/Dataset.js"
import { type PeriodFile, rangeOf } from "../dataset/PeriodFile.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { RowLayout } from "../domain/RowLayout.js"
import type { Series } from "../domain/Series.js"
import * as TimeRange from "../domain/TimeRange.js"
import type { ChunkBook, Coverage } from "./ChunkBook.js"
import { SyncStore } from "./sync/SyncStore.js"

export interface Held {
  readonly series: Series
  readonly layout: RowLayout
  readonly book: ChunkBook
  readonly dataset: Dataset["Type"]
}

/** Both are new: nothing of them stands in the ledger yet. */
export interface Findings {
  readonly found: TimeRange.TimeRanges
  /** Periods of files that are gone. */
  readonly lost: TimeRange.TimeRanges
}

/** Writes nothing. */
export const look = Effect.fnUntraced(function* ({ book, dataset, layout, series }: Held) {
  const files = yield* dataset.files(series)
  const coverage = yield* book.coverage
  const strange = strangers(files, coverage, series.span !== undefined)
  const found = strange.length === 0 ? [] : yield* dataset.covered(series, layout, strange)
  const gone = missing(yield* book.files, files)
  const lost = gone.length === 0 ? [] : TimeRange.intersect(yield* notPurged(series, gone), coverage.fetched)
  return { found, lost } satisfies Findings
})

/** What is known once the findings are taken in. */
export const known = ({ empty, failed, fetched }: Coverage, { found, lost }: Findings): Coverage => ({
  fetched: TimeRange.union(TimeRange.subtract(fetched, lost), found),
  empty,
  failed
})

/** Brings the ledger in line with the files; durable once it returns. */
export const settle = (
  held: Held,
  say: (line: string) => Effect.Effect<void>
): Effect.Effect<void, StorageFailed, SyncStore> =>
  Effect.gen(function* () {
    const { found, lost } = yield* look(held)
    if (lost.length > 0) {
      yield* held.book.forget(lost, "the file that held it is gone")
      yield* say("files are gone: what they held is fetched again")
    }
    if (found.length > 0) {
      yield* held.book.noteCovered(found, "files")
      yield* say(`found ${found.length} ranges in files from before`)
    }
  })

// -----------------------------------------------------------------------------

/**
 * Files of which the ledger knows nothing. Rows at fixed distances show each hole between them; a file of others may have
 * holes that it does not show, so that only those count that are older than everything the ledger knows.
 */
const strangers = (
  files: ReadonlyArray<PeriodFile>,
  { empty, failed, fetched }: Coverage,
  showsHoles: boolean
): ReadonlyArray<PeriodFile> => {
  const told = TimeRange.union(fetched, empty, failed)
  const first = told[0]?.start ?? Number.POSITIVE_INFINITY
  return files.filter(({ range }) =>
    showsHoles ? TimeRange.intersect([range], told).length === 0 : range.end <= first
  )
}

/** Names of files that windows are said to be in, and that are not there. A site may have moved: directories don't count. */
const missing = (said: ReadonlySet<string>, there: ReadonlyArray<PeriodFile>): ReadonlyArray<string> => {
  const names = new Set(there.map(({ name }) => name))
  return Array.from(said, (path) => path.slice(path.lastIndexOf("/") + 1)).filter(
    (name) => name !== "" && !names.has(name)
  )
}

const notPurged = (series: Series, names: ReadonlyArray<string>) =>
  Effect.map(
    Effect.flatMap(SyncStore, (store) => store.purged),
    (files) => {
      const purged = new Set(files.map(({ path }) => path))
      return names.filter((name) => !purged.has(`${series.key}/${name}`)).flatMap((name) => rangeOf(name) ?? [])
    }
  )
