/** Jobs as the engine sees them: entries of `histo_jobs` and of `jobs` brought into one form. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as JobName from "../domain/JobName.js"
import type { JobSettings, Jobs } from "./JobSettings.js"
import type { HistoJob } from "./Settings.js"

export interface Job {
  /** Unique; for candles of the collector `<exchange>-<span>`, numbered where that is taken. */
  readonly name: string
  /** Of the collector's own: its windows are fetched in order of time, one by one. */
  readonly isHisto: boolean
  /** Name of the history. */
  readonly source: string
  readonly settings: Readonly<Record<string, unknown>>
  /** The source's name in paths; none means the history's own, or the job's. */
  readonly as: Option.Option<string>
  readonly type: string
  readonly pairs: ReadonlyArray<string>
  /** Seconds. */
  readonly span: Option.Option<number>
  readonly start: string
  readonly end: Option.Option<string>
  /** Name of a time zone. */
  readonly zone: string
  readonly window: Option.Option<"day" | "month" | Duration.Duration>
  readonly concurrency: number
  readonly attempts: number
  readonly retryDelay: Duration.Duration
  readonly fill: "none" | "forward"
  readonly upload: boolean
  readonly ledger: Option.Option<string>
  readonly every: Option.Option<Duration.Duration>
  readonly cron: Option.Option<string>
  readonly autoHeal: boolean
}

/** The daemon's own start of a range. */
const firstDay = "2020-01-01 00:00:00"

export interface Config {
  readonly histo: ReadonlyArray<HistoJob>
  readonly jobs: Jobs
  readonly zone: string
  /** Whether the collector's own candles are copied as soon as they are written. */
  readonly upload: boolean
  /** Settings that the environment gives to a source, such as its base URL. */
  readonly environment: (source: string) => Readonly<Record<string, unknown>>
}

/** All of a config that are not switched off, the collector's own first. */
export const ofConfig = (config: Config): ReadonlyArray<Job> => {
  const { environment, histo, jobs, zone } = config
  const names = new Set(Object.keys(jobs))
  const candles = histo.map((job) => ofHisto(job, JobName.ofHisto(job, names), config))
  const own = Object.entries(jobs)
    .filter(([, job]) => job.enabled)
    .map(([name, job]) => ofEntry(name, job, zone, environment))
  return [...candles, ...own]
}

// -----------------------------------------------------------------------------

const ofHisto = (job: HistoJob, name: string, { environment, upload, zone }: Config): Job => ({
  name,
  isHisto: true,
  source: job.exchange,
  settings: environment(job.exchange),
  as: Option.none(),
  type: "ohlc",
  pairs: job.pairs,
  span: Option.some(job.span),
  start: firstDay,
  end: Option.none(),
  zone,
  window: Option.none(),
  concurrency: 1,
  attempts: job.max_retries,
  retryDelay: Duration.seconds(job.retry_delay),
  fill: "none",
  upload,
  ledger: Option.none(),
  // As the daemon: a look for new candles once a span.
  every: Option.some(Duration.seconds(job.span)),
  cron: Option.none(),
  autoHeal: false
})

const ofEntry = (
  name: string,
  job: JobSettings,
  zone: string,
  environment: (source: string) => Readonly<Record<string, unknown>>
): Job => ({
  name,
  isHisto: false,
  source: job.source,
  settings: { ...environment(job.source), ...job.settings },
  as: job.as,
  type: job.type,
  pairs: job.pairs.length === 0 ? [name] : job.pairs,
  span: Option.map(job.span, Duration.toSeconds),
  start: job.start,
  end: job.end,
  zone: Option.getOrElse(job.timezone, () => zone),
  window: job.window,
  concurrency: job.concurrency,
  attempts: job.max_retries,
  retryDelay: job.retry_delay,
  fill: job.fill,
  upload: job.upload,
  ledger: job.ledger,
  every: job.every,
  cron: job.cron,
  autoHeal: job.auto_heal
})
