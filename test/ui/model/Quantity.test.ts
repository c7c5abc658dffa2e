import { assert, describe, it } from "@effect/vitest"
import * as Quantity from "../../../src/ui/model/Quantity.js"

const table = <A>(name: string, of: (value: A) => string, cases: ReadonlyArray<readonly [A, string]>) =>
  it(name, () => {
    for (const [value, text] of cases) assert.strictEqual(of(value), text)
  })

describe("Quantity", () => {
  table("bytes are binary, with three digits", Quantity.bytes, [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.00 KiB"],
    [1536, "1.50 KiB"],
    [10_240, "10.0 KiB"],
    [1024 * 1024 - 1, "1.00 MiB"],
    [412 * 2 ** 30, "412 GiB"],
    [3 * 2 ** 50, "3.00 PiB"],
    [-2048, "-2.00 KiB"]
  ])

  table("durations have their two largest units", Quantity.duration, [
    [-5, "0.0 s"],
    [420, "0.4 s"],
    [9_960, "10 s"],
    [59_000, "59 s"],
    [60_000, "1 min"],
    [310_000, "5 min 10 s"],
    [3_600_000 * 3 + 60_000 * 12, "3 h 12 min"],
    [86_400_000 * 8 + 3_600_000 * 4, "8 d 4 h"],
    [86_400_000 * 365 * 3, "3 years"]
  ])

  table("ages have one unit", Quantity.age, [
    [-1, "now"],
    [999, "now"],
    [12_900, "12 s"],
    [3_599_999, "59 min"],
    [3_600_000, "1 h"],
    [86_400_000 * 3, "3 d"]
  ])

  table("rates have few digits", Quantity.rate, [
    [0, "0"],
    [0.004, "<0.01"],
    [0.2, "0.20"],
    [3.14, "3.1"],
    [1240.4, "1,240"]
  ])

  it("values bear their unit and four digits", () => {
    assert.strictEqual(Quantity.measured(0.123456), "0.123")
    assert.strictEqual(Quantity.measured(98.765), "98.77")
    assert.strictEqual(Quantity.measured(1_234_567), "1.23e6")
    assert.strictEqual(Quantity.measured(42), "42")
    assert.strictEqual(Quantity.measured(21.5, "celsius"), "21.50 °C")
    assert.strictEqual(Quantity.measured(2048, "bytes-per-second"), "2.00 KiB/s")
  })

  it("an axis has the digits its steps need", () => {
    assert.deepStrictEqual(
      [55, 57.5, 60].map((value) => Quantity.onAxis(value, "percent", 2.5)),
      ["55.0 %", "57.5 %", "60.0 %"]
    )
    assert.strictEqual(Quantity.onAxis(20, "none", 20), "20")
    assert.strictEqual(Quantity.onAxis(0.25, "none", 0.05), "0.25")
    assert.strictEqual(Quantity.onAxis(2 ** 37, "bytes", 2 ** 37), "128 GiB")
    assert.strictEqual(Quantity.onAxis(0, "bytes", 2 ** 37), "0 B")
  })

  it("units come from names", () => {
    assert.strictEqual(Quantity.unitOf("a", "mem.used_bytes"), "bytes")
    assert.strictEqual(Quantity.unitOf("a", "cpu_percent"), "percent")
    assert.strictEqual(Quantity.unitOf("a", "latency_ms"), "milliseconds")
    assert.strictEqual(Quantity.unitOf("system.memory", "total"), "bytes")
    assert.strictEqual(Quantity.unitOf("shop", "total"), "none")
  })
})
