/**
 * Rows as an Arrow IPC stream: the schema, one record batch for each batch of columns, and the end mark. The library writes
 * whole streams only, so each batch is written as a stream of its own, and its schema and end are cut off.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AnswerColumn } from "./reading.js"

/** The end of a stream: a continuation mark and the length 0. */
const endMark = 8

export const encode = <E>(
  columns: ReadonlyArray<AnswerColumn>,
  batches: Stream.Stream<ReadonlyArray<ReadonlyArray<unknown>>, E>
): Stream.Stream<Uint8Array, E> =>
  Stream.unwrap(
    Effect.map(
      Effect.promise(() => import("apache-arrow")),
      (arrow) => {
        const types = {
          int64: new arrow.Int64(),
          double: new arrow.Float64(),
          text: new arrow.Utf8(),
          boolean: new arrow.Bool()
        }
        const schema = new arrow.Schema(columns.map(({ name, type }) => new arrow.Field(name, types[type], true)))
        const streamOf = (batch: ReadonlyArray<ReadonlyArray<unknown>>): Uint8Array => {
          const children = columns.map(({ type }, k) => arrow.vectorFromArray(batch[k] ?? [], types[type]).data[0])
          const data = arrow.makeData({
            type: new arrow.Struct(schema.fields),
            length: batch[0]?.length ?? 0,
            nullCount: 0,
            children: children.filter((child) => child !== undefined)
          })
          return arrow.tableToIPC(new arrow.Table(schema, new arrow.RecordBatch(schema, data)), "stream")
        }
        const empty = arrow.tableToIPC(new arrow.Table(schema), "stream")
        const head = empty.length - endMark
        return Stream.make(empty.subarray(0, head)).pipe(
          Stream.concat(
            Stream.map(batches, (batch) => {
              const bytes = streamOf(batch)
              return bytes.subarray(head, bytes.length - endMark)
            })
          ),
          Stream.concat(Stream.make(empty.subarray(head)))
        )
      }
    )
  )
