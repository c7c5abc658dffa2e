import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Option } from "effect"
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Row } from "../../src/domain/RowLayout.js"
import { Series } from "../../src/domain/Series.js"
import { make as makeDying } from "../support/DyingDisk.js"
import {
  candle,
  candles,
  collect,
  layout,
  make,
  minutes,
  ns,
  type TemporaryDataset,
  trades
} from "../support/TemporaryDataset.js"

const year = "binance/ohlc/BTC-USDT/1m/2026.parquet"
const day = "binance/trades/BTC-USDT/2026-01-01.parquet"
const start = "2026-01-01T00:00:00Z"

/** A file as another program would have written it. */
const foreign = (data: TemporaryDataset, file: string, select: string) => {
  const path = join(data.root, file)
  mkdirSync(dirname(path), { recursive: true })
  return data.run(`copy (${select}) to '${path}' (format parquet)`)
}

const times = (data: TemporaryDataset, file: string) =>
  Effect.map(data.query(file, 'select "TS" from read_parquet($)'), (rows) => rows.map(({ TS }) => TS))

describe("files of the other form", () => {
  it.scopedLive("an older file in seconds takes the finer unit, and loses nothing", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* foreign(
        data,
        day,
        `select * from (values (1767225600.123456::double, 17, 1.5::double, 2.0::double, 'buy', 'x'),
          (1767225601.5, 18, 2.5, 3.0, 'sell', 'y')) t("TS", tid, price, amount, type, venue)`
      )
      yield* data.put(trades, layout("trades", "ns"), [
        { TS: ns(start) + 7n, tid: "19", price: 9, amount: 1, side: "buy" },
        { TS: ns("2026-01-01T00:00:01.500Z"), tid: "18", price: 3, amount: 1, side: "sell" }
      ])
      assert.deepStrictEqual(yield* data.query(day, "from read_parquet($)"), [
        { TS: ns(start) + 7n, price: 9, amount: 1, side: "buy", tid: "19", venue: null },
        { TS: 1_767_225_600_123_456_000n, price: 1.5, amount: 2, side: "buy", tid: "17", venue: "x" },
        { TS: 1_767_225_601_500_000_000n, price: 3, amount: 1, side: "sell", tid: "18", venue: "y" }
      ])
    })
  )

  it.scopedLive("a file in nanoseconds stays one, whatever is configured, and keeps all of its columns", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* foreign(
        data,
        year,
        `select ${ns(start)}::bigint as "TS", 1.0::double as open, 2.0::double as high, 0.5::double as low,
          1.5::double as close, 10.0::double as volume, 15.0::double as quote_volume, 42::bigint as trades, {'a': 1} as more`
      )
      yield* data.put(minutes, layout("ohlc", "s"), [{ ...candle(ns("2026-01-01T00:01:00Z")), weighted_average: 7 }])
      yield* data.put(minutes, layout("ohlc", "s"), [candle(ns("2026-01-01T00:02:00Z"))])
      const rows = yield* data.query(
        year,
        `select "TS", quote_volume, trades, more.a as a, "weightedAverage" as w from read_parquet($)`
      )
      assert.deepStrictEqual(rows, [
        { TS: ns(start), quote_volume: 15, trades: 42n, a: 1, w: null },
        { TS: ns("2026-01-01T00:01:00Z"), quote_volume: 1522.2, trades: null, a: null, w: 7 },
        { TS: ns("2026-01-01T00:02:00Z"), quote_volume: 1524.2, trades: null, a: null, w: null }
      ])
    })
  )

  it.scopedLive("timestamps, texts where numbers are expected, and rows that stand twice are taken in", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* foreign(
        data,
        year,
        `select unnest([timestamp '2026-01-01 00:00:00', timestamp '2026-01-01 00:00:00', timestamp '2026-01-01 00:01:00']) as "TS",
          unnest(['1', '2', 'n/a']) as open, unnest([1, 2, 3]) as volume`
      )
      yield* data.put(minutes, layout("ohlc", "s"), [candle(ns("2026-01-01T00:02:00Z"), 5)])
      assert.deepStrictEqual(yield* data.query(year, 'select "TS", open, volume from read_parquet($)'), [
        { TS: 1_767_225_600_000_000n, open: "2", volume: 2 },
        { TS: 1_767_225_660_000_000n, open: "n/a", volume: 3 },
        { TS: 1_767_225_720_000_000n, open: "5.0", volume: 2 }
      ])
    })
  )

  it.scopedLive("rows at the epoch, and without a time, go when their file is written anew", () =>
    Effect.gen(function* () {
      const data = yield* make()
      yield* foreign(data, year, `select unnest([0, null, ${ns(start) / 1_000_000_000n}]) as "TS", 1.0::double as open`)
      const part = yield* data.dataset.writePart(minutes, layout("ohlc", "s"), { start: 0, end: 1 }, [
        candle(ns("2026-01-01T00:01:00Z"))
      ])
      const result = yield* data.dataset.merge(minutes, layout("ohlc", "s"), [part])
      assert.deepInclude(result, { added: 1, dropped: 2 })
      assert.deepStrictEqual(yield* times(data, year), [1_767_225_600n, 1_767_225_660n])
    })
  )
})

describe("a file that can't be read", () => {
  const damages: Record<string, (path: string) => void> = {
    "no Parquet at all": (path) => writeFileSync(path, "hello"),
    empty: (path) => writeFileSync(path, ""),
    "cut off": (path) => truncateSync(path, statSync(path).size - 20),
    "damaged inside": (path) => {
      const bytes = readFileSync(path)
      bytes.fill(0xff, 4, bytes.length >> 1)
      writeFileSync(path, bytes)
    }
  }
  for (const [name, damage] of Object.entries(damages)) {
    it.scopedLive(`${name}: is set aside as it is, and what is new makes a file of its own`, () =>
      Effect.gen(function* () {
        const data = yield* make()
        const form = layout("ohlc", "s")
        yield* data.put(minutes, form, candles(start, 500))
        const path = join(data.root, year)
        damage(path)
        const bytes = readFileSync(path)
        const part = yield* data.dataset.writePart(
          minutes,
          form,
          { start: 0, end: 1 },
          candles("2026-01-01T00:10:00Z", 2)
        )
        const result = yield* data.dataset.merge(minutes, form, [part])
        assert.strictEqual(result.setAside.length, 1)
        const [aside] = result.setAside
        assert.match(aside?.movedTo ?? "", /2026\.parquet\.unreadable-\d{8}T\d{9}Z$/)
        assert.isTrue(bytes.equals(readFileSync(aside?.movedTo ?? "")))
        assert.strictEqual((yield* times(data, year)).length, 2)
        assert.strictEqual((yield* data.dataset.inventory())[0]?.files, 1)
      })
    )
  }

  it.scopedLive("a file without a column of time is one of them; a part is, too", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      yield* foreign(data, year, "select 'x' as \"TS\", 1 as open")
      const good = yield* data.dataset.writePart(minutes, form, { start: 0, end: 1 }, candles(start, 2))
      const bad = yield* data.dataset.writePart(minutes, form, { start: 1, end: 2 }, candles(start, 3))
      writeFileSync(bad.path, '{"TS":17672256000000000')
      const result = yield* data.dataset.merge(minutes, form, [good, bad])
      assert.deepStrictEqual(
        result.setAside.map(({ path }) => path),
        [bad.path, join(data.root, year)]
      )
      assert.strictEqual(result.added, 2)
      assert.deepStrictEqual(yield* data.dataset.pendingParts(minutes), [])
    })
  )

  it.scopedLive("parts none of which can be read are set aside, and nothing is written", () =>
    Effect.gen(function* () {
      const data = yield* make()
      for (const form of [layout("ohlc", "s"), layout("trades", "s")]) {
        const of = form.period === "day" ? Series.make({ source: "binance", type: "trades", pair: "A-B" }) : minutes
        const bad = yield* data.dataset.writePart(of, form, { start: 0, end: 1 }, [])
        writeFileSync(bad.path, '{"TS":"x"')
        const { setAside, written } = yield* data.dataset.merge(of, form, [bad])
        assert.deepStrictEqual([setAside.map(({ path }) => path), written], [[bad.path], []])
        assert.deepStrictEqual(yield* data.dataset.pendingParts(of), [])
      }
    })
  )

  it.scopedLive("a file that this user may not read is no such file: the merge fails, the parts stay", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      mkdirSync(join(data.root, year), { recursive: true })
      const part = yield* data.dataset.writePart(minutes, form, { start: 0, end: 1 }, candles(start, 2))
      const failed = yield* Effect.either(data.dataset.merge(minutes, form, [part]))
      assert.isTrue(Either.isLeft(failed))
      assert.deepStrictEqual(yield* data.dataset.pendingParts(minutes), [part])
      assert.isTrue(statSync(join(data.root, year)).isDirectory())
    })
  )
})

describe("a merge that is cut off", () => {
  const before = candles("2025-12-31T23:00:00Z", 30)
  const pages = [candles("2025-12-31T23:20:00Z", 60), candles("2026-01-01T00:30:00Z", 30)]

  /** A life that writes and merges, on a disk that dies at a call; then another one that goes on with what is there. */
  const lives = (dieAt: number) =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      yield* data.put(minutes, form, before)
      const { calls, disk } = makeDying(dieAt)
      const first = yield* data.reopened(disk)
      const written = yield* Effect.forEach(pages, (rows) =>
        Effect.option(first.writePart(minutes, form, { start: 0, end: 1 }, rows))
      )
      yield* Effect.either(first.merge(minutes, form, written.flatMap(Option.toArray)))
      const second = yield* data.reopened()
      // What was acknowledged is there; only what was not is fetched again.
      const refused = pages.filter((_, k) => Option.isNone(written[k] ?? Option.none()))
      yield* Effect.forEach(refused, (rows) => second.writePart(minutes, form, { start: 0, end: 1 }, rows))
      yield* second.merge(minutes, form, yield* second.pendingParts(minutes))
      const rows = yield* collect(second.read({ series: minutes, layout: form, columns: ["TS", "open"] }))
      return { calls, files: data.files(), rows }
    }).pipe(Effect.scoped)

  it.live(
    "at whichever call: another one ends with the same rows and leaves nothing behind",
    () =>
      Effect.gen(function* () {
        const { calls, files, rows } = yield* lives(Infinity)
        assert.isAbove(calls.length, 20)
        assert.includeMembers([...calls], ["rename", "syncDirectory", "sync", "remove", "open"])
        const expected = [...new Map([...before, ...pages.flat()].map(({ TS, open }) => [TS, open]))]
        assert.deepStrictEqual(
          rows.map((row) => [row["TS"], row["open"]]),
          expected.sort(([a], [b]) => (Number(a) < Number(b) ? -1 : 1))
        )
        for (let dieAt = 1; dieAt <= calls.length; dieAt++) {
          const ended = yield* lives(dieAt)
          assert.deepStrictEqual([ended.rows, ended.files], [rows, files], `died at ${dieAt}, ${calls[dieAt - 1]}`)
        }
      }),
    60_000
  )

  it.scopedLive("syncs content before its name, names before it answers, and removes parts last", () =>
    Effect.gen(function* () {
      const { calls, disk } = makeDying(Infinity)
      const data = yield* make({ disk })
      const form = layout("ohlc", "s")
      const part = yield* data.dataset.writePart(
        minutes,
        form,
        { start: 0, end: 1 },
        candles("2025-12-31T23:59:00Z", 2)
      )
      const wrote = ["open", "append", "sync", "close", "rename", "syncDirectory"]
      assert.deepStrictEqual([...calls].slice(-wrote.length), wrote)
      const before = calls.length
      yield* data.dataset.merge(minutes, form, [part])
      const placed = ["open", "sync", "close", "rename", "syncDirectory"]
      assert.deepStrictEqual(
        calls.slice(before).filter((call) => call !== "makeDirectory"),
        // A leftover is looked for before each file is written.
        ["remove", ...placed, "remove", ...placed, "remove"]
      )
    })
  )

  it.scopedLive("an interrupted one leaves the old file and the parts", () =>
    Effect.gen(function* () {
      const data = yield* make()
      const form = layout("ohlc", "s")
      yield* data.put(minutes, form, candles(start, 10))
      const bytes = readFileSync(join(data.root, year))
      const part = yield* data.dataset.writePart(minutes, form, { start: 0, end: 1 }, candles(start, 200_000))
      yield* data.dataset.merge(minutes, form, [part]).pipe(Effect.timeout("150 millis"), Effect.either)
      assert.deepStrictEqual(readdirSync(dirname(join(data.root, year))), ["2026.parquet"])
      if (bytes.equals(readFileSync(join(data.root, year)))) {
        assert.deepStrictEqual(yield* data.dataset.pendingParts(minutes), [part])
      }
      yield* data.dataset.merge(minutes, form, yield* data.dataset.pendingParts(minutes))
      assert.strictEqual((yield* times(data, year)).length, 200_000)
    })
  )
})

describe("fill: forward", () => {
  const hourly = Series.make({ ...minutes, span: 3600 })
  const file = "binance/ohlc/BTC-USDT/1h/2026.parquet"
  const at = (hour: number) => ns(`2026-01-01T0${hour}:00:00Z`)
  const put = (data: TemporaryDataset, rows: ReadonlyArray<Row>, fill: boolean) =>
    Effect.gen(function* () {
      const form = layout("ohlc", "s")
      const part = yield* data.dataset.writePart(hourly, form, { start: 0, end: 1 }, rows)
      return yield* data.dataset.merge(hourly, form, [part], fill ? { fill: "forward" } : {})
    })
  const shown = (data: TemporaryDataset) =>
    Effect.map(data.query(file, "select * from read_parquet($)"), (rows) =>
      rows.map(({ TS, close, filled, open, volume }) => [
        (Number(TS) - 1_767_225_600) / 3600,
        open,
        close,
        volume,
        filled
      ])
    )

  it.scopedLive("invents marked candles with volume 0, which give way to real ones", () =>
    Effect.gen(function* () {
      const data = yield* make()
      assert.deepInclude(yield* put(data, [candle(at(0), 1), candle(at(4), 5)], true), { added: 2 })
      assert.deepStrictEqual(yield* shown(data), [
        [0, 1, 1.5, 2, false],
        [1, 1.5, 1.5, 0, true],
        [2, 1.5, 1.5, 0, true],
        [3, 1.5, 1.5, 0, true],
        [4, 5, 5.5, 2, false]
      ])
      assert.deepInclude(yield* put(data, [candle(at(2), 3)], true), { added: 1 })
      assert.deepStrictEqual(yield* shown(data), [
        [0, 1, 1.5, 2, false],
        [1, 1.5, 1.5, 0, true],
        [2, 3, 3.5, 2, false],
        [3, 3.5, 3.5, 0, true],
        [4, 5, 5.5, 2, false]
      ])
      // They are neither rows nor coverage.
      const [row] = yield* data.dataset.inventory({ holes: true })
      assert.deepInclude(row, { rows: 3, holes: 2, missingRows: 2 })
      assert.strictEqual((yield* data.dataset.covered(hourly, layout("ohlc", "s"))).length, 3)
      assert.deepInclude(yield* put(data, [candle(at(2), 3)], true), { unchanged: 1 })
      // Who no longer asks for them has them no longer.
      yield* put(data, [candle(at(2), 3)], false)
      assert.deepStrictEqual(
        (yield* shown(data)).map(([hour]) => hour),
        [0, 2, 4]
      )
    })
  )
})
