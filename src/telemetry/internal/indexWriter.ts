/**
 * Writes checkpoints into the index database, each as one transaction.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Database } from "../../database/Database.js"
import type { StreamName } from "../../domain/StreamName.js"
import type { Checkpoint } from "../SqlIndex.js"
import type { Block } from "./block.js"
import { BlockPlaces } from "./blockPlaces.js"

/** Rows per statement of a bulk insert; two sizes, so that few statements are prepared. */
const bulk = 100

/** `keyOf`: how a path is written in the index. */
export const make = ({ transaction, writer }: Database, keyOf: (path: string) => string) => {
  /** `values`: those of all rows one after the other, `width` of them each. */
  const insert = Effect.fnUntraced(function* (into: string, width: number, values: ReadonlyArray<unknown>) {
    const row = `(${Array.from({ length: width }, () => "?").join(",")})`
    for (let at = 0; at < values.length;) {
      const rows = values.length - at >= bulk * width ? bulk : 1
      const marks = Array.from({ length: rows }, () => row).join(",")
      yield* writer.unsafe(`${into} values ${marks}`, values.slice(at, at + rows * width))
      at += rows * width
    }
  })

  const fileIds = new Map<string, number>()
  const fileId = Effect.fnUntraced(function* (stream: StreamName, path: string) {
    const known = fileIds.get(path)
    if (known !== undefined) return known
    yield* writer.unsafe("insert into files (stream, path, covered) values (?, ?, 0) on conflict do nothing", [
      stream,
      keyOf(path)
    ])
    const rows = yield* writer.unsafe<{ id: number }>("select id from files where path = ?", [keyOf(path)])
    const id = rows[0]?.id ?? 0
    fileIds.set(path, id)
    return id
  })

  /** Forgets a file; answers the numbers its blocks had. */
  const forget = Effect.fnUntraced(function* (path: string) {
    const id = `(select id from files where path = ?)`
    const freed = yield* writer.unsafe<{ id: number }>(`select id from blocks where file = ${id} order by id`, [
      keyOf(path)
    ])
    yield* writer.unsafe(`delete from block_types where block in (select id from blocks where file = ${id})`, [
      keyOf(path)
    ])
    yield* writer.unsafe(`delete from blocks where file = ${id}`, [keyOf(path)])
    yield* writer.unsafe("delete from files where path = ?", [keyOf(path)])
    fileIds.delete(path)
    return freed.map((row) => row.id)
  })

  const saveBlocks = Effect.fnUntraced(function* (blocks: ReadonlyArray<Block>, places: BlockPlaces) {
    const rows: Array<unknown> = []
    /** By type, which is the order they are kept in: a rebuild saves hundreds of thousands. */
    const types = new Map<number, Array<unknown>>()
    const covered = new Map<number, number>()
    for (const block of blocks) {
      const file = yield* fileId(block.stream, block.path)
      covered.set(file, block.offset + block.length)
      const id = places.next(block.path)
      rows.push(
        id,
        file,
        block.stream,
        block.offset,
        block.length,
        block.firstSeq,
        block.lastSeq,
        block.firstTs,
        block.lastTs,
        block.events,
        block.crc
      )
      for (const [type, count] of block.counts) {
        let ofType = types.get(type)
        if (ofType === undefined) types.set(type, (ofType = []))
        ofType.push(type, block.stream, id, count, block.rare.get(type)?.join(",") ?? null)
      }
    }
    yield* insert(
      "insert into blocks (id, file, stream, place, length, first_seq, last_seq, first_ts, last_ts, events, crc)",
      11,
      rows
    )
    yield* insert(
      "insert into block_types (type, stream, block, count, places)",
      5,
      [...types].sort(([a], [b]) => a - b).flatMap(([, ofType]) => ofType)
    )
    for (const [file, offset] of covered)
      yield* writer.unsafe("update files set covered = ? where id = ?", [offset, file])
  })

  const save = (checkpoint: Checkpoint): Effect.Effect<void, SqlError> =>
    transaction(
      Effect.gen(function* () {
        const newest = yield* writer.unsafe<{ id: number | null }>("select max(id) as id from blocks")
        const places = new BlockPlaces(newest[0]?.id ?? 0)
        for (const path of checkpoint.forgotten) places.free(path, yield* forget(path))
        yield* insert(
          "insert or replace into types (id, text)",
          2,
          checkpoint.types.texts.flatMap((text, index) => [checkpoint.types.first + index, text])
        )
        yield* saveBlocks(checkpoint.blocks, places)
        if (checkpoint.clearRun) yield* writer.unsafe("delete from current where stream = 'run'")
        for (const { stream, type } of checkpoint.removed) {
          yield* writer.unsafe("delete from current where stream = ? and type = ?", [stream, type])
        }
        yield* insert(
          "insert or replace into current (stream, type, seq, line)",
          4,
          checkpoint.current.flatMap((event) => [event.stream, event.type, event.seq, event.line])
        )
        yield* writer.unsafe("insert or replace into state (key, value) values ('checkpoint', ?)", [
          JSON.stringify(checkpoint.state)
        ])
      })
    ).pipe(
      // What was rolled back is not known under its number any more.
      Effect.tapErrorCause(() => Effect.sync(() => fileIds.clear())),
      Effect.withTracerEnabled(false)
    )

  /** Forgets everything: the next start, or a rebuild now, reads all files. */
  const clear = transaction(
    Effect.forEach(
      ["types", "files", "blocks", "block_types", "current", "state"],
      (table) => writer.unsafe(`delete from ${table}`),
      {
        discard: true
      }
    )
  ).pipe(Effect.tap(() => fileIds.clear()))

  return { save, clear }
}
