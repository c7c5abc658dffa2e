/**
 * Backfills in memory, of the three pairs of two histo jobs. They run until a test ends them; `RecordingBackfills` says what
 * was asked for.
 */
import {
  BackfillBusy,
  type BackfillEvent,
  BackfillNotFound,
  BackfillRecord,
  BackfillRefused,
  type BackfillStatus,
  type ChunkView,
  NoMatchingJob,
  type StartBackfill
} from "../../src/domain/Backfill.js"
import { BackfillOperations } from "../../src/operations/BackfillOperations.js"
import { Context, Effect, Layer, PubSub, Stream } from "effect"

export class RecordingBackfills extends Context.Tag("test/RecordingBackfills")<
  RecordingBackfills,
  {
    /** The requests of all starts and plans, as they came. */
    readonly requests: Array<StartBackfill>
    /** Brings a backfill to a state and tells its followers. */
    readonly settle: (id: string, status: BackfillStatus) => Effect.Effect<void>
    readonly publish: (event: BackfillEvent) => Effect.Effect<void>
  }
>() {}

const job = { format: "parquet", max_retries: 3, retry_delay: 2 }
export const histoJobs = [
  { exchange: "binance", pairs: ["BTC/USDT", "ETH/BTC"], span: 3600, ...job },
  { exchange: "kraken", pairs: ["XBT/USD"], span: 60, ...job }
]

const known = histoJobs.flatMap(({ exchange, pairs }) => pairs.map((pair) => `${exchange} ${pair}`))

/** The one series that something is known of. */
export const series = "binance/ohlc/BTC-USDT/1h"

/** Every other window has failed. */
export const chunk = (n: number): ChunkView => ({
  series,
  start: n * 3_600_000,
  end: (n + 1) * 3_600_000,
  status: n % 2 === 0 ? "PROCESSED" : "FAILED",
  attempts: 1 + (n % 2),
  records: n,
  started_at: "2026-01-02T03:04:05Z",
  error_type: n % 2 === 0 ? "" : "RateLimited",
  error_message: n % 2 === 0 ? "" : 'it says: "später"\nsecond line'
})

const now = 1_780_000_000
const over: ReadonlyArray<BackfillStatus> = ["done", "error", "cancelled"]

const recordOf = (id: string, request: StartBackfill, found: ReadonlyArray<string>): BackfillRecord => {
  const done = { done: 1, total: 4 }
  const pairs = request.pairs ?? []
  return new BackfillRecord({
    id,
    exchange: request.exchange ?? null,
    pairs: pairs.length === 0 ? null : pairs,
    start: request.start ?? "",
    status: "running",
    progress: Object.fromEntries(found.map((pair) => [pair, done])),
    log: ["[BINANCE BTC/USDT 3600] attempt 1/3 failed: 503, retrying in 2 s"],
    started_at: now,
    error: null,
    finished_at: null,
    complete: null,
    rows: 990,
    failed: 0,
    series: found.map((pair) => ({
      series: `binance/ohlc/${pair.replace("/", "-")}/1h`,
      state: "running",
      ...done,
      fetched: 1,
      empty: 0,
      failed: 0,
      rows: 990,
      error: null
    })),
    request
  })
}

const make = Effect.gen(function* () {
  const records = new Map<string, BackfillRecord>()
  const news = yield* PubSub.unbounded<BackfillEvent>()

  const put = (record: BackfillRecord) =>
    Effect.suspend(() => {
      records.set(record.id, record)
      return Effect.as(PubSub.publish(news, { event: "status", id: record.id, record } as const), record)
    })
  const find = (id: string) =>
    Effect.suspend(() => {
      const found = records.get(id)
      return found === undefined ? Effect.fail(new BackfillNotFound({ id })) : Effect.succeed(found)
    })
  const change = (id: string, status: BackfillStatus) =>
    Effect.flatMap(find(id), (record) =>
      put(
        new BackfillRecord({
          ...record,
          status,
          finished_at: over.includes(status) ? now + 60 : null,
          complete: status === "done" ? true : null
        })
      )
    )

  const double: Context.Tag.Service<RecordingBackfills> = {
    requests: [],
    settle: (id, status) => Effect.orDie(Effect.asVoid(change(id, status))),
    publish: (event) => Effect.asVoid(PubSub.publish(news, event))
  }

  /** The pairs that a request is about. */
  const matching = (request: StartBackfill) =>
    Effect.gen(function* () {
      double.requests.push(request)
      const { exchange, pairs, start } = request
      if (start === "nonsense") {
        return yield* new BackfillRefused({ field: "start", value: start, reason: "expected a date" })
      }
      const wanted = pairs === undefined || pairs === null || pairs.length === 0 ? undefined : pairs
      const found = histoJobs
        .filter((job) => !exchange || job.exchange === exchange)
        .flatMap((job) => job.pairs.filter((pair) => wanted === undefined || wanted.includes(pair)))
      return found.length === 0 ? yield* new NoMatchingJob({ known }) : found
    })

  const start = (request: StartBackfill) =>
    Effect.flatMap(matching(request), (found) => {
      const pairs = request.pairs ?? []
      const name = pairs.length === 0 ? "all" : pairs.map((pair) => pair.replaceAll("/", "")).join("-")
      const begin = `${request.exchange ?? "all"}_${name}_${now}`
      let id = begin
      for (let n = 2; records.has(id); n++) id = `${begin}_${n}`
      return put(recordOf(id, request, found))
    })

  const backfills = BackfillOperations.of({
    start,
    plan: (request) =>
      Effect.map(matching(request), (found) =>
        found.map((pair) => ({
          series: `binance/ohlc/${pair.replace("/", "-")}/1h`,
          source: "binance",
          pair,
          windows: 4,
          failed: 1,
          missing: 14_400_000,
          first: 0,
          last: 14_400_000,
          seconds: null
        }))
      ),
    resumeAll: (request) => Effect.map(start(request), (record) => [record]),
    list: (options) =>
      Effect.sync(() =>
        [...records.values()].filter(({ request }) => options?.collect === true || request.collect !== true)
      ),
    get: find,
    cancel: (id) =>
      Effect.gen(function* () {
        const { status } = yield* find(id)
        if (status !== "running") return false
        yield* change(id, "cancelling")
        yield* change(id, "cancelled")
        return true
      }),
    pause: (id) =>
      Effect.gen(function* () {
        const { status } = yield* find(id)
        if (status !== "running") return yield* new BackfillBusy({ id, status, action: "paused" })
        return yield* change(id, "paused")
      }),
    resume: (id) => change(id, "running"),
    retryFailed: (id) => Effect.flatMap(find(id), ({ request }) => start({ ...request, retry_failed: true })),
    chunks: ({ after = "0", id, limit = 500, status }) =>
      Effect.map(find(id), () => {
        const all = Array.from({ length: 5 }, (_, n) => chunk(n)).filter(
          (one) => status === undefined || one.status === status
        )
        const end = Number(after) + limit
        return { chunks: all.slice(Number(after), end), next: end < all.length ? String(end) : null }
      }),
    coverage: (query) =>
      query.series === undefined || query.series === series
        ? Effect.succeed([
            {
              series,
              start: query.start ?? 0,
              end: query.end ?? 100,
              fetched: [[0, 10]],
              empty: [[10, 20]],
              failed: [],
              unknown: [[20, 100]]
            }
          ])
        : Effect.fail(new NoMatchingJob({ known })),
    follow: (id) =>
      Stream.unwrapScoped(
        Effect.gen(function* () {
          const events = yield* Stream.fromPubSub(news, { scoped: true })
          const record = yield* find(id)
          return Stream.concat(
            Stream.make<[BackfillEvent]>({ event: "status", id, record }),
            Stream.filter(events, (event) => event.id === id)
          ).pipe(
            Stream.takeUntil(
              ({ event, record }) =>
                event === "status" && record?.status !== "running" && record?.status !== "cancelling"
            )
          )
        })
      ),
    events: Stream.fromPubSub(news)
  })

  return Context.make(RecordingBackfills, double).pipe(Context.add(BackfillOperations, backfills))
})

export const layer: Layer.Layer<BackfillOperations | RecordingBackfills> = Layer.effectContext(make)
