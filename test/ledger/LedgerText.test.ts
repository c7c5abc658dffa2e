import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as LedgerText from "../../src/ledger/LedgerText.js"
import { microsOf, textOfMicros } from "../../src/ledger/internal/instantBytes.js"
import { hasPython, python } from "../support/Python.js"

const sample = <A>(arbitrary: FastCheck.Arbitrary<A>) => FastCheck.sample(arbitrary, { numRuns: 3_000, seed: 7 })

const bytesMicros = (text: string) => microsOf(Buffer.from(`..${text}..`), 2, 2 + text.length)

describe("numbers", () => {
  it.skipIf(!hasPython)("are rounded as Python's % rounds them, ties to the even digit", () => {
    const bytes = sample(
      FastCheck.oneof(
        FastCheck.nat(),
        FastCheck.nat({ max: 9_999 }).map((n) => n * 32_768)
      )
    )
    const seconds = sample(
      FastCheck.oneof(
        FastCheck.double({ min: 0, max: 1e6, noNaN: true }),
        FastCheck.nat({ max: 99_999 }).map((n) => n / 16),
        FastCheck.nat({ max: 99_999 }).map((n) => n / 2_000)
      )
    )
    const [sizes, spans] = python(
      `print(json.dumps([["%.4f" % (b / 2**20) for b in data[0]], ["%.3f" % s for s in data[1]]]))`,
      [bytes, seconds]
    )
    assert.deepStrictEqual(bytes.map(LedgerText.mebibytes), sizes)
    assert.deepStrictEqual(seconds.map(LedgerText.seconds), spans)
  })

  it("percent has no value where nothing was expected", () => {
    assert.deepStrictEqual([LedgerText.percent(1, 3), LedgerText.percent(5, 0)], ["33.3333", ""])
  })
})

describe("times", () => {
  it("instants always have six decimals, edges only where they need them", () => {
    const noon = Date.UTC(2026, 0, 1, 12)
    assert.strictEqual(LedgerText.instant(noon), "2026-01-01T12:00:00.000000+00:00")
    assert.strictEqual(LedgerText.instant(noon + 7), "2026-01-01T12:00:00.007000+00:00")
    assert.strictEqual(LedgerText.edge(noon), "2026-01-01T12:00:00+00:00")
    assert.strictEqual(LedgerText.edge(noon + 500), "2026-01-01T12:00:00.500000+00:00")
    assert.strictEqual(LedgerText.date(noon), "2026-01-01")
  })

  it("are read back, in other zones too, and nothing else is", () => {
    const millis = Date.UTC(2026, 0, 1, 12, 0, 0, 570)
    for (const text of [
      LedgerText.instant(millis),
      "2026-01-01T12:00:00.57Z",
      "2026-01-01T14:00:00.570999+02:00",
      "2026-01-01 08:30:00.570-03:30"
    ])
      assert.strictEqual(LedgerText.millisOf(text), millis, text)
    for (const text of ["", "2026-01-01", "2026-01-01T12:00:00", "2026-02-30T00:00:00Z", "2026-01-01T24:00:01Z", "x"])
      assert.isUndefined(LedgerText.millisOf(text), text)
  })

  it("off the bytes, the same as off the text", () => {
    const instants = FastCheck.integer({ min: Date.UTC(1700, 0, 1), max: Date.UTC(2250, 0, 1) })
    for (const millis of sample(instants)) {
      assert.strictEqual(bytesMicros(LedgerText.instant(millis)), millis * 1000)
      assert.strictEqual(bytesMicros(LedgerText.edge(millis)), millis * 1000)
      assert.strictEqual(textOfMicros(millis * 1000 + 7), LedgerText.instant(millis).replace("000+", "007+"))
    }
    for (const text of [
      "2026-02-29T00:00:00+00:00",
      "2026-13-01T00:00:00+00:00",
      "2026-01-01T24:00:00+00:00",
      "2026-01-01T00:00:00+01:00",
      "2026-01-01 00:00:00+00:00",
      "2026-01-01T00:00:00.1234567+00:00",
      "2026-01-01T00:00:0x+00:00",
      "9999-01-01T00:00:00+00:00",
      ""
    ])
      assert.isNaN(bytesMicros(text), text)
    assert.strictEqual(bytesMicros("2024-02-29T00:00:00+00:00"), Date.UTC(2024, 1, 29) * 1000)
  })
})

describe("dates", () => {
  it("are those of the calendar, years 1 to 9999, in one spelling", () => {
    for (const text of ["2026-01-01", "0001-01-01", "9999-12-31", "2024-02-29", "2000-02-29"])
      assert.isTrue(LedgerText.isDate(text), text)
    for (const text of "2026-1-1 20260101 2026-W01-1 2026-01-32 2026-02-29 1900-02-29 0000-01-01 2026-00-10 2026-01-00 2026-01-01T00:00 ２０２６-01-01".split(
      " "
    ))
      assert.isFalse(LedgerText.isDate(text), text)
    assert.isFalse(LedgerText.isDate(" 2026-01-01"))
    assert.isFalse(LedgerText.isDate("2026-01-01\n"))
  })
})
