import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { SeriesCoverage } from "../../src/domain/Backfill.js"
import { BackfillDouble, key } from "../support/BackfillDouble.js"
import { CommandLine, layer } from "../support/CommandLine.js"

const at = (text: string) => Date.parse(text)

const january: SeriesCoverage = {
  series: key,
  start: at("2024-01-01"),
  end: at("2024-02-01"),
  fetched: [
    [at("2024-01-01"), at("2024-01-10")],
    [at("2024-01-12"), at("2024-01-30T12:00Z")]
  ],
  empty: [],
  failed: [[at("2024-01-11"), at("2024-01-12")]],
  unknown: [
    [at("2024-01-10"), at("2024-01-11")],
    [at("2024-01-30T12:00Z"), at("2024-02-01")],
    // No row of an hour can be missing in it.
    [at("2024-02-01"), at("2024-02-01T00:20Z")]
  ]
}

const prepared = Effect.gen(function* () {
  const backfills = yield* BackfillDouble
  backfills.covered = [january]
  return { backfills, line: yield* CommandLine }
})

describe("coverage", () => {
  it.effect("a calendar, totals and the holes one by one", () =>
    Effect.gen(function* () {
      const { line } = yield* prepared
      const { code, out } = yield* line.run(["coverage", key])
      assert.strictEqual(code, 0)
      assert.strictEqual(
        out,
        [
          `${key}  2024-01-01 to 2024-02-01`,
          "88.7 % fetched, 0 % empty, 3.2 % failed, 8.1 % unknown",
          "          1   5    10   15   20   25   30",
          "2024 Jan  █████████·x██████████████████▒·  88.7 %",
          "3 holes:",
          "  unknown  2024-01-10 to 2024-01-11  1 d",
          "  failed   2024-01-11 to 2024-01-12  1 d",
          "  unknown  2024-01-30 12:00 to 2024-02-01  1 d 12 h",
          "",
          "█ fetched   ○ empty   ▒ partly   x failed   · unknown",
          ""
        ].join("\n")
      )
      assert.strictEqual(line.connects[0]?.need, "read")
    }).pipe(Effect.provide(layer))
  )

  it.effect("only so many holes; in another zone", () =>
    Effect.gen(function* () {
      const { line } = yield* prepared
      const { out } = yield* line.run(["coverage", "--holes", "1", "--zone", "Europe/Berlin"])
      assert.include(out, "\n3 holes:\n  unknown  2024-01-10 01:00 to 2024-01-11 01:00  1 d\n  and 2 more\n")
      assert.include(out, "\n     Feb  ·")
    }).pipe(Effect.provide(layer))
  )

  it.effect("colours are for terminals alone", () =>
    Effect.gen(function* () {
      const { line } = yield* prepared
      assert.include((yield* line.run(["coverage"], { terminal: true })).out, "\u001b[31mx\u001b[0m\u001b[32m█")
      assert.notInclude((yield* line.run(["coverage"])).out, "\u001b")
    }).pipe(Effect.provide(layer))
  )

  it.effect("of many series a table", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      backfills.covered = Array.from({ length: 13 }, (_, n) => ({ ...january, series: `a/ohlc/p${n}/1h` }))
      const lines = (yield* line.run(["coverage"])).out.trimEnd().split("\n")
      assert.strictEqual(lines.length, 14)
      assert.match(lines[13] ?? "", /^a\/ohlc\/p12\/1h {2}2024-01-01 {2}2024-02-01 {2}88\.7 % +0 % +3\.2 % +8\.1 % +3$/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("--json gives the ranges, of the range that was asked for", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      const { out } = yield* line.run([
        "coverage",
        key,
        "--start",
        "2024-01-01T00:00Z",
        "--end",
        "1704153600",
        "--json"
      ])
      assert.deepStrictEqual(JSON.parse(out), { coverage: [january] })
      assert.deepStrictEqual(backfills.asked, [
        ["coverage", { series: key, start: at("2024-01-01"), end: at("2024-01-02") }]
      ])
    }).pipe(Effect.provide(layer))
  )

  const refused: ReadonlyArray<readonly [number, ReadonlyArray<string>, RegExp]> = [
    [2, ["BTC"], /'BTC' is no key of a series\nhint: write it like binance/],
    [2, ["--start", "2024-02-01", "--end", "2024-01-01"], /--start is not before --end/],
    [2, ["--zone", "Mars/Olympus"], /--zone does not know 'Mars\/Olympus'/],
    [3, ["nope/ohlc/BTC-USDT/1h"], /nothing is known of nope\/ohlc\/BTC-USDT\/1h\nhint: .*outpost inventory/]
  ]
  for (const [code, args, message] of refused) {
    it.effect(`${args.join(" ")} exits ${code}`, () =>
      Effect.gen(function* () {
        const { line } = yield* prepared
        const result = yield* line.run(["coverage", ...args])
        assert.deepStrictEqual([result.code, result.out], [code, ""])
        assert.match(result.err, message)
      }).pipe(Effect.provide(layer))
    )
  }
})
