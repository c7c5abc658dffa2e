/** Merges against a table in memory: whatever rows come, in whatever order, however often, in whatever groups. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Logger, LogLevel } from "effect"
import type { Row, RowLayout } from "../../src/domain/RowLayout.js"
import type { Series } from "../../src/domain/Series.js"
import { book, collect, layout, make, minutes, trades } from "../support/TemporaryDataset.js"

const base = 1_767_225_540_000_000_000n // 2025-12-31T23:59:00Z
const text = (value: unknown) => JSON.stringify(value, (_, one) => (typeof one === "bigint" ? `${one}n` : one))

/** The rows that should be kept: the latest of each key and period, by time, then by the first arrival of the key. */
const oracle = (form: RowLayout, arrived: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const length = form.period === "year" ? 4 : 10
  const kept = new Map<string, Row>()
  for (const row of arrived) {
    const at = row["TS"]
    if (typeof at !== "bigint" || at <= 0n) continue
    const period = new Date(Number(at / 1_000_000n)).toISOString().slice(0, length)
    const whole = form.key.every((field) => (row[field] ?? null) !== null)
    const fields = whole ? form.key : (form.otherwise ?? form.key)
    kept.set(text([period, whole, ...fields.map((field) => row[field] ?? null)]), row)
  }
  const fields = ["TS", ...form.columns.map(({ field }) => field)]
  return [...kept.values()]
    .map((row): Row => Object.fromEntries(fields.map((field) => [field, row[field] ?? null])))
    .sort((a, b) => (Number(a["TS"]) === Number(b["TS"]) ? 0 : Number(a["TS"]) < Number(b["TS"]) ? -1 : 1))
}

const few = FastCheck.integer({ min: 0, max: 4 })
const price = FastCheck.constantFrom(1, 1.5, 0.1, 1 / 3)
const at = (step: bigint) => FastCheck.integer({ min: -1, max: 8 }).map((k) => (k < 0 ? 0n : base + BigInt(k) * step))

const kinds: ReadonlyArray<readonly [Series, FastCheck.Arbitrary<Row>]> = [
  [minutes, FastCheck.record({ TS: at(60_000_000_000n), open: price, close: price, volume: FastCheck.option(price) })],
  [
    trades,
    FastCheck.record({
      TS: at(20_000_000_000n),
      tid: FastCheck.option(few.map(String)),
      price,
      amount: price,
      side: FastCheck.constantFrom("buy", "sell")
    })
  ],
  [
    book,
    FastCheck.record({ TS: at(20_000_000_000n), side: FastCheck.constantFrom("bid", "ask"), price, amount: price })
  ]
]

describe("merging", () => {
  for (const [series, row] of kinds) {
    for (const unit of ["s", "ns"] as const) {
      const form = layout(series.type, unit)
      const groups = FastCheck.array(
        FastCheck.array(FastCheck.array(row, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
        {
          minLength: 1,
          maxLength: 4
        }
      )
      it.scopedLive(`${series.type}, ${unit}: equals the oracle`, () =>
        Effect.gen(function* () {
          const { duck } = yield* make()
          for (const sample of FastCheck.sample(groups, { numRuns: 6, seed: 7 })) {
            const data = yield* make({ duck })
            for (const group of sample) {
              const parts = yield* Effect.forEach(group, (rows) =>
                data.dataset.writePart(series, form, { start: 0, end: 1 }, rows)
              )
              const result = yield* data.dataset.merge(series, form, parts)
              assert.deepStrictEqual(result.setAside, [])
              assert.strictEqual(result.dropped, group.flat().filter(({ TS }) => TS === 0n).length)
            }
            const expected = oracle(form, sample.flat(2))
            const found = expected.length === 0 ? [] : yield* collect(data.dataset.read({ series, layout: form }))
            if (form.key.includes("TS")) assert.deepStrictEqual(found, expected)
            // A trade whose time was corrected may stand elsewhere among those of its new time.
            assert.sameDeepMembers([...found], [...expected])
            assert.deepStrictEqual(
              found.map(({ TS }) => TS),
              expected.map(({ TS }) => TS)
            )
          }
        }).pipe(Logger.withMinimumLogLevel(LogLevel.Error))
      )
    }
  }
})
