/**
 * Backfills of a config with one job, `binance-3600s` for `binance/ohlc/BTC-USDT/1h`, and a history `kraken` without a job.
 * `BackfillDouble` says what was asked for, and lets a test write the life of what is started.
 */
import { Context, Effect, Layer, Ref, Stream } from "effect"
import {
  BackfillBusy,
  type BackfillEvent,
  BackfillNotFound,
  BackfillRecord,
  BackfillRefused,
  type ChunkView,
  NoMatchingJob,
  type PlannedSeries,
  type SeriesCoverage,
  type SeriesProgress,
  type StartBackfill
} from "../../src/domain/Backfill.js"
import { BackfillOperations } from "../../src/operations/BackfillOperations.js"

export const key = "binance/ohlc/BTC-USDT/1h"

export class BackfillDouble extends Context.Tag("test/BackfillDouble")<
  BackfillDouble,
  {
    /** Each order with what came with it, newest last. */
    readonly asked: Array<readonly [verb: string, what: unknown]>
    /** What there is already, oldest first. */
    held: Array<BackfillRecord>
    /** What happens to one that is started, until it ends. */
    life: (record: BackfillRecord) => Stream.Stream<BackfillRecord>
    planned: ReadonlyArray<PlannedSeries>
    failures: ReadonlyArray<ChunkView>
    covered: ReadonlyArray<SeriesCoverage>
    hasJobs: boolean
  }
>() {}

export const series = (change: Partial<SeriesProgress> = {}): SeriesProgress => ({
  series: key,
  state: "done",
  done: 10,
  total: 10,
  fetched: 8,
  empty: 2,
  failed: 0,
  rows: 8000,
  error: null,
  ...change
})

export const record = (change: Partial<BackfillRecord> = {}): BackfillRecord =>
  new BackfillRecord({
    id: "binance_all_1780000000",
    exchange: "binance",
    pairs: null,
    start: "",
    status: "running",
    progress: {},
    log: [],
    started_at: 1_780_000_000,
    error: null,
    finished_at: null,
    complete: null,
    rows: 0,
    failed: 0,
    series: [series({ state: "running", done: 0, fetched: 0, empty: 0, rows: 0 })],
    request: {},
    ...change
  })

/** The same at its good end. */
export const done = (begun: BackfillRecord, change: Partial<BackfillRecord> = {}): BackfillRecord =>
  record({
    ...begun,
    status: "done",
    complete: true,
    finished_at: 1_780_000_009,
    rows: 8000,
    series: [series()],
    ...change
  })

const matches = ({ exchange, jobs, pairs, series, span, type }: StartBackfill): boolean =>
  (!exchange || exchange === "binance") &&
  (jobs === undefined || jobs.includes("binance-3600s")) &&
  (!pairs || pairs.includes("BTC/USDT")) &&
  (series === undefined || series.includes(key)) &&
  (span === undefined || span === 3600) &&
  (type === undefined || type === "ohlc")

const make = Effect.gen(function* () {
  const ids = yield* Ref.make(1_780_000_000)
  const double: Context.Tag.Service<BackfillDouble> = {
    asked: [],
    held: [],
    life: (begun) => Stream.make(done(begun)),
    planned: [],
    failures: [],
    covered: [],
    hasJobs: true
  }
  const resolve = (request: StartBackfill) =>
    Effect.suspend((): Effect.Effect<void, NoMatchingJob | BackfillRefused> => {
      if (request.window === "fortnight") {
        return Effect.fail(new BackfillRefused({ field: "window", value: "fortnight", reason: "expected a duration" }))
      }
      if (request.source !== undefined) {
        return request.source === "kraken"
          ? Effect.void
          : Effect.fail(
              new BackfillRefused({ field: "source", value: request.source, reason: "there is no such history" })
            )
      }
      if (double.hasJobs && matches(request)) return Effect.void
      return Effect.fail(new NoMatchingJob({ known: double.hasJobs ? ["binance-3600s"] : [] }))
    })
  const find = (id: string) =>
    Effect.suspend(() => {
      const found = double.held.find((one) => one.id === id)
      return found === undefined ? Effect.fail(new BackfillNotFound({ id })) : Effect.succeed(found)
    })
  const replace = (changed: BackfillRecord) =>
    Effect.sync(() => {
      double.held = double.held.map((one) => (one.id === changed.id ? changed : one))
      return changed
    })
  const note = (verb: string, what: unknown) =>
    Effect.sync(() => void double.asked.push([verb, JSON.parse(JSON.stringify(what))]))
  const start = (request: StartBackfill) =>
    Effect.gen(function* () {
      yield* resolve(request)
      const id = `binance_all_${yield* Ref.getAndUpdate(ids, (n) => n + 1)}`
      const begun = record({ id, request })
      double.held.push(begun)
      return begun
    })
  const operations = BackfillOperations.of({
    start: (request) => Effect.zipRight(note("start", request), start(request)),
    plan: (request) => Effect.as(Effect.zipRight(note("plan", request), resolve(request)), double.planned),
    resumeAll: (request) =>
      Effect.gen(function* () {
        yield* note("resumeAll", request)
        const unfinished = double.held.filter(({ status }) => status === "interrupted" || status === "paused")
        const resumed = yield* Effect.forEach(unfinished, (one) => replace(record({ ...one, status: "running" })))
        return double.hasJobs ? [...resumed, yield* start(request)] : resumed
      }),
    list: (options) =>
      Effect.sync(() => double.held.filter(({ request }) => options?.collect === true || request.collect !== true)),
    get: find,
    cancel: (id) =>
      Effect.gen(function* () {
        yield* note("cancel", id)
        const { status, ...one } = yield* find(id)
        if (status === "running") yield* replace(record({ ...one, status: "cancelling" }))
        if (status === "paused") yield* replace(record({ ...one, status: "cancelled" }))
        return status === "running"
      }),
    pause: (id) =>
      Effect.gen(function* () {
        yield* note("pause", id)
        const one = yield* find(id)
        if (one.status !== "running") return yield* new BackfillBusy({ id, status: one.status, action: "paused" })
        return yield* replace(record({ ...one, status: "paused" }))
      }),
    resume: (id) =>
      Effect.gen(function* () {
        yield* note("resume", id)
        return yield* replace(record({ ...(yield* find(id)), status: "running" }))
      }),
    retryFailed: (id) =>
      Effect.gen(function* () {
        yield* note("retryFailed", id)
        return yield* start({ ...(yield* find(id)).request, retry_failed: true })
      }),
    chunks: ({ id, limit = 500, status }) =>
      Effect.gen(function* () {
        yield* find(id)
        const found = double.failures.filter((chunk) => status === undefined || chunk.status === status)
        return { chunks: found.slice(0, limit), next: found.length > limit ? "more" : null }
      }),
    coverage: (query) =>
      Effect.as(
        note("coverage", query),
        double.covered.filter(({ series }) => query.series === undefined || query.series === series)
      ),
    follow: (id) =>
      Stream.fromEffect(find(id)).pipe(
        Stream.flatMap((now) => Stream.concat(Stream.make(now), double.life(now))),
        Stream.mapEffect(replace),
        Stream.map((changed): BackfillEvent => ({ event: "status", id, record: changed }))
      ),
    events: Stream.never
  })
  return Context.make(BackfillOperations, operations).pipe(Context.add(BackfillDouble, double))
})

export const layer: Layer.Layer<BackfillOperations | BackfillDouble> = Layer.effectContext(make)
