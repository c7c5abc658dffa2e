/**
 * The part files of all series below one directory. Numbers go on where an earlier life stopped; what it was writing when it
 * ended is removed when the series is first touched.
 *
 * Concurrency: the first touch of a series happens once (`starting`); after that, numbering is one synchronous step, and
 * parts are written side by side.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { StorageFailed } from "../../domain/Refusal.js"
import type { Row, RowLayout } from "../../domain/RowLayout.js"
import type { Series } from "../../domain/Series.js"
import type { TimeRange } from "../../domain/TimeRange.js"
import { type Part, UnfitRow } from "../Dataset.js"
import { DirectorySync } from "./directorySync.js"
import * as PartFile from "./partFile.js"
import { attempt, create, type DatasetDisk, namesIn, sweep } from "./publish.js"

export interface Parts {
  readonly write: (
    series: Series,
    layout: RowLayout,
    window: TimeRange,
    rows: ReadonlyArray<Row>
  ) => Effect.Effect<Part, StorageFailed | UnfitRow>
  readonly pending: (series: Series) => Effect.Effect<ReadonlyArray<Part>, StorageFailed>
  /** Gone, or to be found again after a power cut; either is right for a part that was merged. */
  readonly remove: (parts: ReadonlyArray<Part>) => Effect.Effect<void, StorageFailed>
}

export const make = (disk: DatasetDisk, root: string): Effect.Effect<Parts> =>
  Effect.gen(function* () {
    const starting = yield* Effect.makeSemaphore(1)
    const last = new Map<string, number>()
    const directories = new DirectorySync(disk)
    const directoryOf = (series: Series) => `${root}/${series.key}`

    const list = (series: Series): Effect.Effect<ReadonlyArray<Part>, StorageFailed> =>
      Effect.map(namesIn(directoryOf(series)), (names) =>
        names.flatMap((name) => PartFile.parse(directoryOf(series), name) ?? []).sort((a, b) => a.sequence - b.sequence)
      )

    const start = (series: Series): Effect.Effect<void, StorageFailed> =>
      Effect.suspend(() =>
        last.has(series.key)
          ? Effect.void
          : Effect.gen(function* () {
              yield* sweep(disk, directoryOf(series), PartFile.isLeftover)
              last.set(series.key, (yield* list(series)).at(-1)?.sequence ?? 0)
            })
      ).pipe(starting.withPermits(1))

    return {
      write: (series, layout, window, rows) =>
        Effect.gen(function* () {
          const text = PartFile.encode(layout, rows)
          if (Either.isLeft(text)) return yield* new UnfitRow({ series: series.key, ...text.left })
          if (!last.has(series.key)) yield* start(series)
          const sequence = (last.get(series.key) ?? 0) + 1
          last.set(series.key, sequence)
          const path = `${directoryOf(series)}/${PartFile.nameOf(window, sequence, rows.length)}`
          yield* attempt("write", path, async () => {
            if (disk.status(directoryOf(series)) === undefined) await disk.makeDirectory(directoryOf(series))
            await create(disk, directories, `${path}.new`, path, text.right)
          }).pipe(
            Effect.onError(() => Effect.ignore(attempt("remove", path, () => disk.remove(`${path}.new`)))),
            Effect.uninterruptible
          )
          return { path, window, sequence, rows: rows.length }
        }),
      pending: (series) => Effect.zipRight(start(series), list(series)),
      remove: (parts) =>
        Effect.forEach(
          parts.filter(({ path }) => disk.status(path) !== undefined),
          ({ path }) => attempt("remove", path, () => disk.remove(path)),
          { concurrency: 4, discard: true }
        )
    }
  })
