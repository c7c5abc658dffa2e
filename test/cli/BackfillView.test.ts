import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import type { SeriesProgress } from "../../src/domain/Backfill.js"
import * as BackfillView from "../../src/cli/BackfillView.js"
import * as Output from "../../src/cli/Output.js"
import type * as Pace from "../../src/cli/Pace.js"
import { record, series } from "../support/BackfillDouble.js"

const running = (change: Partial<SeriesProgress> = {}) =>
  series({ state: "running", done: 1234, total: 5678, rows: 567_890, ...change })

/** 20 windows and 8,000 rows a second. */
const pace: Pace.Pace = [
  { at: 0, windows: 1214, rows: 559_890 },
  { at: 1000, windows: 1234, rows: 567_890 }
]
const paces = new Map([["binance/ohlc/BTC-USDT/1h", pace]])

const drawn = (all: ReadonlyArray<SeriesProgress>, columns: number, rows = 20, log: ReadonlyArray<string> = []) =>
  BackfillView.lines([record({ series: all, log })], paces, { columns, rows }, Output.colourless)

describe("a series that runs", () => {
  const cases: ReadonlyArray<readonly [number, string]> = [
    [40, "binance/ohlc/BTC-USDT/1h  1,234/5,678"],
    [80, "binance/ohlc/BTC-USDT/1h  [#------]  1,234/5,678  20/s  8,000 rows/s  3 min left"],
    [200, "binance/ohlc/BTC-USDT/1h  [#####-------------------]  1,234/5,678  20/s  8,000 rows/s  3 min left  2 failed"]
  ]
  for (const [columns, text] of cases) {
    it(`in ${columns} columns`, () => {
      const failed = columns === 200 ? 2 : 0
      assert.deepStrictEqual(drawn([running({ failed })], columns), [text])
    })
  }

  it("shows its failures however narrow it is", () => {
    for (const columns of [40, 60, 80]) assert.match(drawn([running({ failed: 17 })], columns)[0] ?? "", / 17 failed$/)
  })

  it("has a plan before it has a bar", () =>
    assert.deepStrictEqual(drawn([running({ done: 0, total: 0, series: "a/b/c" })], 80), [
      "a/b/c  [------------------------]  planning"
    ]))

  it("is merged when all is fetched, at no pace", () =>
    assert.match(drawn([running({ done: 5678 })], 120)[0] ?? "", /\] {2}5,678\/5,678 {2}merging$/))

  it("is coloured only where colours are", () => {
    const style = { ...Output.colourless, bad: (text: string) => `<${text}>` }
    const lines = BackfillView.lines(
      [record({ series: [running({ failed: 1 })] })],
      paces,
      { columns: 80, rows: 9 },
      style
    )
    assert.match(lines[0] ?? "", /<1 failed>$/)
  })
})

describe("many series", () => {
  const many = [
    ...Array.from({ length: 30 }, (_, n) => series({ series: `a/ohlc/done${n}/1h`, failed: n === 0 ? 2 : 0 })),
    series({ series: "a/ohlc/broken/1h", state: "error", error: "no such pair" }),
    ...Array.from({ length: 40 }, (_, n) => running({ series: `a/ohlc/run${n}/1h` })),
    ...Array.from({ length: 50 }, (_, n) => series({ series: `a/ohlc/wait${n}/1h`, state: "waiting" }))
  ]

  it("collapse once they are finished, and never outgrow the terminal", () => {
    const lines = drawn(many, 79, 10, ["[A RUN0] attempt 1/3 failed: 500, retrying in 2 s"])
    assert.strictEqual(lines.length, 10)
    assert.match(lines[0] ?? "", /^31 series finished, 310 windows, 248,000 rows, 2 failed, 1 stopped by an error$/)
    assert.match(lines[1] ?? "", /^a\/ohlc\/run0\/1h {2}/)
    assert.deepStrictEqual(lines.slice(-3), [
      "and 34 more",
      "50 more series waiting",
      "[A RUN0] attempt 1/3 failed: 500, retrying in 2 s"
    ])
  })

  it("are one plain line where nothing can be drawn", () =>
    assert.strictEqual(
      BackfillView.plain([record({ series: [running({ failed: 2 }), series({ series: "b" })] })], paces),
      "1 of 2 series, 1,244 of 5,688 windows, 20 windows/s, 8,000 rows/s, 3 min left, 2 failed"
    ))

  it("are said to be merged where all is fetched", () => {
    const merged = running({ done: 5678 })
    assert.strictEqual(
      BackfillView.plain([record({ series: [merged] })], paces),
      "0 of 1 series, 5,678 of 5,678 windows, merging"
    )
    assert.strictEqual(
      BackfillView.plain([record({ series: [running(), running({ series: "b", done: 5678 })] })], paces),
      "0 of 2 series, 6,912 of 11,356 windows, 20 windows/s, 8,000 rows/s, 1 merging, 3 min left"
    )
  })

  it("stand once where two backfills name them, as the later one left them", () => {
    const first = record({ id: "first", series: [series({ failed: 3 }), series({ series: "b" })] })
    const second = record({ id: "second", series: [series({ done: 3, total: 3, fetched: 3, empty: 0, rows: 30 })] })
    const [one, other, ...more] = BackfillView.seriesOf([first, second])
    assert.lengthOf(more, 0)
    assert.deepInclude({ ...one }, { state: "done", done: 13, total: 13, rows: 8030, failed: 0 })
    assert.deepInclude({ ...other }, { series: "b", done: 10 })
  })

  it("tell no time that is left while some have no plan yet", () =>
    assert.strictEqual(
      BackfillView.plain(
        [record({ series: [running(), series({ series: "b", state: "waiting", total: 0, done: 0 })] })],
        paces
      ),
      "0 of 2 series, 1,234 of 5,678 windows, 20 windows/s, 8,000 rows/s"
    ))
})

it.prop(
  "no line is wider than the terminal, and no drawing higher",
  [
    fc.array(
      fc.record({
        state: fc.constantFrom("waiting" as const, "running" as const, "done" as const, "error" as const),
        done: fc.nat(2_000_000),
        total: fc.nat(2_000_000),
        failed: fc.nat(99_999),
        pair: fc.stringMatching(/^[A-Z]{1,40}$/)
      }),
      { maxLength: 30 }
    ),
    fc.integer({ min: 40, max: 200 }),
    fc.integer({ min: 3, max: 30 }),
    fc.string({ maxLength: 300 })
  ],
  ([all, columns, rows, log]) => {
    const lines = drawn(
      all.map(({ pair, ...one }, n) => series({ ...one, series: `binance/ohlc/${pair}${n}/1h` })),
      columns,
      rows,
      [log]
    )
    assert.isAtMost(lines.length, rows)
    for (const line of lines) assert.isAtMost(Output.width(line), columns)
  }
)
