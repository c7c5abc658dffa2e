/**
 * The dataset over DuckDB: Parquet files below a root, part files beside the site's own. DuckDB is loaded by the first merge
 * or read; the inventory of files that have statistics does without.
 *
 * Concurrency: one merge of a series at a time, as many of different series as DuckDB has places; a reader keeps the file it
 * began with, also while a merge replaces it.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { basename } from "node:path"
import type { StorageFailed } from "../domain/Refusal.js"
import type { RowLayout } from "../domain/RowLayout.js"
import type { Series } from "../domain/Series.js"
import { type TimeRanges, union } from "../domain/TimeRange.js"
import { Dataset } from "./Dataset.js"
import { DuckDb } from "./DuckDb.js"
import * as Encoding from "./internal/encoding.js"
import * as FileFacts from "./internal/fileFacts.js"
import * as Inventory from "./internal/inventory.js"
import * as Merging from "./internal/merging.js"
import * as Parts from "./internal/parts.js"
import { type DatasetDisk, realDisk } from "./internal/publish.js"
import * as Runs from "./internal/runs.js"
import { filesOf } from "./internal/seriesFiles.js"
import type { PeriodFile } from "./PeriodFile.js"

export interface ParquetDatasetOptions {
  /** Where the period files stand: absolute, in the site or elsewhere. Made by the first merge. */
  readonly root: string
  /** A directory for part files: on a disk that outlives a power cut. */
  readonly parts: string
  /** The file in which the inventory keeps what it learned from footers. */
  readonly inventory: string
  readonly disk?: DatasetDisk
}

export const make = (options: ParquetDatasetOptions): Effect.Effect<Dataset["Type"], never, DuckDb | Scope.Scope> =>
  Effect.gen(function* () {
    const { disk = realDisk, root } = options
    const duck = yield* DuckDb
    const parts = yield* Parts.make(disk, options.parts)
    const merge = yield* Merging.make(duck, disk, root, parts)
    const facts = yield* FileFacts.make(options.inventory)
    const taking = yield* Effect.makeSemaphore(1)

    const covered = (
      series: Series,
      layout: RowLayout,
      files?: ReadonlyArray<PeriodFile>
    ): Effect.Effect<TimeRanges, StorageFailed> =>
      Effect.gen(function* () {
        const session = yield* Effect.cached(Scope.extend(duck.session("work"), yield* Effect.scope))
        const ranges = yield* Effect.forEach(files ?? (yield* filesOf(root, series)), ({ path }) =>
          Effect.flatMap(Runs.readable(path, layout.time.name), (footer) =>
            footer._tag === "None" ? Effect.succeed([]) : Runs.ofFile(session, path, footer.value, series.span)
          )
        )
        return union(...ranges)
      }).pipe(Effect.scoped, Effect.withSpan("Dataset.covered", { attributes: { series: series.key } }))

    return Dataset.of({
      writePart: parts.write,
      pendingParts: parts.pending,
      merge,
      files: (series) =>
        Effect.map(filesOf(root, series), (files) =>
          files.map(({ path, period }) => ({ path, name: basename(path), range: period.range }))
        ),
      covered,
      holes: (series, layout) =>
        series.span === undefined ? Effect.succeed([]) : Effect.map(covered(series, layout), Runs.between),
      inventory: ({ holes = false } = {}) =>
        Inventory.take(root, facts, duck.session("work"), holes).pipe(
          taking.withPermits(1),
          Effect.withSpan("Dataset.inventory")
        ),
      read: (request) => Encoding.rows(duck, root, request),
      encode: (format, request) => Encoding.encode(duck, root, format, request)
    })
  })

export const layerWith = (options: ParquetDatasetOptions): Layer.Layer<Dataset, never, DuckDb> =>
  Layer.scoped(Dataset, make(options))
