/**
 * Parts into period files, one merge of a series at a time. The order is what makes it safe to be cut off anywhere: every
 * file that the parts touch is durable before the first part is removed.
 */
import * as Effect from "effect/Effect"
import * as RcMap from "effect/RcMap"
import type * as Scope from "effect/Scope"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { RowLayout } from "../../domain/RowLayout.js"
import type { Series } from "../../domain/Series.js"
import type { MergeOptions, MergeResult, Part } from "../Dataset.js"
import type { DuckDb } from "../DuckDb.js"
import { load } from "./loading.js"
import { isLeftover, mergeFile } from "./mergeFile.js"
import type { Parts } from "./parts.js"
import { type DatasetDisk, sweep } from "./publish.js"

export type Merge = (
  series: Series,
  layout: RowLayout,
  parts: ReadonlyArray<Part>,
  options?: MergeOptions
) => Effect.Effect<MergeResult, StorageFailed>

export const make = (
  duck: DuckDb["Type"],
  disk: DatasetDisk,
  root: string,
  files: Parts
): Effect.Effect<Merge, never, Scope.Scope> =>
  Effect.map(
    RcMap.make({ lookup: () => Effect.makeSemaphore(1) }),
    (locks) => (series, layout, parts, options) =>
      Effect.gen(function* () {
        const lock = yield* RcMap.get(locks, series.key)
        return yield* lock.withPermits(1)(mergeParts(duck, disk, root, files)(series, layout, parts, options))
      }).pipe(
        Effect.scoped,
        Effect.withSpan("Dataset.merge", { attributes: { series: series.key, parts: parts.length } })
      )
  )

// -----------------------------------------------------------------------------

const mergeParts = (duck: DuckDb["Type"], disk: DatasetDisk, root: string, files: Parts): Merge =>
  Effect.fnUntraced(function* (series, layout, parts, options) {
    const directory = `${root}/${series.key}`
    yield* sweep(disk, directory, isLeftover)
    if (parts.length === 0) return { written: [], unchanged: 0, added: 0, dropped: 0, setAside: [] }
    const session = yield* duck.session("work")
    const incoming = yield* load(session, disk, layout, parts)
    if (incoming.dropped > 0) {
      yield* Effect.logWarning(`${series.key}: ${incoming.dropped} rows without a time are not stored`)
    }
    const merged = yield* Effect.forEach(incoming.periods, (period) =>
      Effect.map(
        mergeFile(session, disk, {
          series,
          layout,
          fill: options?.fill,
          period,
          path: `${directory}/${period}.parquet`
        }),
        (file) => ({ ...file, path: `${directory}/${period}.parquet` })
      )
    )
    yield* files.remove(parts)
    const written = merged.filter((file) => file.written)
    const sum = (of: "added" | "dropped") => merged.reduce((total, file) => total + file[of], 0)
    return {
      written: written.map(({ path }) => path),
      unchanged: merged.length - written.length,
      added: sum("added"),
      dropped: incoming.dropped + sum("dropped"),
      setAside: [...incoming.setAside, ...merged.flatMap((file) => file.setAside)]
    }
  }, Effect.scoped)
