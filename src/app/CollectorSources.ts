/** Where the collector gets its rows: the way out to other machines, the histories, and the jobs that name them. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Job from "../backfill/Job.js"
import * as WebSockets from "../backfill/live/WebSockets.js"
import { JobCatalogue } from "../backfill/JobCatalogue.js"
import * as AddressPolicy from "../outgoing/AddressPolicy.js"
import * as Outgoing from "../outgoing/Outgoing.js"
import * as RateLimits from "../outgoing/RateLimits.js"
import { histories } from "../plugins/HistoryRegistry.js"
import { zoneOf } from "../site/Setting.js"
import * as HistoryRegistry from "../source/HistoryRegistry.js"
import * as ConfigEnvironment from "./ConfigEnvironment.js"
import { ConfigFile } from "./ConfigFile.js"

export const outgoing = Layer.unwrapEffect(
  Effect.gen(function* () {
    const settings = yield* (yield* ConfigFile).slice("outgoing")
    return Outgoing.layer({ settings })
  })
)

export const sockets = Layer.unwrapEffect(
  Effect.gen(function* () {
    const { allow_private } = yield* (yield* ConfigFile).slice("outgoing")
    return WebSockets.layerWith({ policy: AddressPolicy.make(allow_private) })
  })
)

export const limits = RateLimits.layer

export const registry = Layer.orDie(HistoryRegistry.layer(histories))

/** Base addresses of exchanges that the environment gives, by source and kind of address. */
export const basesOf = (kind: "rest" | "socket", names: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(names, (name) =>
      Effect.map(ConfigEnvironment.exchangeBases(name), (bases) =>
        Option.map(bases[kind], (url) => [name, { base_url: url }] as const)
      )
    ),
    (found) => {
      const known = new Map(found.flatMap(Option.toArray))
      return (source: string): Readonly<Record<string, unknown>> => known.get(source) ?? {}
    }
  )

/** The config is looked at anew each time: an edit counts for the next backfill. */
export const catalogue = Layer.effect(
  JobCatalogue,
  Effect.gen(function* () {
    const config = yield* ConfigFile
    const registry = yield* HistoryRegistry.HistoryRegistry
    const bases = yield* basesOf(
      "rest",
      registry.list.map(({ name }) => name)
    )
    return JobCatalogue.of({
      now: Effect.gen(function* () {
        const { timezone } = yield* config.slice("settings")
        const { ts_unit, upload } = yield* config.slice("storage")
        const [histo, entries] = yield* Effect.all([config.slice("histo_jobs"), config.slice("jobs")])
        return {
          jobs: Job.ofConfig({ histo, jobs: entries, zone: timezone, upload, environment: bases }),
          histories: registry,
          unit: ts_unit,
          zone: zoneOf(timezone),
          environment: bases,
          now: yield* Clock.currentTimeMillis
        }
      })
    })
  })
)
