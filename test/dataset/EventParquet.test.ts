import { DuckDBInstance } from "@duckdb/node-api"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as DuckDb from "../../src/dataset/DuckDb.js"
import * as EventParquet from "../../src/dataset/EventParquet.js"

const row = (seq: number, more: Partial<EventParquet.EventRow> = {}): EventParquet.EventRow => ({
  seq,
  ts: "2026-01-02T03:04:05.678Z",
  stream: "site",
  type: "weather",
  data: "null",
  meta: "{}",
  ...more
})

const directory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "outpost-parquet-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const bytesOf = <E>(rows: Stream.Stream<EventParquet.EventRow, E>) =>
  Effect.map(Stream.runCollect(EventParquet.encode(rows)), (chunks) =>
    Buffer.concat(Chunk.toReadonlyArray(chunks))
  ).pipe(Effect.provide(DuckDb.layer))

/** Writes the rows, and asks DuckDB about the file; `$` in the question is the file. */
const ask = (rows: Stream.Stream<EventParquet.EventRow>, question: string) =>
  Effect.gen(function* () {
    const path = join(yield* directory, "events.parquet")
    const bytes = yield* bytesOf(rows)
    yield* Effect.promise(() => writeFile(path, bytes))
    const instance = yield* Effect.acquireRelease(
      Effect.promise(() => DuckDBInstance.create(":memory:")),
      (opened) => Effect.sync(() => opened.closeSync())
    )
    const connection = yield* Effect.acquireRelease(
      Effect.promise(() => instance.connect()),
      (opened) => Effect.sync(() => opened.closeSync())
    )
    const reader = yield* Effect.promise(() => connection.runAndReadAll(question.replaceAll("$", `'${path}'`)))
    return reader.getRowObjectsJson()
  })

const columns = [
  ["seq", "BIGINT"],
  ["ts", "TIMESTAMP"],
  ["stream", "VARCHAR"],
  ["type", "VARCHAR"],
  ["data", "VARCHAR"],
  ["meta", "VARCHAR"]
]
const shape = (described: ReadonlyArray<Record<string, unknown>>) =>
  described.map((column) => [column["column_name"], column["column_type"]])

describe("events as Parquet", () => {
  it.scopedLive("hold every row, digit for digit and character for character, in order", () =>
    Effect.gen(function* () {
      const digits = "123456789012345678901234567890"
      const rows = [
        row(9_007_199_254_740_991, { data: `{"n":${digits},"f":1.50,"e":1E+40}`, meta: '{"run_id":"001"}' }),
        row(2, { type: "ünïcode 日本 𝟗 e\u0301", data: '"é\\n\\u0000"' }),
        row(1, { type: "quote ' \" \\ , ;\n\r\t", stream: "run", data: "[]" }),
        row(3, { type: "x".repeat(100_000), data: `"${"日".repeat(100_000)}"` }),
        row(0, { type: "", data: "", meta: "" })
      ]
      const read = yield* ask(Stream.fromIterable(rows), "select * from read_parquet($)")
      assert.deepStrictEqual(
        read,
        rows.map((kept) => ({ ...kept, seq: String(kept.seq), ts: "2026-01-02 03:04:05.678" }))
      )
    })
  )

  it.scopedLive("have the documented columns and types, compressed with Snappy", () =>
    Effect.gen(function* () {
      const rows = Stream.make(row(1))
      assert.deepStrictEqual(shape(yield* ask(rows, "describe select * from read_parquet($)")), columns)
      assert.deepStrictEqual(yield* ask(rows, "select distinct compression from parquet_metadata($)"), [
        { compression: "SNAPPY" }
      ])
    })
  )

  it.scopedLive("a time is UTC; a text that is no time is null", () =>
    Effect.gen(function* () {
      const table: ReadonlyArray<readonly [string, string | null]> = [
        ["2026-01-02T03:04:05.678Z", "2026-01-02 03:04:05.678"],
        ["2024-02-29T23:59:59.999Z", "2024-02-29 23:59:59.999"],
        ["1969-12-31T23:59:59.000Z", "1969-12-31 23:59:59"],
        ["", null],
        ["yesterday", null],
        ["2026-13-01T00:00:00.000Z", null],
        ["2025-02-29T00:00:00.000Z", null],
        ["12", null]
      ]
      const rows = table.map(([ts], seq) => row(seq, { ts }))
      const read = yield* ask(Stream.fromIterable(rows), "select seq, ts from read_parquet($) order by seq")
      assert.deepStrictEqual(
        read.map(({ ts }) => ts),
        table.map(([, expected]) => expected)
      )
    })
  )

  it.scopedLive("of nothing are a file with the columns and no row", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(shape(yield* ask(Stream.empty, "describe select * from read_parquet($)")), columns)
      assert.deepStrictEqual(yield* ask(Stream.empty, "select count(*) as n from read_parquet($)"), [{ n: "0" }])
    })
  )

  it.scopedLive("are complete over many chunks", () =>
    Effect.gen(function* () {
      const rows = Stream.range(1, 30_000, 777).pipe(Stream.map((seq) => row(seq, { data: String(seq) })))
      assert.deepStrictEqual(
        yield* ask(
          rows,
          "select count(*) as n, sum(seq)::bigint as s, count_if(data = seq::varchar) as same from read_parquet($)"
        ),
        [{ n: "30000", s: "450015000", same: "30000" }]
      )
    })
  )

  it.scopedLive("leave nothing behind: read to the end, given up, or failed on the way", () =>
    Effect.gen(function* () {
      const temporary = join(yield* directory, "tmp")
      yield* Effect.promise(() => mkdir(temporary))
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          const before = process.env["TMPDIR"]
          process.env["TMPDIR"] = temporary
          return before
        }),
        (before) =>
          Effect.sync(() => {
            if (before === undefined) delete process.env["TMPDIR"]
            else process.env["TMPDIR"] = before
          })
      )
      const left = Effect.promise(() => readdir(temporary))
      let during: ReadonlyArray<string> = []
      const looking = Stream.tap(Stream.make(row(1), row(2)), () => Effect.map(left, (names) => (during = names)))

      assert.isAbove((yield* bytesOf(looking)).length, 100)
      assert.strictEqual(during.filter((name) => name.startsWith("outpost-export-")).length, 1)
      assert.deepStrictEqual(yield* left, [])

      const first = yield* Stream.runHead(EventParquet.encode(looking)).pipe(Effect.provide(DuckDb.layer))
      assert.strictEqual(first._tag, "Some")
      assert.deepStrictEqual(yield* left, [])

      const failing = Stream.concat(looking, Stream.fail("broken" as const))
      assert.strictEqual(yield* Effect.flip(bytesOf(failing)), "broken")
      assert.deepStrictEqual(yield* left, [])
    })
  )

  it.scopedLive("a temporary directory that is not there is a StorageFailed", () =>
    Effect.gen(function* () {
      const before = process.env["TMPDIR"]
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          if (before === undefined) delete process.env["TMPDIR"]
          else process.env["TMPDIR"] = before
        })
      )
      process.env["TMPDIR"] = "/nowhere/at/all"
      const error = yield* Effect.flip(bytesOf(Stream.make(row(1))))
      assert.deepStrictEqual([error._tag, error.operation], ["StorageFailed", "create"])
      assert.include(error.reason, "ENOENT")
    })
  )
})
