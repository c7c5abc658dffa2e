import { assert, describe, it } from "@effect/vitest"
import { Duration, Either, FastCheck as fc, Schema } from "effect"
import { ByteCount, DurationText, Port, ZoneName } from "../../src/site/Setting.js"

const millis = (text: string | number) =>
  Either.getOrUndefined(Either.map(Schema.decodeEither(DurationText)(text), Duration.toMillis))
const bytes = (text: string | number) => Either.getOrUndefined(Schema.decodeEither(ByteCount)(text))
const accepts = <A>(schema: Schema.Schema<A, A>, value: unknown) =>
  Either.isRight(Schema.decodeUnknownEither(schema)(value))

describe("settings", () => {
  it("reads durations", () => {
    const known: ReadonlyArray<readonly [string | number, number]> = [
      ["250ms", 250], ["5s", 5000], ["5 seconds", 5000], ["1h30m", 5_400_000], ["2 days", 172_800_000], ["1w", 604_800_000],
      ["1.5s", 1500], [" 3 min ", 180_000], [90, 90_000], [0, 0], ["0s", 0]
    ] // prettier-ignore
    for (const [text, expected] of known) assert.strictEqual(millis(text), expected, String(text))
    for (const wrong of ["", "5", "s", "5 parsecs", "-5s", -1, "1h-30m", "1h and 30m", Infinity, Number.NaN]) {
      assert.isUndefined(millis(wrong), String(wrong))
    }
  })

  it("writes durations so that they read the same", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), (n) =>
        assert.strictEqual(millis(Schema.encodeSync(DurationText)(Duration.millis(n))), n)
      )
    )
  })

  it("reads and writes sizes", () => {
    assert.strictEqual(bytes("2 MiB"), 2 * 2 ** 20)
    assert.strictEqual(bytes("2mib"), 2 * 2 ** 20)
    assert.strictEqual(bytes("500 kB"), 500_000)
    assert.strictEqual(bytes(12), 12)
    assert.strictEqual(bytes("12"), 12)
    for (const wrong of ["", "MiB", "-1", "2 MB/s", 1.5, -1, "2 XiB"]) assert.isUndefined(bytes(wrong), String(wrong))
    assert.strictEqual(Schema.encodeSync(ByteCount)(2 ** 21), "2 MiB")
    assert.strictEqual(Schema.encodeSync(ByteCount)(1000), 1000)
    assert.strictEqual(Schema.encodeSync(ByteCount)(0), 0)
  })

  it("knows zones and ports", () => {
    for (const zone of ["local", "UTC", "Local", "Europe/Berlin"]) assert.isTrue(accepts(ZoneName, zone), zone)
    for (const zone of ["", "Mars/Olympus", "localtime"]) assert.isFalse(accepts(ZoneName, zone), zone)
    for (const port of [0, 6562, 65535]) assert.isTrue(accepts(Port, port))
    for (const port of [-1, 65536, 1.5]) assert.isFalse(accepts(Port, port))
  })
})
