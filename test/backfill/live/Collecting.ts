/** Live collectors against a venue on loopback, with a dataset in memory, and what they tell of themselves. */
import { NodeContext } from "@effect/platform-node"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import * as SupervisionTree from "../../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../../src/actor/Supervisor.js"
import { CoverageSink } from "../../../src/backfill/live/CoverageSink.js"
import * as LiveCollectors from "../../../src/backfill/live/LiveCollectors.js"
import { LiveReports } from "../../../src/backfill/live/LiveReports.js"
import { LiveSockets } from "../../../src/backfill/live/LiveSockets.js"
import type { LiveTuning } from "../../../src/backfill/live/LiveTuning.js"
import * as WebSockets from "../../../src/backfill/live/WebSockets.js"
import type { Dataset } from "../../../src/dataset/Dataset.js"
import type { TimeRange } from "../../../src/domain/TimeRange.js"
import type { Feed } from "../../../src/source/Feed.js"
import { feeds } from "../../../src/plugins/source/Feeds.js"
import { MemoryDataset } from "../../support/MemoryDataset.js"

/** Quick enough for a test on real sockets. */
export const quick: Partial<LiveTuning> = {
  heartbeat: Duration.millis(200),
  answerWithin: Duration.millis(600),
  healthyAfter: Duration.seconds(60),
  margin: Duration.zero
}

export interface Told {
  readonly covered: Array<{ readonly series: string; readonly range: TimeRange }>
  readonly succeeded: Array<number>
  readonly failed: Array<string>
}

export interface Collecting extends Told {
  readonly dataset: MemoryDataset
  readonly collectors: LiveCollectors.LiveCollectors["Type"]
  readonly supervisor: Supervisor.Supervisor
}

/** Collectors without a stream yet. Logs go nowhere. */
export const open = (options: {
  readonly directory?: string
  readonly dataset?: MemoryDataset
  readonly tuning?: Partial<LiveTuning>
  readonly sockets?: Layer.Layer<LiveSockets>
  readonly feeds?: ReadonlyArray<Feed>
  /** Instead of the dataset in memory. */
  readonly files?: Layer.Layer<Dataset>
}) =>
  Effect.gen(function* () {
    const told: Told = { covered: [], succeeded: [], failed: [] }
    const dataset = options.dataset ?? new MemoryDataset()
    const needs = Layer.mergeAll(
      options.files ?? dataset.layer,
      options.sockets ?? WebSockets.layer,
      NodeContext.layer,
      SupervisionTree.layer,
      Logger.remove(Logger.defaultLogger),
      Layer.succeed(
        CoverageSink,
        CoverageSink.of({
          covered: (series, range) => Effect.sync(() => void told.covered.push({ series: series.key, range }))
        })
      ),
      Layer.succeed(
        LiveReports,
        LiveReports.of({
          succeeded: (_, rows) => Effect.sync(() => void told.succeeded.push(rows)),
          failed: (_, detail) => Effect.sync(() => void told.failed.push(detail))
        })
      )
    )
    const context = yield* Layer.build(needs)
    return yield* Effect.gen(function* () {
      const supervisor = yield* Supervisor.make({})
      const collectors = yield* LiveCollectors.make({
        supervisor,
        feeds: options.feeds ?? feeds,
        directory: options.directory ?? "/nowhere",
        unit: "ns",
        tuning: { ...quick, ...options.tuning }
      })
      return { ...told, dataset, supervisor, collectors } satisfies Collecting
    }).pipe(Effect.provide(context))
  })

/** One job of BTC/USDT at one venue. */
export const job = (
  exchange: string,
  channels: ReadonlyArray<string>,
  url: string,
  more: { readonly durable?: boolean; readonly time_step?: number } = {}
) => ({
  jobs: [{ exchange, pairs: ["BTC/USDT"], channels, time_step: 0.2, ...more }],
  settings: () => ({ base_url: url })
})

export const statusOf = ({ collectors }: Collecting) =>
  Effect.flatMap(collectors.list, ([status]) =>
    status === undefined ? Effect.dieMessage("there is no stream") : Effect.succeed(status)
  )

/** Waits, in real time, until it holds; fails after so long. */
export const until = (
  what: string,
  holds: () => boolean | Effect.Effect<boolean>,
  within: Duration.DurationInput = "1 minute"
) =>
  Effect.suspend(() => {
    const answer = holds()
    return typeof answer === "boolean" ? Effect.succeed(answer) : answer
  }).pipe(
    Effect.repeat({ until: (held) => held, schedule: Schedule.spaced("10 millis") }),
    Effect.timeoutFail({ duration: within, onTimeout: () => new Error(`never: ${what}`) })
  )

/** The next connection follows within moments. */
export const atOnce = Schedule.spaced("20 millis")
