/**
 * The live streams of a site: those of the config, and those that were started by hand. Each is a supervised child; a change of
 * the config stops, starts or restarts those whose entry changed and leaves the others alone. What can't be done is told by name
 * and disturbs nobody. Changes are made one after the other.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Supervisor } from "../../actor/Supervisor.js"
import type { Dataset } from "../../dataset/Dataset.js"
import { NoMatchingStream, type StreamKey, UnsupportedStream } from "../../domain/Collector.js"
import { type Feed, type PreparedFeed, unsupported } from "../../source/Feed.js"
import type { SourceError } from "../../source/SourceError.js"
import type { CoverageSink } from "./CoverageSink.js"
import { LiveCell, type LiveStatus } from "./LiveCell.js"
import * as LiveCollector from "./LiveCollector.js"
import type { LiveReports } from "./LiveReports.js"
import type { LiveSockets } from "./LiveSockets.js"
import * as LiveStream from "./LiveStream.js"
import { type LiveTuning, usual } from "./LiveTuning.js"

/** What the config says of live streams. */
export interface LiveConfig {
  readonly jobs: ReadonlyArray<LiveStream.LiveJob>
  /** Settings of a feed, such as its `base_url`. */
  readonly settings: (exchange: string) => unknown
}

export class LiveCollectors extends Context.Tag("outpost/backfill/LiveCollectors")<
  LiveCollectors,
  {
    /**
     * Brings the streams to what the config says now, and answers the keys of those that were added, removed or restarted. One
     * that was stopped by hand stays so until its entry changes; one that was started by hand goes on while its exchange and
     * pair are in a job. `idle` starts nothing that does not run.
     */
    readonly reconcile: (
      config: LiveConfig,
      options: { readonly idle: boolean }
    ) => Effect.Effect<ReadonlyArray<string>>
    /** All streams, in the order of the config, then those that were started by hand. */
    readonly list: Effect.Effect<ReadonlyArray<LiveStatus>>
    /**
     * Starts a stream of a job's exchange and pair, with any channels of that exchange, and answers its key without waiting for
     * the venue. One that runs is left alone.
     */
    readonly start: (request: StreamKey) => Effect.Effect<string, NoMatchingStream | UnsupportedStream>
    /** Returns once it is down and what it had is on the disk, or the shutdown time is over. */
    readonly stop: (request: StreamKey) => Effect.Effect<{ readonly key: string; readonly wasRunning: boolean }>
  }
>() {}

export interface Options {
  /** Owns the collectors. */
  readonly supervisor: Supervisor
  readonly feeds: ReadonlyArray<Feed>
  /** Journals of durable streams stand below it: `<site>/.outpost/live`. */
  readonly directory: string
  /** Of times in new files. */
  readonly unit: "s" | "ns"
  readonly tuning?: Partial<LiveTuning>
}

/** A stream that is known, whether it runs or not. */
interface Entry {
  readonly stream: LiveStream.LiveStream
  readonly cell: LiveCell
  /** The stream and its feed's settings as text: another text means another life. */
  readonly text: string
  /** Of the config, and not started by hand alone. */
  readonly configured: boolean
}

type Needs = LiveSockets | Dataset | CoverageSink | LiveReports | FileSystem.FileSystem

export const make = Effect.fn("LiveCollectors.make")(function* (
  options: Options
): Effect.fn.Return<Context.Tag.Service<LiveCollectors>, never, Needs> {
  const context = yield* Effect.context<Needs>()
  const { directory, feeds, supervisor, unit } = options
  const tuning: LiveTuning = { ...usual, ...options.tuning }
  const entries = new Map<string, Entry>()
  const changing = yield* Effect.makeSemaphore(1)
  let config: LiveConfig = { jobs: [], settings: () => ({}) }

  const feedOf = (exchange: string): Effect.Effect<PreparedFeed, SourceError> => {
    const feed = feeds.find(({ name }) => name === exchange)
    const known = feeds.map(({ name }) => name).join(", ")
    return feed === undefined
      ? unsupported(exchange, `has no live feed; there are: ${known}`)
      : feed.prepare(config.settings(exchange))
  }

  const streamsOf = (job: LiveStream.LiveJob) =>
    feedOf(job.exchange).pipe(
      Effect.map(({ capabilities }) => LiveStream.ofJob(job, capabilities)),
      Effect.orElseSucceed(() => LiveStream.ofJob(job, { channels: {} }))
    )

  const textOf = (stream: LiveStream.LiveStream) => JSON.stringify([stream, config.settings(stream.exchange)])

  /** A new child; fails, and leaves none, where the venue can't do it. */
  const begin = Effect.fnUntraced(function* ({ cell, stream }: Entry) {
    const feed = yield* feedOf(stream.exchange)
    const subscribed = yield* feed.subscribe(stream)
    const targets = yield* LiveStream.targetsOf(stream, subscribed, unit)
    const spec = LiveCollector.childSpec({ cell, subscribed, targets, tuning, directory })
    yield* Effect.ignore(supervisor.remove(stream.key))
    yield* supervisor.add(spec).pipe(
      Effect.provide(context),
      Effect.catchAll((error) => Effect.logError(`stream ${stream.key}: ${error.message}`))
    )
  })

  /** Where it can't be done its state says so. */
  const beginOrTell = (entry: Entry) =>
    begin(entry).pipe(
      Effect.catchAll(({ detail }) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          entry.cell.become("rejected", now, { error: detail })
          return Effect.logError(`stream ${entry.stream.key}: ${detail}`)
        })
      )
    )

  const put = (stream: LiveStream.LiveStream, configured: boolean): Entry => {
    const known = entries.get(stream.key)
    const cell = known?.cell ?? new LiveCell(stream)
    cell.stream = stream
    const entry = { stream, cell, configured: configured || known?.configured === true, text: textOf(stream) }
    entries.set(stream.key, entry)
    return entry
  }

  const reconcile = Effect.fnUntraced(function* (next: LiveConfig, { idle }: { readonly idle: boolean }) {
    config = next
    const wanted = new Map<string, LiveStream.LiveStream>()
    for (const stream of (yield* Effect.forEach(next.jobs, streamsOf)).flat()) {
      if (wanted.has(stream.key)) yield* Effect.logWarning(`stream ${stream.key} stands twice in the config`)
      else wanted.set(stream.key, stream)
    }
    const changed: Array<string> = []
    for (const entry of entries.values()) {
      const { key } = entry.stream
      if (wanted.has(key) || (!entry.configured && jobOf(next.jobs, entry.stream) !== undefined)) continue
      changed.push(key)
      yield* Effect.ignore(supervisor.remove(key))
      entries.delete(key)
    }
    // The order of a list is that of the config.
    const kept = new Map(entries)
    entries.clear()
    for (const [key, stream] of wanted) {
      const before = kept.get(key)
      kept.delete(key)
      if (before !== undefined) entries.set(key, before)
      if (before?.text === textOf(stream)) {
        if (!before.configured) entries.set(key, { ...before, configured: true })
        continue
      }
      changed.push(key)
      const wasRunning = before?.cell.running === true
      const entry = put(stream, true)
      if (!idle || wasRunning) yield* beginOrTell(entry)
    }
    for (const [key, entry] of kept) entries.set(key, entry)
    return changed
  })

  const start = Effect.fnUntraced(function* (request: StreamKey) {
    const job = jobOf(config.jobs, request)
    if (job === undefined) return yield* new NoMatchingStream({ exchange: request.exchange, pair: request.pair })
    const stream = LiveStream.make(job, request.pair, request.channels)
    const { key } = stream
    const known = entries.get(key)
    if (known?.cell.running === true) return key
    const entry = known ?? { stream, cell: new LiveCell(stream), configured: false, text: textOf(stream) }
    yield* begin(entry).pipe(
      Effect.catchAll((error: SourceError) => new UnsupportedStream({ key, reason: error.detail }))
    )
    entries.set(key, entry)
    return key
  })

  const stop = Effect.fnUntraced(function* (request: StreamKey) {
    const key = LiveStream.keyOf(request)
    const entry = entries.get(key)
    const wasRunning = entry?.cell.running === true
    yield* Effect.ignore(supervisor.remove(key))
    if (entry?.configured === false) entries.delete(key)
    return { key, wasRunning }
  })

  return LiveCollectors.of({
    reconcile: (next, how) => changing.withPermits(1)(reconcile(next, how)),
    list: Effect.sync(() => [...entries.values()].map(({ cell }) => cell.status)),
    start: (request) => changing.withPermits(1)(start(request)),
    stop: (request) => changing.withPermits(1)(stop(request))
  })
})

// ---------------------------------------------------------------------------------------------------------------------

const jobOf = (
  jobs: ReadonlyArray<LiveStream.LiveJob>,
  { exchange, pair }: { readonly exchange: string; readonly pair: string }
) => jobs.find((job) => job.exchange === exchange && job.pairs.includes(pair))
