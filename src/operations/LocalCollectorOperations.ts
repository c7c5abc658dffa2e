/** The verbs of the collector in this process. What an operator did is recorded in the system stream. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { LiveCollectors } from "../backfill/live/LiveCollectors.js"
import { CollectorHealth } from "../backfill/health/CollectorHealth.js"
import { Sync } from "../backfill/sync/Sync.js"
import { Dataset, type InventoryRow, NoSuchSeries } from "../dataset/Dataset.js"
import type { InventoryEntry, ScheduleEntry } from "../domain/Collector.js"
import * as Series from "../domain/Series.js"
import { type ScheduleState, Schedules } from "../schedule/Schedules.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { CollectorOperations } from "./CollectorOperations.js"

export const layer: Layer.Layer<
  CollectorOperations,
  never,
  Schedules | Dataset | LiveCollectors | Sync | CollectorHealth | TelemetryStore
> = Layer.effect(
  CollectorOperations,
  Effect.gen(function* () {
    const schedules = yield* Schedules
    const dataset = yield* Dataset
    const live = yield* LiveCollectors
    const health = yield* CollectorHealth
    const sync = yield* Sync
    const store = yield* TelemetryStore
    const audited = (action: string, facts: object = {}) =>
      Effect.ignore(store.postSystem("operator", { action, ...facts }))
    return CollectorOperations.of({
      scheduler: Effect.zipWith(schedules.running, schedules.list, (running, jobs) => ({
        running,
        jobs: jobs.map((job) => scheduleEntry(job, running))
      })),
      setScheduler: (running) =>
        Effect.tap(schedules.setRunning(running), audited(running ? "scheduler.start" : "scheduler.stop")),
      setSchedulePaused: (id, paused) =>
        Effect.tap(
          schedules.setPaused(id, paused),
          audited(paused ? "schedule.pause" : "schedule.resume", { schedule: id })
        ),
      streams: live.list,
      startStream: (stream) => Effect.tap(live.start(stream), (key) => audited("stream.start", { stream: key })),
      stopStream: (stream) => Effect.tap(live.stop(stream), ({ key }) => audited("stream.stop", { stream: key })),
      inventory: (options) => Effect.map(dataset.inventory(options), (rows) => rows.map(inventoryEntry)),
      data: Effect.fnUntraced(function* ({ columns, end, format, limit, order, series, start }) {
        const found = Series.ofKey(series)
        if (found === undefined) return yield* new NoSuchSeries({ series })
        const bounded = start !== undefined || end !== undefined
        const range = { start: start ?? Number.MIN_SAFE_INTEGER, end: end ?? Number.MAX_SAFE_INTEGER }
        const request = {
          series: found,
          ...(bounded ? { range } : {}),
          ...(limit === undefined ? {} : { limit }),
          ...(columns === undefined ? {} : { columns }),
          ...(order === undefined ? {} : { order })
        }
        // What can't be read at all fails before anything is answered.
        yield* Stream.runDrain(dataset.encode("json", { ...request, limit: 1 }))
        return dataset.encode(format, request)
      }),
      metrics: health.metrics,
      storage: sync.status,
      sync: Effect.tap(sync.sync, audited("storage.sync"))
    })
  })
)

// -----------------------------------------------------------------------------

const seconds = (millis: number | undefined): number | null => (millis === undefined ? null : millis / 1000)

const scheduleEntry = (state: ScheduleState, running: boolean): ScheduleEntry => ({
  id: state.id,
  name: state.name,
  section: state.section,
  next_run: running && !state.paused ? seconds(state.nextRun) : null,
  last_run: seconds(state.lastRun),
  trigger: state.trigger,
  paused: state.paused,
  running: state.running
})

const day = (millis: number | null): string | null =>
  millis === null ? null : new Date(millis).toISOString().slice(0, 10)

const inventoryEntry = (row: InventoryRow): InventoryEntry => ({
  exchange: row.series.source,
  pair: Series.pairOfPath(row.series.pair),
  type: row.series.type,
  span: row.series.span === undefined ? "-" : Series.spanLabel(row.series.span),
  first: day(row.first),
  last: day(row.last),
  rows: row.rows,
  gaps: row.gaps,
  series: row.series.key,
  first_ts: row.first,
  last_ts: row.last,
  files: row.files,
  bytes: row.bytes,
  holes: row.holes,
  missing_rows: row.missingRows,
  unreadable: row.unreadable
})
