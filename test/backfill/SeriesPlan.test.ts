import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option } from "effect"
import * as SeriesPlan from "../../src/backfill/SeriesPlan.js"
import type { StartBackfill } from "../../src/domain/Backfill.js"
import * as HistoryRegistry from "../../src/source/HistoryRegistry.js"
import { job } from "../support/BackfillSite.js"
import { ScriptedHistory } from "../support/ScriptedHistory.js"

const jobs = [
  job({ name: "spot", pairs: ["BTC/USDT", "ETH/USDT"] }),
  job({ name: "futures", as: Option.some("scripted-futures") }),
  job({ name: "smell", type: "smell" })
]

const keys = (request: StartBackfill) =>
  Effect.gen(function* () {
    const histories = yield* HistoryRegistry.make([new ScriptedHistory().history])
    const zone = DateTime.zoneUnsafeMakeNamed("UTC")
    const now = Date.parse("2026-01-02")
    const catalogue = { jobs, histories, unit: "s", zone, now, environment: () => ({}) } as const
    const { impossible, planned } = yield* SeriesPlan.resolve(request, catalogue)
    return [...planned.map(({ series }) => series.key), ...impossible.map((one) => `no ${one.job.type}/${one.pair}`)]
  })

describe("a series by its key", () => {
  const cases: ReadonlyArray<readonly [StartBackfill, ReadonlyArray<string>]> = [
    [
      {},
      [
        "scripted/ohlc/BTC-USDT/1m",
        "scripted/ohlc/ETH-USDT/1m",
        "scripted-futures/ohlc/BTC-USDT/1m",
        "no smell/BTC/USDT"
      ]
    ],
    [{ series: ["scripted/ohlc/BTC-USDT/1m"] }, ["scripted/ohlc/BTC-USDT/1m"]],
    [{ series: ["scripted-futures/ohlc/BTC-USDT/1m"] }, ["scripted-futures/ohlc/BTC-USDT/1m"]],
    [{ series: ["scripted/ohlc/ETH-USDT/1m"], jobs: ["spot"] }, ["scripted/ohlc/ETH-USDT/1m"]]
  ]
  for (const [request, expected] of cases) {
    it.effect(JSON.stringify(request), () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* keys(request), expected)
      })
    )
  }

  it.effect("none at all means all", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* keys({ series: [] }), yield* keys({}))
    })
  )

  for (const key of ["scripted/ohlc/BTC-USDT/1h", "other/ohlc/BTC-USDT/1m", "futures/ohlc/BTC-USDT/1m", "nonsense"]) {
    it.effect(`${key} is in no job`, () =>
      Effect.map(Effect.flip(keys({ series: [key] })), (error) => assert.strictEqual(error._tag, "NoMatchingJob"))
    )
  }

  it.effect("the reason why it is impossible is told", () =>
    Effect.map(Effect.flip(keys({ series: ["scripted/smell/BTC-USDT/1m"] })), (error) =>
      assert.strictEqual(error._tag, "BackfillRefused")
    )
  )
})

describe("a source without a job", () => {
  it.effect("has the settings that the environment gives to it", () =>
    Effect.gen(function* () {
      const catalogue = {
        jobs: [],
        histories: yield* HistoryRegistry.make([new ScriptedHistory().history]),
        unit: "s",
        zone: DateTime.zoneUnsafeMakeNamed("UTC"),
        now: Date.parse("2026-01-02"),
        environment: (source: string) => ({ base_url: `http://127.0.0.1/${source}` })
      } as const
      const request = { source: "scripted", pairs: ["BTC/USDT"], span: 60, start: "2026-01-01" }
      const { planned } = yield* SeriesPlan.resolve(request, catalogue)
      assert.deepStrictEqual(
        planned.map(({ job }) => job.settings),
        [{ base_url: "http://127.0.0.1/scripted" }]
      )
    })
  )
})
