/** A dataset in a directory of its own, and what stands in its files as DuckDB shows it. */
import { Context, Effect, Layer, Stream } from "effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Dataset } from "../../src/dataset/Dataset.js"
import * as DuckDb from "../../src/dataset/DuckDb.js"
import { type DatasetDisk, realDisk } from "../../src/dataset/internal/publish.js"
import { formsOf } from "../../src/dataset/MarketLayout.js"
import * as ParquetDataset from "../../src/dataset/ParquetDataset.js"
import type { Row, RowLayout } from "../../src/domain/RowLayout.js"
import { Series } from "../../src/domain/Series.js"

export interface TemporaryDataset {
  readonly dataset: Dataset["Type"]
  readonly duck: DuckDb.DuckDb["Type"]
  readonly root: string
  readonly parts: string
  readonly inventoryFile: string
  /** Another life of the same dataset. */
  readonly reopened: (disk?: DatasetDisk) => Effect.Effect<Dataset["Type"], never, Scope.Scope>
  /** One page made durable and merged. */
  readonly put: (series: Series, layout: RowLayout, rows: ReadonlyArray<Row>) => Effect.Effect<void>
  /** The rows of a query, as text where they are no numbers; `$` is the path of a file below the root. */
  readonly query: (file: string, sql: string) => Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>>
  /** Runs a statement of DuckDB's. */
  readonly run: (sql: string) => Effect.Effect<void>
  /** All files below the root and the parts, without the inventory's. */
  readonly files: () => ReadonlyArray<string>
}

export interface TemporaryOptions {
  readonly disk?: DatasetDisk
  /** An instance to share: starting one takes longer than most merges. */
  readonly duck?: DuckDb.DuckDb["Type"]
}

export const make = (options: TemporaryOptions = {}): Effect.Effect<TemporaryDataset, never, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "outpost-dataset-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
    )
    const [root, parts, inventory] = [join(directory, "data"), join(directory, "parts"), join(directory, "inventory")]
    const duck = options.duck ?? Context.get(yield* Layer.build(DuckDb.layer), DuckDb.DuckDb)
    const reopened = (other: DatasetDisk = realDisk) =>
      ParquetDataset.make({ root, parts, inventory, disk: other }).pipe(Effect.provideService(DuckDb.DuckDb, duck))
    const dataset = yield* reopened(options.disk)
    const query = (file: string, sql: string) =>
      Effect.flatMap(duck.session("work"), (session) =>
        session.rows(sql.replaceAll("$", DuckDb.pathLiteral(join(root, file))))
      ).pipe(Effect.scoped, Effect.orDie)
    return {
      dataset,
      duck,
      root,
      parts,
      inventoryFile: inventory,
      reopened,
      put: (series, layout, rows) =>
        dataset.writePart(series, layout, { start: 0, end: 1 }, rows).pipe(
          Effect.flatMap((part) => dataset.merge(series, layout, [part])),
          Effect.orDie
        ),
      query,
      run: (sql) =>
        Effect.flatMap(duck.session("work"), (session) => session.run(sql)).pipe(Effect.scoped, Effect.orDie),
      files: () =>
        [root, parts].flatMap((place) =>
          fs.existsSync(place)
            ? fs
                .readdirSync(place, { recursive: true, encoding: "utf8" })
                .filter((name) => fs.statSync(join(place, name)).isFile())
                .sort()
            : []
        )
    }
  })

export const layout = (type: string, unit: "s" | "ns"): RowLayout => {
  const found = formsOf(type)[unit === "s" ? 0 : 1]
  if (found === undefined) throw new Error(`no layout of ${type}`)
  return found
}

export const minutes = Series.make({ source: "binance", type: "ohlc", pair: "BTC-USDT", span: 60 })
export const trades = Series.make({ source: "binance", type: "trades", pair: "BTC-USDT" })
export const book = Series.make({ source: "binance", type: "orderbook", pair: "BTC-USDT" })

/** Nanoseconds of a time. */
export const ns = (iso: string): bigint => BigInt(Date.parse(iso)) * 1_000_000n

/** A candle that can be told from its neighbours. */
export const candle = (at: bigint, price = Number((at / 60_000_000_000n) % 1_000n) + 0.1): Row => ({
  TS: at,
  open: price,
  high: price + 1,
  low: price - 1,
  close: price + 0.5,
  volume: 2,
  quote_volume: price * 2
})

export const candles = (from: string, count: number): ReadonlyArray<Row> =>
  Array.from({ length: count }, (_, k) => candle(ns(from) + BigInt(k) * 60_000_000_000n))

export const collect = <A, E>(stream: Stream.Stream<A, E>): Effect.Effect<ReadonlyArray<A>, E> =>
  Effect.map(Stream.runCollect(stream), (chunk) => [...chunk])

export const bytesOf = <E>(stream: Stream.Stream<Uint8Array, E>): Effect.Effect<Buffer, E> =>
  Effect.map(collect(stream), (parts) => Buffer.concat(parts))
