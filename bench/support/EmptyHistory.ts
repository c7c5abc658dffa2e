/** A history that answers at once that it has nothing, so that what is measured is the engine alone. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as History from "../../src/source/History.js"
import { job } from "../../test/support/BackfillSite.js"
import { layout } from "../../test/support/TemporaryDataset.js"

const minute = 60_000
const begin = Date.parse("2020-01-01T00:00:00Z")
const iso = (at: number) => new Date(at).toISOString()

/** Windows of one minute. */
export const EmptyHistory = History.make({
  name: "scripted",
  description: "Has no rows",
  settings: Schema.Struct({}),
  capabilities: () => ({ types: ["ohlc"] }),
  plan: (_, __, unit) => Effect.succeed({ layout: layout("ohlc", unit), window: minute, grid: minute }),
  pages: () => Effect.succeed({ rows: [], bytes: 0 })
})

/** So many of its windows, `concurrency` of them asked for at the same time. */
export const emptyJob = (windows: number, concurrency = 16) =>
  job({ start: iso(begin), end: Option.some(iso(begin + windows * minute)), concurrency })
