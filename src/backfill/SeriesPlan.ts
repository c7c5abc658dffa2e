/** From what was asked for to the series it means: jobs are matched, histories prepared, ranges read, all before any work. */
import type * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { BackfillRefused, NoMatchingJob, type StartBackfill } from "../domain/Backfill.js"
import * as Series from "../domain/Series.js"
import type { TimeRange } from "../domain/TimeRange.js"
import * as Instant from "../site/Instant.js"
import { zoneOf } from "../site/Setting.js"
import type * as History from "../source/History.js"
import type { HistoryRegistry } from "../source/HistoryRegistry.js"
import type { SourceError } from "../source/SourceError.js"
import type { Job } from "./Job.js"
import { WindowText } from "./JobSettings.js"
import type { WindowSize } from "./WindowPlan.js"

/** One series, ready to be run. */
export interface PlannedSeries {
  readonly job: Job
  readonly series: Series.Series
  readonly pair: string
  readonly request: History.SeriesRequest
  readonly history: History.PreparedHistory
  readonly plan: History.SeriesPlan
  readonly range: TimeRange
  readonly size: WindowSize
}

/** A series that can't be run, and why. */
export interface ImpossibleSeries {
  readonly job: Job
  readonly pair: string
  readonly reason: string
}

export interface Catalogue {
  readonly jobs: ReadonlyArray<Job>
  readonly histories: Context.Tag.Service<HistoryRegistry>
  readonly unit: "s" | "ns"
  /** Zone of a request's own start and end. */
  readonly zone: DateTime.TimeZone
  /** Settings that the environment gives to a source, such as its base URL. */
  readonly environment: (source: string) => Readonly<Record<string, unknown>>
  readonly now: number
}

export interface Resolved {
  readonly planned: ReadonlyArray<PlannedSeries>
  readonly impossible: ReadonlyArray<ImpossibleSeries>
}

/** Refused where nothing matches, a time can't be read, or none of the series can be run. */
export const resolve = (
  request: StartBackfill,
  catalogue: Catalogue
): Effect.Effect<Resolved, NoMatchingJob | BackfillRefused> =>
  Effect.gen(function* () {
    const wanted = selected(request, yield* candidates(request, catalogue))
    if (wanted.length === 0) return yield* noMatch(catalogue)
    const asked = yield* askedRange(request, catalogue)
    const window = yield* askedWindow(request)
    const results = yield* Effect.forEach(wanted, ({ job, pair }) =>
      one(request, job, pair, catalogue, asked, window).pipe(
        Effect.either,
        Effect.map(Either.mapLeft((error): ImpossibleSeries => ({ job, pair, reason: reasonOf(error) })))
      )
    )
    const planned = results
      .filter(Either.isRight)
      .map(({ right }) => right)
      .filter(({ series }) => isAll(request.series) || request.series.includes(series.key))
    const impossible = results.filter(Either.isLeft).map(({ left }) => left)
    const [first] = impossible
    if (planned.length === 0 && first === undefined) return yield* noMatch(catalogue)
    if (planned.length === 0 && first !== undefined) {
      return yield* new BackfillRefused({ field: first.job.name, value: first.pair, reason: first.reason })
    }
    // A series that two jobs name is fetched once.
    const unique = new Map(planned.map((series) => [series.series.key, series]))
    return { planned: [...unique.values()], impossible }
  })

// -----------------------------------------------------------------------------

const noMatch = ({ jobs }: Catalogue) => new NoMatchingJob({ known: jobs.map(({ name }) => name) })

const isAll = (names: ReadonlyArray<string> | null | undefined): names is null | undefined | readonly [] =>
  names === undefined || names === null || names.length === 0

const reasonOf = (error: SourceError | BackfillRefused): string =>
  error._tag === "SourceError" ? error.detail : error.reason

const candidates = (request: StartBackfill, { environment, histories, jobs }: Catalogue) => {
  const { source } = request
  if (source === undefined) return Effect.succeed(jobs)
  if (!histories.list.some(({ name }) => name === source)) {
    const reason = `there is no such history; there are ${histories.list.map(({ name }) => name).join(", ")}`
    return new BackfillRefused({ field: "source", value: source, reason })
  }
  return Effect.succeed([adHoc(source, request, environment(source))])
}

/** A job that stands in no config. */
const adHoc = (source: string, request: StartBackfill, settings: Job["settings"]): Job => ({
  name: source,
  isHisto: false,
  source,
  settings,
  as: Option.none(),
  type: request.type ?? "ohlc",
  pairs: request.pairs ?? [],
  span: Option.fromNullable(request.span),
  start: request.start ?? "2020-01-01",
  end: Option.fromNullable(request.end),
  zone: "utc",
  window: Option.none(),
  concurrency: 4,
  attempts: 3,
  retryDelay: Duration.seconds(2),
  fill: "none",
  upload: false,
  ledger: Option.none(),
  every: Option.none(),
  cron: Option.none(),
  autoHeal: false
})

const selected = ({ exchange, jobs, pairs, series, span, type }: StartBackfill, candidates: ReadonlyArray<Job>) =>
  candidates
    .filter(
      (job) =>
        (!exchange || job.source === exchange) &&
        (isAll(jobs) || jobs.includes(job.name)) &&
        (type === undefined || job.type === type) &&
        (span === undefined || Option.contains(job.span, span))
    )
    .flatMap((job) => job.pairs.map((pair) => ({ job, pair })))
    .filter(
      ({ job, pair }) =>
        (isAll(pairs) || pairs.includes(pair)) && (isAll(series) || series.some((key) => mayMean(key, job, pair)))
    )

/** Whether a key may be that of a job's series: which name its source has is known once its history is prepared. */
const mayMean = (key: string, job: Job, pair: string): boolean => {
  const series = Series.ofKey(key)
  return (
    series !== undefined &&
    series.type === job.type &&
    series.pair === Series.pairInPath(pair) &&
    series.span === Option.getOrUndefined(job.span) &&
    (series.source === job.name || series.source === job.source || Option.contains(job.as, series.source))
  )
}

interface AskedRange {
  readonly start: Option.Option<number>
  readonly end: Option.Option<number>
}

const time = (field: string, text: string | undefined, zone: DateTime.TimeZone, now: number) =>
  text === undefined
    ? Effect.succeed(Option.none<number>())
    : Option.match(Instant.parse(text, now, zone), {
        onNone: () =>
          new BackfillRefused({
            field,
            value: text,
            reason: `expected a time: ${Instant.spellings}`
          }),
        onSome: (at) => Effect.succeed(Option.some(at))
      })

const askedRange = ({ end, start }: StartBackfill, { now, zone }: Catalogue) =>
  Effect.all({ start: time("start", start, zone, now), end: time("end", end, zone, now) })

const askedWindow = ({ window }: StartBackfill) =>
  window === undefined
    ? Effect.succeed(Option.none())
    : Schema.decodeUnknown(WindowText)(window).pipe(
        Effect.mapBoth({
          onFailure: () =>
            new BackfillRefused({ field: "window", value: window, reason: "expected day, month or a duration" }),
          onSuccess: Option.some
        })
      )

const one = Effect.fnUntraced(function* (
  request: StartBackfill,
  job: Job,
  pair: string,
  { histories, now, unit }: Catalogue,
  asked: AskedRange,
  askedWindow: Option.Option<"day" | "month" | Duration.Duration>
) {
  const history = yield* histories.prepare(job.source, job.settings)
  const wanted: History.SeriesRequest = { type: job.type, pair, span: job.span }
  const plan = yield* history.plan(wanted, unit)
  const source = Option.getOrElse(job.as, () => (history.capabilities.generic === true ? job.name : job.source))
  const series = yield* named(source, job, pair)
  const zone = zoneOf(job.zone)
  const start = Option.orElse(asked.start, () => Instant.parse(job.start, now, zone))
  const end = Option.orElse(asked.end, () => Option.flatMap(job.end, (text) => Instant.parse(text, now, zone)))
  if (Option.isNone(start)) {
    return yield* new BackfillRefused({ field: "start", value: job.start, reason: "is no time" })
  }
  const window = Option.orElse(askedWindow, () => job.window)
  const settled = now - (plan.settle ?? 0)
  const last = Math.min(
    settled,
    Option.getOrElse(end, () => settled)
  )
  const range = plan.snapshot === true ? { start: now, end: now + presence } : { start: start.value, end: last }
  const planned: PlannedSeries = {
    job: request.concurrency === undefined ? job : { ...job, concurrency: request.concurrency },
    series,
    pair,
    request: wanted,
    history,
    plan,
    range,
    size: Option.match(window, {
      onNone: () => ({ millis: plan.window }),
      onSome: (size) => (typeof size === "string" ? { calendar: size, zone } : { millis: Duration.toMillis(size) })
    })
  }
  return planned
})

/** How long an answer of a source that tells how things are may take to come, in milliseconds. */
const presence = 60_000

const named = (source: string, { span, type }: Job, pair: string) =>
  Schema.decode(Series.Series)({
    source,
    type,
    pair: Series.pairInPath(pair),
    ...Option.match(span, { onNone: () => ({}), onSome: (seconds) => ({ span: seconds }) })
  }).pipe(
    Effect.mapError(
      () =>
        new BackfillRefused({
          field: "pair",
          value: pair,
          reason: "can't be a name of a directory: letters, digits and . _ + = @ - only"
        })
    )
  )
