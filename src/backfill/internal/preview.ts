/**
 * What a start would do for a series, as it is told.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { PlannedSeries as PlannedView, StartBackfill } from "../../domain/Backfill.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import * as TimeRange from "../../domain/TimeRange.js"
import type { ImpossibleSeries, PlannedSeries } from "../SeriesPlan.js"
import * as SeriesWork from "../SeriesWork.js"

/** Of one that can't be run. */
export const hopeless = ({ job, pair, reason }: ImpossibleSeries): PlannedView => ({
  series: `${job.source}/${job.type}/${pair}`,
  source: job.source,
  pair,
  windows: 0,
  failed: 0,
  missing: 0,
  first: null,
  last: null,
  seconds: null,
  error: reason
})

/** Of one that can: what is missing of it now. */
export const preview = (
  planned: PlannedSeries,
  request: StartBackfill
): Effect.Effect<PlannedView, StorageFailed, SeriesWork.Needs> =>
  Effect.map(
    SeriesWork.preview(planned, {
      retryFailed: request.retry_failed === true,
      collect: request.collect === true
    }),
    ({ failed, missing, windows }): PlannedView => {
      const { rate } = planned.history.capabilities
      return {
        series: planned.series.key,
        source: planned.job.source,
        pair: planned.pair,
        windows: Math.min(windows, request.limit ?? windows),
        failed,
        missing: TimeRange.total(missing),
        first: missing[0]?.start ?? null,
        last: missing[missing.length - 1]?.end ?? null,
        seconds: rate === undefined ? null : windows / rate.perSecond
      }
    }
  )
