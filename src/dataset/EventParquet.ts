/**
 * Events as one Parquet file, written by DuckDB: columns seq (BIGINT), ts (TIMESTAMP, null where the text is no time),
 * stream, type (VARCHAR), data, meta (VARCHAR holding JSON text, digit for digit). Snappy, so that small readers read it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StorageFailed } from "../domain/Refusal.js"

/** One row; `data` and `meta` are JSON text. */
export interface EventRow {
  readonly seq: number
  readonly ts: string
  readonly stream: string
  readonly type: string
  readonly data: string
  readonly meta: string
}

/** The text's instant in UTC. What DuckDB takes for a time beyond ISO 8601 (`infinity`, `epoch`, `now`) is none. */
const instant =
  "case when regexp_matches(ts, '^[0-9]{4}-') then make_timestamp(epoch_us(try_cast(ts as timestamptz))) end"

/** How much memory DuckDB may take; beyond it, it uses the temporary directory. */
const memory = "512MB"

const attempt = <A>(operation: string, path: string, run: () => Promise<A>): Effect.Effect<A, StorageFailed> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new StorageFailed({ operation, path, reason: cause instanceof Error ? cause.message : String(cause) })
  })

/** Bytes of a Parquet file that holds these rows. It is written whole in a temporary directory first. */
export const encode = <E>(rows: Stream.Stream<EventRow, E>): Stream.Stream<Uint8Array, E | StorageFailed> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const path = yield* write(rows)
      return Stream.fromReadableStream<Uint8Array, StorageFailed>({
        evaluate: () => webStream(path),
        onError: (cause) => new StorageFailed({ operation: "read", path, reason: String(cause) })
      })
    })
  )

const webStream = (path: string): ReadableStream<Uint8Array> => {
  const file = fs.openSync(path, "r")
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const bytes = Buffer.allocUnsafe(256 * 1024)
      const count = fs.readSync(file, bytes, 0, bytes.length, null)
      if (count === 0) {
        fs.closeSync(file)
        controller.close()
      } else controller.enqueue(bytes.subarray(0, count))
    },
    cancel: () => fs.closeSync(file)
  })
}

const write = <E>(rows: Stream.Stream<EventRow, E>): Effect.Effect<string, E | StorageFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      attempt("create", tmpdir(), () => mkdtemp(join(tmpdir(), "outpost-export-"))),
      (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
    )
    const path = join(directory, "events.parquet")
    const { DuckDBInstance } = yield* attempt("load DuckDB", path, () => import("@duckdb/node-api"))
    const instance = yield* Effect.acquireRelease(
      attempt("open DuckDB", path, () =>
        DuckDBInstance.create(join(directory, "work.duckdb"), { memory_limit: memory, threads: "2" })
      ),
      (instance) => Effect.sync(() => instance.closeSync())
    )
    const connection = yield* Effect.acquireRelease(
      attempt("open DuckDB", path, () => instance.connect()),
      (connection) => Effect.sync(() => connection.closeSync())
    )
    yield* attempt("create", path, () =>
      connection.run(
        "set TimeZone = 'UTC'; create table events (seq bigint, ts varchar, stream varchar, type varchar, data varchar, meta varchar)"
      )
    )
    const appender = yield* attempt("append", path, () => connection.createAppender("events"))
    yield* Stream.runForEachChunk(rows, (chunk) =>
      Effect.sync(() => {
        for (const row of chunk) {
          appender.appendBigInt(BigInt(row.seq))
          for (const text of [row.ts, row.stream, row.type, row.data, row.meta]) appender.appendVarchar(text)
          appender.endRow()
        }
      })
    )
    yield* attempt("write", path, async () => {
      appender.closeSync()
      await connection.run(
        `copy (select seq, ${instant} as ts, stream, type, data, meta from events) to '${path.replaceAll("'", "''")}' (format parquet, compression snappy)`
      )
    })
    return path
  })
