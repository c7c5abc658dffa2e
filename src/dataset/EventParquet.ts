/**
 * Events as one Parquet file, written by DuckDB: columns seq (BIGINT), ts (TIMESTAMP, null where the text is no time),
 * stream, type (VARCHAR), data, meta (VARCHAR holding JSON text, digit for digit). Snappy, so that small readers read it.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { StorageFailed } from "../domain/Refusal.js"
import { DuckDb, literal } from "./DuckDb.js"
import * as TemporaryFile from "./internal/temporaryFile.js"

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

/** Bytes of a Parquet file that holds these rows. It is written whole in a temporary directory first. */
export const encode = <E>(rows: Stream.Stream<EventRow, E>): Stream.Stream<Uint8Array, E | StorageFailed, DuckDb> =>
  Stream.unwrap(Effect.map(DuckDb, (duck) => TemporaryFile.written((path) => write(duck, rows, path))))

const write = <E>(duck: DuckDb["Type"], rows: Stream.Stream<EventRow, E>, path: string) =>
  Effect.gen(function* () {
    const session = yield* duck.session("work")
    yield* session.run(
      "create or replace temp table events (seq bigint, ts varchar, stream varchar, type varchar, data varchar, meta varchar)"
    )
    yield* session.append("events", rows, (appender, row) => {
      appender.appendBigInt(BigInt(row.seq))
      for (const text of [row.ts, row.stream, row.type, row.data, row.meta]) appender.appendVarchar(text)
      appender.endRow()
    })
    yield* session.run(
      `copy (select seq, ${instant} as ts, stream, type, data, meta from events) to ${literal(path)} (format parquet, compression snappy)`
    )
  }).pipe(Effect.scoped)
