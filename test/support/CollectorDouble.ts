/** A collector at rest with one schedule, one stream and one series on disk; `CollectorDouble` says what was asked of it. */
import { Context, Effect, Layer, Stream } from "effect"
import {
  type InventoryEntry,
  NoMatchingStream,
  NoRemotes,
  ScheduleNotFound,
  type ScheduleEntry,
  type StreamEntry,
  type StreamKey,
  type SyncResult,
  UnsupportedStream
} from "../../src/domain/Collector.js"
import { CollectorOperations } from "../../src/operations/CollectorOperations.js"

export class CollectorDouble extends Context.Tag("test/CollectorDouble")<
  CollectorDouble,
  {
    running: boolean
    schedules: ReadonlyArray<ScheduleEntry>
    streams: ReadonlyArray<StreamEntry>
    inventory: ReadonlyArray<InventoryEntry>
    countedHoles: boolean
    remotes: ReadonlyArray<string>
    /** What a copy comes to; the copy takes as long as this does. */
    copy: Effect.Effect<ReadonlyArray<SyncResult>>
    /** Results of copies that `storage` tells of. */
    history: ReadonlyArray<SyncResult>
  }
>() {}

const schedule: ScheduleEntry = {
  id: "binance_BTC_USDT_3600",
  name: "binance BTC/USDT 3600s",
  next_run: 1_780_003_600,
  section: "histo_jobs",
  last_run: null,
  trigger: "every 1h",
  paused: false,
  running: false
}

export const stream: StreamEntry = {
  key: "binance_BTC_USDT_trades",
  exchange: "binance",
  pair: "BTC/USDT",
  channels: ["trades"],
  time_step: 60,
  running: true,
  state: "live",
  since: 0,
  last_message_at: 80,
  rows: 1234,
  reconnects: 2,
  error: null
}

export const entry: InventoryEntry = {
  exchange: "binance",
  pair: "BTC/USDT",
  type: "ohlc",
  span: "1h",
  first: "2024-01-01",
  last: "2024-12-31",
  rows: 8784,
  gaps: 0,
  series: "binance/ohlc/BTC-USDT/1h",
  first_ts: 1_704_067_200_000,
  last_ts: 1_735_686_000_000,
  files: 1,
  bytes: 350_000,
  holes: null,
  missing_rows: null,
  unreadable: []
}

const keyOf = ({ channels, exchange, pair }: StreamKey) => `${exchange}_${pair.replace("/", "_")}_${channels.join("_")}`

export const layer: Layer.Layer<CollectorOperations | CollectorDouble> = Layer.effectContext(
  Effect.sync(() => {
    const double: Context.Tag.Service<CollectorDouble> = {
      running: true,
      schedules: [schedule],
      streams: [stream],
      inventory: [entry],
      countedHoles: false,
      remotes: ["s3:bucket"],
      copy: Effect.succeed([]),
      history: []
    }
    const operations = CollectorOperations.of({
      scheduler: Effect.sync(() => ({ running: double.running, jobs: double.schedules })),
      setScheduler: (running) => Effect.sync(() => void (double.running = running)),
      setSchedulePaused: (id, paused) =>
        Effect.suspend(() => {
          if (!double.schedules.some((one) => one.id === id)) return Effect.fail(new ScheduleNotFound({ id }))
          double.schedules = double.schedules.map((one) => (one.id === id ? { ...one, paused } : one))
          return Effect.void
        }),
      streams: Effect.sync(() => double.streams),
      startStream: (asked) =>
        Effect.suspend((): Effect.Effect<string, NoMatchingStream | UnsupportedStream> => {
          if (asked.exchange !== "binance") return Effect.fail(new NoMatchingStream(asked))
          const key = keyOf(asked)
          if (asked.channels.includes("smell"))
            return Effect.fail(new UnsupportedStream({ key, reason: "no channel smell" }))
          if (!double.streams.some((one) => one.key === key)) {
            double.streams = [...double.streams, { ...stream, ...asked, key }]
          }
          return Effect.succeed(key)
        }),
      stopStream: (asked) =>
        Effect.sync(() => {
          const key = keyOf(asked)
          const wasRunning = double.streams.some((one) => one.key === key && one.running)
          double.streams = double.streams.map((one) =>
            one.key === key ? { ...one, running: false, state: "stopped" } : one
          )
          return { key, wasRunning }
        }),
      inventory: (options) =>
        Effect.sync(() => {
          double.countedHoles = options?.holes === true
          return double.inventory
        }),
      data: () => Effect.succeed(Stream.empty),
      metrics: Effect.succeed({}),
      storage: Effect.sync(() => ({
        remotes: double.remotes.map((remote) => ({ provider: "s3", remote })),
        sync_interval: 0,
        rclone_available: true,
        last_sync: null,
        running: false,
        history: double.history,
        free_bytes: null
      })),
      sync: Effect.suspend(() => (double.remotes.length === 0 ? Effect.fail(new NoRemotes()) : double.copy))
    })
    return Context.make(CollectorOperations, operations).pipe(Context.add(CollectorDouble, double))
  })
)
