import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { job, open } from "../support/BackfillSite.js"
import { ScriptedHistory } from "../support/ScriptedHistory.js"
import { temporaryDirectory } from "../support/Store.js"

describe("rows that can't be read", () => {
  it.scopedLive("are counted in the record and told in the log, and the rest is kept", () => {
    const said: Array<string> = []
    const listening = Logger.make(({ logLevel, message }) => {
      if (logLevel._tag === "Warning") said.push(String(message))
    })
    return Effect.gen(function* () {
      const history = new ScriptedHistory(() => "partly")
      const { backfills } = yield* open(yield* temporaryDirectory, [history.history], [job()])
      const { id } = yield* backfills.start({})
      const { complete, series } = yield* backfills.await(id)
      assert.isTrue(complete)
      assert.deepInclude({ ...series[0] }, { rows: 540, unreadable: 60, failed: 0 })
      assert.deepStrictEqual(said, [
        `backfill ${id}: 60 rows of the answers for scripted/ohlc/BTC-USDT/1m could not be read`
      ])
    }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, listening)))
  })
})
