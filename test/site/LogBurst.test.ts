import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Layer } from "effect"
import { LogBurst } from "../../src/site/internal/logBurst.js"
import type { LogEntry } from "../../src/site/internal/logText.js"
import * as Logging from "../../src/site/Logging.js"
import * as Redaction from "../../src/site/Redaction.js"
import { LogBurstSettings } from "../../src/site/Settings.js"

const entry = (message: string, more: Partial<LogEntry> = {}): LogEntry => ({
  ts: "2026-01-02T03:04:05.678Z",
  level: "WARN",
  message,
  ...more
})
const messages = (entries: ReadonlyArray<LogEntry>) => entries.map(({ message }) => message)

describe("a burst of the same line", () => {
  it("passes up to its limit; what is left out is counted once the window is over", () => {
    const burst = new LogBurst({ lines: 2, within: 1_000 })
    const passed = [0, 100, 200, 300].flatMap((now) => messages(burst.take(entry(`lost frame ${now}`), now)))
    assert.deepStrictEqual(passed, ["lost frame 0", "lost frame 100"])
    assert.deepStrictEqual(messages(burst.take(entry("another"), 999)), ["another"])
    assert.deepStrictEqual(messages(burst.take(entry("lost frame 7"), 1_000)), [
      "lost frame 300 (2 lines like this left out)",
      "lost frame 7"
    ])
    assert.deepStrictEqual(burst.rest(), [])
  })

  it("what is held back at the end is counted, too", () => {
    const burst = new LogBurst({ lines: 1, within: 1_000 })
    for (const now of [0, 1, 2]) burst.take(entry("x"), now)
    assert.deepStrictEqual(messages(burst.rest()), ["x (2 lines like this left out)"])
    assert.deepStrictEqual(burst.rest(), [])
  })

  it("lines of another level, place or text are another kind, and digits make none", () => {
    const burst = new LogBurst({ lines: 1, within: 1_000 })
    const kinds = [
      entry("a 1"),
      entry("b 1"),
      entry("a 1", { level: "ERROR" }),
      entry("a 1", { child: "procedures/pump" }),
      entry("a 1", { source: "eiger" })
    ]
    assert.strictEqual(kinds.flatMap((line) => burst.take(line, 0)).length, kinds.length)
    assert.deepStrictEqual(burst.take(entry("a 22"), 1), [])
  })

  it("a clock that is set back ends the windows", () => {
    const burst = new LogBurst({ lines: 1, within: 1_000 })
    burst.take(entry("x"), 10_000)
    burst.take(entry("x"), 10_001)
    assert.deepStrictEqual(messages(burst.take(entry("x"), 5)), ["x (a line like this left out)", "x"])
  })

  it("every line is written or counted, whatever comes", () => {
    const line = FastCheck.record({ kind: FastCheck.nat(3_000), after: FastCheck.nat(400) })
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(line, { maxLength: 300 }),
        FastCheck.integer({ min: 1, max: 5 }),
        (all, lines) => {
          const burst = new LogBurst({ lines, within: 1_000 })
          let now = 0
          const written = all.flatMap(({ after, kind }) => burst.take(entry(`${"k".repeat(kind % 7)}`), (now += after)))
          const told = [...written, ...burst.rest()].map(
            ({ message }) => /\((?:(\d+) lines|a line) like this/.exec(message)?.[1]
          )
          assert.strictEqual(
            told.reduce((sum, held) => sum + Number(held ?? 1), 0),
            all.length
          )
        }
      )
    )
  })

  it("of more kinds than it remembers the oldest is told and forgotten", () => {
    const burst = new LogBurst({ lines: 1, within: 1_000 })
    burst.take(entry("first"), 0)
    burst.take(entry("first"), 0)
    const names = Array.from({ length: 1_000 }, (_, k) => "x".repeat(1 + (k % 50)) + "y".repeat(1 + Math.floor(k / 50)))
    const told = names.flatMap((name) => messages(burst.take(entry(name), 1)))
    assert.strictEqual(told.filter((message) => message.startsWith("first (a line")).length, 1)
    assert.strictEqual(told.length, 1_001)
  })

  it.effect("is held back by the program's own logger", () =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const sink = Effect.succeed({ terminal: false, colours: false, write: (line: string) => void written.push(line) })
      const settings = { level: "info", console: "logfmt", burst: new LogBurstSettings({ lines: 3 }) } as const
      yield* Effect.forEach([1, 2, 3, 4, 5], (n) => Effect.logInfo(`frame ${n}`)).pipe(
        Effect.provide(Logging.layerConsole(settings, sink).pipe(Layer.provide(Redaction.layer)))
      )
      assert.strictEqual(written.length, 4)
      assert.include(written[3], "frame 5 (2 lines like this left out)")
    })
  )
})
