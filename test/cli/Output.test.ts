import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Stream, TestClock } from "effect"
import { BrokenPipe } from "../../src/cli/Failure.js"
import * as Globals from "../../src/cli/Globals.js"
import * as Nearest from "../../src/domain/Nearest.js"
import * as Output from "../../src/cli/Output.js"
import * as Progress from "../../src/cli/Progress.js"
import * as Readable from "../../src/cli/Readable.js"
import { StandardIo } from "../../src/cli/StandardIo.js"

const recording = (terminal: boolean, taking = Number.POSITIVE_INFINITY) => {
  const printed = { out: [] as Array<string>, err: "" }
  const io = StandardIo.of({
    out: (chunk) =>
      Effect.suspend(() =>
        printed.out.length >= taking
          ? Effect.fail(new BrokenPipe())
          : Effect.sync(() => void printed.out.push(String(chunk)))
      ),
    err: (text) => Effect.sync(() => void (printed.err += text)),
    input: Stream.empty,
    terminal: { input: terminal, out: terminal, err: terminal },
    columns: Effect.succeed(60),
    rows: Effect.succeed(24)
  })
  return { io, printed }
}

const dim = (text: string) => `<${text}>`

/** What a second of progress prints. */
const drawn = (terminal: boolean, options: { quiet?: true; environment?: Record<string, string> }) =>
  Effect.gen(function* () {
    const { io, printed } = recording(terminal)
    const globals = yield* Globals.decode(options.quiet === true ? { "--quiet": true } : {})
    yield* Effect.scoped(
      Effect.gen(function* () {
        const progress = yield* Progress.make({ noun: "line", total: Option.none() })
        yield* progress.add({ bytes: 5, items: 2 })
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* progress.done, { bytes: 5, items: 2 })
      })
    ).pipe(
      Effect.provideService(StandardIo, io),
      Effect.provideService(Globals.Globals, globals),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(options.environment ?? {}))))
    )
    return printed
  })

describe("lines", () => {
  it.effect("are written a batch at a time, none for an empty one", () =>
    Effect.gen(function* () {
      const { io, printed } = recording(false)
      const stream = Stream.make("a", "b", "c").pipe(
        Stream.filter((text) => text !== "b"),
        Stream.concat(Stream.make("d"))
      )
      yield* Output.lines(
        Stream.concat(
          stream,
          Stream.filter(Stream.make("x"), () => false)
        )
      ).pipe(Effect.provideService(StandardIo, io))
      assert.strictEqual(printed.out.join(""), "a\nc\nd\n")
    })
  )

  it.effect("stop with their reader", () =>
    Effect.gen(function* () {
      const { io, printed } = recording(false, 2)
      const endless = Stream.range(1, Number.MAX_SAFE_INTEGER, 10).pipe(Stream.map(String))
      const end = yield* Effect.flip(Output.lines(endless).pipe(Effect.provideService(StandardIo, io)))
      assert.strictEqual(end._tag, "BrokenPipe")
      assert.strictEqual(printed.out.length, 2)
    })
  )
})

it("tables are aligned, colours not counted", () => {
  assert.deepStrictEqual(
    Output.table(
      [
        ["A", "LONG"],
        ["\u001b[1mbold\u001b[0m", "x"],
        ["y", ""]
      ],
      { dim }
    ),
    ["<A     LONG>", "\u001b[1mbold\u001b[0m  x", "y"]
  )
  assert.deepStrictEqual(Output.table([], { dim }), [])
})

describe("progress", () => {
  it("has a bar only where the total is known", () => {
    assert.strictEqual(
      Progress.line({ bytes: 2048, items: 1500 }, 2000, { noun: "event", total: Option.none() }),
      "2.0 KiB  1,500 events  1.0 KiB/s"
    )
    assert.strictEqual(
      Progress.line({ bytes: 10, items: 1 }, 1000, { noun: "event", total: Option.some(4) }),
      "[######------------------] 25 %  10 B  1 event  10 B/s"
    )
    assert.match(Progress.line({ bytes: 0, items: 0 }, 0, { noun: "event", total: Option.some(0) }), /100 %/)
    assert.match(Progress.line({ bytes: 0, items: 9 }, 0, { noun: "event", total: Option.some(4) }), /\[#{24}\] 100 %/)
  })

  it.effect("is drawn on a terminal, on standard error, and wiped", () =>
    Effect.gen(function* () {
      const { err, out } = yield* drawn(true, {})
      assert.include(err, "\r\u001b[K5 B  2 lines  5 B/s")
      assert.isTrue(err.endsWith("\r\u001b[K"))
      assert.deepStrictEqual(out, [])
    })
  )

  it.effect("is silent elsewhere, with --quiet and with NO_COLOR", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* drawn(false, {})).err, "")
      assert.strictEqual((yield* drawn(true, { quiet: true })).err, "")
      assert.strictEqual((yield* drawn(true, { environment: { NO_COLOR: "1" } })).err, "")
    })
  )
})

it("keys are cut where they tell least", () => {
  assert.strictEqual(Output.cutMiddle("binance/ohlc/BTC-USDT/1h", 24), "binance/ohlc/BTC-USDT/1h")
  assert.strictEqual(Output.cutMiddle("binance/ohlc/BTC-USDT/1h", 11), "binan…DT/1h")
  assert.strictEqual(Output.cutMiddle("abcdef", 2), "a…")
})

it("figures for people", () => {
  assert.deepStrictEqual([0.04, 3.26, 7, 99.6, 12_345.6].map(Readable.rate), ["0.0", "3.3", "7", "100", "12,346"])
  assert.deepStrictEqual(
    [0, 0.01, 50, 99.99, 100].map((part) => Readable.percent(part, 100)),
    ["0 %", "0.1 %", "50.0 %", "99.9 %", "100 %"]
  )
  assert.deepStrictEqual(
    ["2026-03-17T00:00:00Z", "2026-03-17T11:50:00Z", "2026-03-17T11:50:10Z", "2026-03-17T00:00:00.500Z"].map((text) =>
      Readable.utc(Date.parse(text))
    ),
    ["2026-03-17", "2026-03-17 11:50", "2026-03-17 11:50:10", "2026-03-17 00:00:00.5"]
  )
  assert.deepStrictEqual([0, 1023, 1024, 1.5 * 2 ** 30, 2 ** 50].map(Readable.bytes), [
    "0 B",
    "1023 B",
    "1.0 KiB",
    "1.5 GiB",
    "1024 TiB"
  ])
  assert.deepStrictEqual([5, 1500, 61_000, 3_600_000, 90_061_000].map(Readable.span), [
    "5 ms",
    "1.5 s",
    "1 min",
    "1 h",
    "1 d 1 h"
  ])
  assert.deepStrictEqual([1, 999, 1000, 1234567].map(Readable.count), ["1", "999", "1,000", "1,234,567"])
  assert.strictEqual(Readable.plural(1, "event"), "1 event")
})

it("the nearest name, or none", () => {
  assert.strictEqual(Nearest.of("stauts", ["start", "status"]), "status")
  assert.strictEqual(Nearest.of("--jsno", ["--json", "--site"]), "--json")
  assert.strictEqual(Nearest.of("x", ["status"]), undefined)
  assert.strictEqual(Nearest.of("anything", []), undefined)
  assert.strictEqual(Nearest.distance("ab", "ba"), 1)
  assert.strictEqual(Nearest.distance("", "abc"), 3)
})
