/** What to fetch, as it is asked for on the command line, and the requests this may mean. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { NoMatchingJob, StartBackfill } from "../domain/Backfill.js"
import * as Series from "../domain/Series.js"
import type { StartBackfillError } from "../operations/BackfillOperations.js"
import { DurationText } from "../site/Setting.js"
import { NotFound, UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Instant from "./Instant.js"

const times = `${Instant.spellings}; a date is meant in the collector's time zone`

export const flags = {
  job: Flags.many("job", "NAME", "Only this job of the config"),
  source: Flags.text("source", "S", "Only this source; with --series also one that stands in no job"),
  series: Flags.text(
    "series",
    "X",
    "One series: its key, such as binance/ohlc/BTC-USDT/1h, or a pair such as BTC/USDT"
  ),
  type: Flags.text("type", "TYPE", "Only rows of this kind, such as ohlc or trades"),
  span: Flags.text("span", "SPAN", "Only rows so far apart: 1m, 1h, 1d or seconds"),
  start: Flags.text("start", "T", `From this moment on (default the job's): ${times}`),
  end: Flags.text("end", "T", "Up to this moment (default now)"),
  window: Flags.text(
    "window",
    "D",
    "Fetch so much at a time: day, month, or a duration such as 6h (default the job's)"
  ),
  concurrency: Flags.integer("concurrency", { least: 1, most: 256 }, "Windows of a series at the same time"),
  limit: Flags.integer("limit", { least: 1 }, "Fetch at most so many windows"),
  retryFailed: Flags.flag("retry-failed", "Try windows again that failed before"),
  parallel: Flags.flag("parallel", "All series at the same time, not one after the other")
} as const

export interface Asked {
  readonly job: ReadonlyArray<string>
  readonly source: Option.Option<string>
  readonly series: Option.Option<string>
  readonly type: Option.Option<string>
  readonly span: Option.Option<string>
  readonly start: Option.Option<string>
  readonly end: Option.Option<string>
  readonly window: Option.Option<string>
  readonly concurrency: Option.Option<number>
  readonly limit: Option.Option<number>
  readonly retryFailed: boolean
  readonly parallel: boolean
}

export interface Requests {
  readonly ofJobs: StartBackfill
  /** Where no job of the config matches: straight from a source. */
  readonly adHoc: Option.Option<StartBackfill>
}

/** Refused where the line contradicts itself or can't be read. */
export const make: (asked: Asked) => Effect.Effect<Requests, UsageProblem, DateTime.CurrentTimeZone> = Effect.fn(
  "BackfillRequest.make"
)(function* (asked) {
  const span = yield* Effect.transposeMapOption(asked.span, spanOf)
  const common: StartBackfill = {
    jobs: asked.job.length === 0 ? undefined : asked.job,
    start: Option.getOrUndefined(yield* Effect.transposeMapOption(asked.start, time("start"))),
    end: Option.getOrUndefined(yield* Effect.transposeMapOption(asked.end, time("end"))),
    window: Option.getOrUndefined(asked.window),
    concurrency: Option.getOrUndefined(asked.concurrency),
    limit: Option.getOrUndefined(asked.limit),
    retry_failed: asked.retryFailed ? true : undefined,
    parallel: asked.parallel ? true : undefined
  }
  const kind = { type: Option.getOrUndefined(asked.type), span: Option.getOrUndefined(span) }
  const exchange = Option.getOrUndefined(asked.source)
  if (Option.isNone(asked.series)) return { ofJobs: { ...common, ...kind, exchange }, adHoc: Option.none() }
  const named = asked.series.value
  const key = Series.ofKey(named)
  if (key === undefined) {
    const pair = { ...common, ...kind, pairs: [named] }
    return {
      ofJobs: { ...pair, exchange },
      adHoc: exchange === undefined || asked.job.length > 0 ? Option.none() : Option.some({ ...pair, source: exchange })
    }
  }
  yield* agree("type", asked.type, key.type)
  yield* agree("span", span, key.span)
  const isOwnSource = exchange === undefined || exchange === key.source
  const alone = { ...common, source: key.source, type: key.type, span: key.span, pairs: [Series.pairOfPath(key.pair)] }
  return {
    ofJobs: { ...common, exchange, series: [named] },
    adHoc: isOwnSource && asked.job.length === 0 ? Option.some(alone) : Option.none()
  }
})

/** Calls with the request that jobs of the config match, else with the one that needs none. */
export const use = <A, R>(
  { adHoc, ofJobs }: Requests,
  call: (request: StartBackfill) => Effect.Effect<A, StartBackfillError, R>
): Effect.Effect<A, Exclude<StartBackfillError, NoMatchingJob> | NotFound, R> =>
  Effect.catchTag(call(ofJobs), "NoMatchingJob", (missing) =>
    Option.match(adHoc, {
      onNone: () => notFound(missing),
      onSome: (request) =>
        call(request).pipe(
          Effect.catchTags({
            NoMatchingJob: () => notFound(missing),
            // The name is none of a history either.
            BackfillRefused: (refusal) => (refusal.field === "source" ? notFound(missing) : Effect.fail(refusal))
          })
        )
    })
  )

// ------------------------------------------------------------------------------------------------------------------

const notFound = ({ known }: NoMatchingJob) =>
  new NotFound({
    message: "no job of the config matches",
    hint:
      known.length === 0
        ? "there are no jobs yet; write some under histo_jobs or jobs in the config, then check it with: outpost config validate"
        : `there are these: ${known.join(", ")}; or fetch without a job with --source and --series`
  })

/** A date stays as it is, for the collector reads it in its own zone; all else becomes an instant. */
const time = (name: string) => (text: string) =>
  Effect.map(Instant.option(name, Option.some(text)), (millis) =>
    millis === undefined || localTime.test(text.trim()) ? text.trim() : DateTime.formatIso(DateTime.unsafeMake(millis))
  )

const localTime = /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?$/

const spanOf = (text: string): Effect.Effect<number, UsageProblem> => {
  const seconds = /^\d+$/.test(text)
    ? Number(text)
    : (Series.spanOfLabel(text) ??
      Option.getOrUndefined(Option.map(Schema.decodeOption(DurationText)(text), Duration.toSeconds)))
  return seconds !== undefined && Number.isInteger(seconds) && seconds > 0
    ? Effect.succeed(seconds)
    : new UsageProblem({
        message: `--span does not understand '${text}'`,
        hint: "write 1m, 1h, 1d, or a whole number of seconds"
      })
}

const agree = <A>(name: string, given: Option.Option<A>, own: A | undefined): Effect.Effect<void, UsageProblem> =>
  Option.isNone(given) || given.value === own
    ? Effect.void
    : new UsageProblem({ message: `--${name} contradicts the key in --series`, hint: `leave out --${name}` })
