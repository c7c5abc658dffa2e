/** Schedules, one stream job, one series on disk and what remotes a test sets; `RecordingCollector` says what was asked of it. */
import { NoSuchColumn, NoSuchSeries } from "../../src/dataset/Dataset.js"
import {
  type InventoryEntry,
  NoMatchingStream,
  NoRemotes,
  ScheduleNotFound,
  type StorageStatus,
  type StreamEntry,
  type StreamKey,
  UnsupportedStream
} from "../../src/domain/Collector.js"
import { CollectorOperations, type DataRequest } from "../../src/operations/CollectorOperations.js"
import { Context, Effect, Layer, Stream } from "effect"

export class RecordingCollector extends Context.Tag("test/RecordingCollector")<
  RecordingCollector,
  {
    readonly asked: Array<DataRequest>
    remotes: StorageStatus["remotes"]
    syncs: number
    /** Runs before each copy. */
    copying: Effect.Effect<void>
    /** What reading data sends. */
    rows: Stream.Stream<Uint8Array, NoSuchSeries>
  }
>() {}

export const streamJobs = [{ exchange: "binance", pairs: ["BTC/USDT"], channels: ["trades"], time_step: 60 }]

export const inventoryRow: InventoryEntry = {
  exchange: "binance",
  pair: "BTC/USDT",
  type: "ohlc",
  span: "1h",
  first: "2020-01-01",
  last: "2024-12-31",
  rows: 43_000,
  gaps: 0,
  series: "binance/ohlc/BTC-USDT/1h",
  first_ts: 1_577_836_800_000,
  last_ts: 1_735_686_000_000,
  files: 5,
  bytes: 1_000_000,
  holes: 2,
  missing_rows: 848,
  unreadable: [{ path: "binance/ohlc/BTC-USDT/1h/2019.parquet", reason: "no Parquet file" }]
}

const now = 1_780_000_000
const scheduleIds = ["binance_BTC_USDT_3600", "weather/berlin"]

const keyOf = ({ channels, exchange, pair }: StreamKey) =>
  `${exchange}_${pair.replaceAll("/", "_")}_${channels.join("_")}`

const make = Effect.sync(() => {
  const double: Context.Tag.Service<RecordingCollector> = {
    asked: [],
    remotes: [],
    syncs: 0,
    copying: Effect.void,
    rows: Stream.make(Buffer.from('[{"TS":1}'), Buffer.from("]"))
  }
  let schedulerRuns = true
  const pausedSchedules = new Set<string>()
  const running = new Set<string>()

  const entry = (stream: StreamKey): StreamEntry => ({
    key: keyOf(stream),
    ...stream,
    time_step: 60,
    running: running.has(keyOf(stream)),
    state: running.has(keyOf(stream)) ? "connecting" : "stopped",
    since: null,
    last_message_at: null,
    rows: 0,
    reconnects: 0,
    error: null
  })

  const collector = CollectorOperations.of({
    scheduler: Effect.sync(() => ({
      running: schedulerRuns,
      jobs: scheduleIds.map((id) => ({
        id,
        name: "binance BTC/USDT 3600s",
        next_run: schedulerRuns && !pausedSchedules.has(id) ? now + 3600 : null,
        section: id.startsWith("binance") ? "histo_jobs" : "jobs",
        last_run: null,
        trigger: "every 1h",
        paused: pausedSchedules.has(id),
        running: false
      }))
    })),
    setScheduler: (running) => Effect.sync(() => void (schedulerRuns = running)),
    setSchedulePaused: (id, paused) =>
      Effect.suspend(() => {
        if (!scheduleIds.includes(id)) return Effect.fail(new ScheduleNotFound({ id }))
        if (paused) pausedSchedules.add(id)
        else pausedSchedules.delete(id)
        return Effect.void
      }),
    streams: Effect.sync(() =>
      streamJobs.flatMap(({ channels, exchange, pairs }) => pairs.map((pair) => entry({ exchange, pair, channels })))
    ),
    startStream: (stream) =>
      Effect.gen(function* () {
        const { channels, exchange, pair } = stream
        if (!streamJobs.some((job) => job.exchange === exchange && job.pairs.includes(pair))) {
          return yield* new NoMatchingStream({ exchange, pair })
        }
        const key = keyOf(stream)
        if (channels.includes("gossip")) {
          return yield* new UnsupportedStream({ key, reason: "binance has no channel gossip" })
        }
        running.add(key)
        return key
      }),
    stopStream: (stream) => Effect.sync(() => ({ key: keyOf(stream), wasRunning: running.delete(keyOf(stream)) })),
    inventory: (options) =>
      Effect.succeed([{ ...inventoryRow, holes: options?.holes === true ? inventoryRow.holes : null }]),
    data: (request) =>
      Effect.gen(function* () {
        double.asked.push(request)
        const { columns = [], series } = request
        if (series !== inventoryRow.series) return yield* new NoSuchSeries({ series })
        const column = columns.find((name) => name === "colour")
        if (column !== undefined) return yield* new NoSuchColumn({ series, column, columns: ["TS", "open"] })
        return double.rows
      }),
    metrics: Effect.succeed({
      "binance/BTC/USDT": { last_run_at: now, last_success_at: null, rows_collected: 12, errors_count: 3 }
    }),
    storage: Effect.sync(() => ({
      remotes: double.remotes,
      sync_interval: 3600,
      rclone_available: double.remotes.length > 0,
      last_sync: null,
      running: false,
      history: [],
      free_bytes: 10 ** 12
    })),
    sync: Effect.gen(function* () {
      if (double.remotes.length === 0) return yield* new NoRemotes()
      yield* double.copying
      double.syncs++
      return double.remotes.map(({ remote }) => ({
        remote,
        ok: false,
        started_at: now,
        finished_at: now + 1,
        files: null,
        bytes: null,
        error: 'exit code 3: "directory not found"'
      }))
    })
  })

  return Context.make(RecordingCollector, double).pipe(Context.add(CollectorOperations, collector))
})

export const layer: Layer.Layer<CollectorOperations | RecordingCollector> = Layer.effectContext(make)
