import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Stream } from "effect"
import { TelemetryHistory } from "../../src/plugins/history/TelemetryHistory.js"
import * as RecordedEvents from "../../src/source/RecordedEvents.js"
import { TelemetryStore } from "../../src/telemetry/TelemetryStore.js"
import { rowsOf, series } from "../conformance/HistorySuite.js"
import { Outgoing } from "../../src/outgoing/Outgoing.js"
import * as Store from "../support/Store.js"

const nobody = Outgoing.of({ send: () => Effect.dieMessage("asked over the network") })
const at = (second: number) => `2026-03-01T12:00:${String(second).padStart(2, "0")}.500000+00:00`
const start = Date.parse("2026-03-01T12:00:00Z")

/** Ten events of one type and some of another, a second apart. */
const posted = Effect.gen(function* () {
  const store = yield* Store.open(yield* Store.temporaryDirectory)
  for (let n = 0; n < 10; n++) {
    const body = (type: string) =>
      Buffer.from(JSON.stringify({ type, ts: at(n), data: { level: n, deep: { v: n / 2 } } }))
    yield* store.post(body("tank"))
    if (n % 3 === 0) yield* store.post(body("other"))
  }
  return yield* Effect.provideService(RecordedEvents.make, TelemetryStore, store)
})

describe("RecordedEvents", () => {
  it.scopedLive("are those of one type and a range, the end exclusive; and the newest", () =>
    Effect.gen(function* () {
      const { between, newest } = yield* posted
      const some = yield* Stream.runCollect(between("tank", { start: start + 2500, end: start + 5500 }))
      assert.deepStrictEqual(
        [...some].map(({ data, ts }) => [ts, data]),
        [2, 3, 4].map((n) => [at(n), { level: n, deep: { v: n / 2 } }])
      )
      assert.deepInclude(Option.getOrThrow(yield* newest("other")), { ts: at(9), stream: "site" })
      assert.deepStrictEqual(yield* newest("nobody"), Option.none())
    })
  )

  it.scopedLive("become rows of the history telemetry", () =>
    Effect.gen(function* () {
      const recorded = yield* posted
      const prepared = yield* TelemetryHistory.prepare({}).pipe(
        Effect.provideService(RecordedEvents.RecordedEvents, recorded)
      )
      const { layout } = yield* prepared.plan(series("telemetry", "tank"), "s")
      assert.deepStrictEqual(
        layout.columns.map(({ name }) => name),
        ["level", "deep_v", "seq", "stream"]
      )
      const rows = yield* rowsOf(prepared, series("telemetry", "tank"), { start, end: start + 60_000 }, nobody)
      assert.deepStrictEqual(
        rows.map(({ deep_v, level, TS }) => [Number(TS) / 1e6 - start, level, deep_v]),
        Array.from({ length: 10 }, (_, n) => [n * 1000 + 500, n, n / 2])
      )
    })
  )
})
