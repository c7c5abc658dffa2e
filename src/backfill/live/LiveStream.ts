/**
 * What is to be collected: one subscription, named by its key `<exchange>_<A_B>_<channels joined by _>`. A job of the config is
 * one stream for each of its pairs; where the venue takes one channel per connection, one for each channel too.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { layoutOf } from "../../dataset/MarketLayout.js"
import { pairInPath, Series, SeriesPart } from "../../domain/Series.js"
import { type Capabilities, type Subscribed, unsupported } from "../../source/Feed.js"
import type { SourceError } from "../../source/SourceError.js"
import type { Target } from "./internal/outlet.js"

/** One entry of `stream_jobs`. */
export interface LiveJob {
  readonly exchange: string
  readonly pairs: ReadonlyArray<string>
  readonly channels: ReadonlyArray<string>
  /** Seconds. */
  readonly time_step: number
  /** Rows are durable before they count. */
  readonly durable?: boolean
}

export interface LiveStream {
  readonly key: string
  readonly exchange: string
  readonly pair: string
  readonly channels: ReadonlyArray<string>
  /** Seconds. */
  readonly time_step: number
  readonly durable: boolean
}

/** Instead of a time step that is none. */
const usualStep = 60

export const keyOf = ({ channels, exchange, pair }: Pick<LiveStream, "exchange" | "pair" | "channels">): string =>
  [exchange, pair.replaceAll(/[/-]/g, "_"), ...channels].join("_")

export const make = (job: LiveJob, pair: string, channels: ReadonlyArray<string>): LiveStream => ({
  key: keyOf({ exchange: job.exchange, pair, channels }),
  exchange: job.exchange,
  pair,
  channels,
  time_step: job.time_step > 0 ? job.time_step : usualStep,
  durable: job.durable ?? false
})

/** The streams of a job, as the venue takes them. */
export const ofJob = (job: LiveJob, { perConnection }: Capabilities): ReadonlyArray<LiveStream> =>
  job.pairs.flatMap((pair) =>
    perConnection === 1 ? job.channels.map((channel) => make(job, pair, [channel])) : [make(job, pair, job.channels)]
  )

/** The series that each channel is written to; no two channels share one. */
export const targetsOf = (
  stream: LiveStream,
  { channels }: Subscribed,
  unit: "s" | "ns"
): Effect.Effect<ReadonlyArray<Target>, SourceError> =>
  Effect.forEach(channels, ({ capability, name }) => {
    const layout = capability.layout?.(unit) ?? layoutOf(capability.type, unit)
    const parts = { source: stream.exchange, type: capability.type, pair: pairInPath(stream.pair) }
    if (layout === undefined) return unsupported(stream.exchange, `rows of '${capability.type}' have no layout`)
    if (!Object.values(parts).every(Schema.is(SeriesPart)))
      return unsupported(stream.exchange, `no pair: '${stream.pair}'`)
    return Effect.succeed({ channel: name, series: Series.make(parts), layout })
  })
