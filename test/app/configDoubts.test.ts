import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { ConfigFile } from "../../src/app/ConfigFile.js"
import { onDisk, over } from "./ConfigSite.js"

const candles = (exchange: string, pairs: ReadonlyArray<string>, span: number) => ({ exchange, pairs, span })
const live = (exchange: string, pairs: ReadonlyArray<string>, channels: ReadonlyArray<string>) => ({
  exchange,
  pairs,
  channels
})

/** What speaks against a document from elsewhere, by place. */
const refusals = (body: object) =>
  Effect.flatMap(ConfigFile, (file) => Effect.flip(file.validate(body))).pipe(
    Effect.map(({ issues }) => issues.map(({ message, path }) => `${path}: ${message}`))
  )

const cases: ReadonlyArray<readonly [string, object, ReadonlyArray<string>]> = [
  [
    "one series in two entries",
    { histo_jobs: [candles("okx", ["BTC/USDT", "ETH/USDT"], 60), candles("okx", ["ETH/USDT"], 60)] },
    [
      "histo_jobs[1].pairs[0]: candles of 60 s of ETH/USDT at okx: asked for twice, by histo_jobs[0].pairs[1] and histo_jobs[1].pairs[0]"
    ]
  ],
  [
    "one pair twice in an entry",
    { histo_jobs: [candles("okx", ["BTC/USDT", "BTC/USDT"], 60)] },
    [
      "histo_jobs[0].pairs[1]: candles of 60 s of BTC/USDT at okx: asked for twice, by histo_jobs[0].pairs[0] and histo_jobs[0].pairs[1]"
    ]
  ],
  [
    "one channel in two streams, whatever else they record",
    { stream_jobs: [live("okx", ["BTC/USDT"], ["trades"]), live("okx", ["BTC-USDT"], ["book", "trades"])] },
    [
      "stream_jobs[1].pairs[0]: trades of BTC-USDT at okx: asked for twice, by stream_jobs[0].pairs[0] and stream_jobs[1].pairs[0]"
    ]
  ],
  [
    "a pair that would climb out of the data",
    { histo_jobs: [candles("okx", ["../../BTC/USDT"], 60)] },
    ["histo_jobs[0].pairs[0]: can't be the name of a directory"]
  ]
]

const different = {
  histo_jobs: [
    candles("okx", ["BTC/USDT", "ETH/USDT"], 60),
    candles("okx", ["BTC/USDT"], 3600),
    candles("binance", ["BTC/USDT"], 60)
  ],
  stream_jobs: [live("okx", ["BTC/USDT"], ["trades"]), live("okx", ["BTC/USDT"], ["book"])]
}

describe("what a config asks for twice", () => {
  for (const [name, body, expected] of cases) {
    it.scoped(`${name} is refused, with both places`, () =>
      over(
        "histo_jobs: [{exchange: okx, pairs: [BTC/USDT], span: 60}]\n",
        Effect.gen(function* () {
          const before = yield* onDisk
          assert.deepStrictEqual(yield* refusals(body), expected)
          const file = yield* ConfigFile
          assert.strictEqual((yield* Effect.flip(file.put(body)))._tag, "ConfigInvalid")
          assert.strictEqual(yield* onDisk, before)
        })
      )
    )
  }

  it.scoped("what only looks alike is taken", () =>
    over(
      undefined,
      Effect.flatMap(ConfigFile, (file) => file.put(different))
    )
  )

  it.scoped("a file that has it is in force, and says so once, with the line", () =>
    Effect.gen(function* () {
      const said: Array<string> = []
      const listening = Logger.make(({ logLevel, message }) => {
        if (logLevel._tag === "Warning") said.push(String(message))
      })
      const text =
        "histo_jobs:\n  - {exchange: okx, pairs: [BTC/USDT], span: 60}\n  - {exchange: okx, pairs: [BTC/USDT], span: 60}\n"
      yield* over(
        text,
        Effect.gen(function* () {
          const file = yield* ConfigFile
          assert.lengthOf(yield* file.slice("histo_jobs"), 2)
          yield* file.reload
          const [doubt, ...others] = yield* file.doubts
          assert.deepStrictEqual([doubt?.path, doubt?.line, others], ["histo_jobs[1].pairs[0]", 3, []])
        })
      ).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, listening)))
      assert.lengthOf(said, 1)
      assert.include(said[0], "by histo_jobs[0].pairs[0] and histo_jobs[1].pairs[0]")
    })
  )
})
