/**
 * The saved half of the telemetry store's state: blocks, types, how far each file is indexed, the current view and the last
 * numbers, all of one moment because a checkpoint is one transaction. It can always be rebuilt from the event files.
 */
import { SqlClient as SqlClientTag } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { isAbsolute, join, relative } from "node:path"
import type { StreamName } from "../domain/StreamName.js"
import type { Database, Migrations } from "../database/Database.js"
import type { Block } from "./internal/block.js"
import type { CurrentStream } from "./internal/currentView.js"
import * as IndexWriter from "./internal/indexWriter.js"

export const migrations: Migrations = {
  "0001_telemetry_index": Effect.gen(function* () {
    const sql = yield* SqlClientTag
    for (const statement of [
      `create table types (id integer primary key, text text not null) strict`,
      `create table files (id integer primary key, stream text not null, path text not null unique, covered integer not null) strict`,
      `create table blocks (id integer primary key, file integer not null, stream text not null, place integer not null,
         length integer not null, first_seq integer not null, last_seq integer not null, first_ts real not null,
         last_ts real not null, events integer not null, crc integer not null) strict`,
      `create index blocks_by_seq on blocks (stream, last_seq)`,
      `create index blocks_by_time on blocks (stream, last_ts)`,
      `create index blocks_by_file on blocks (file, place)`,
      `create table block_types (type integer not null, stream text not null, block integer not null, count integer not null,
         places text, primary key (type, stream, block)) strict, without rowid`,
      `create index block_types_by_block on block_types (block)`,
      `create table current (stream text not null, type text not null, seq integer not null, line text not null,
         primary key (stream, type)) strict, without rowid`,
      `create table state (key text primary key, value text not null) strict, without rowid`
    ]) {
      yield* sql.unsafe(statement)
    }
  }),
  "0002_blocks_in_order": Effect.flatMap(SqlClientTag, (sql) =>
    sql.unsafe("create index blocks_in_order on blocks (stream, id)")
  )
}

/** What a checkpoint saves beside the blocks. */
const SavedState = Schema.Struct({
  site: Schema.Int,
  run: Schema.Int,
  system: Schema.Int,
  /** Exceptions in files of an earlier generation are part of this checkpoint. */
  generation: Schema.Int,
  /** Numbers of lines behind the indexed part that must not become current. */
  notCurrent: Schema.Array(Schema.Tuple(Schema.Literal("site", "run"), Schema.Int)),
  /** Up to these numbers the index was made of the files: why one has no line it can't tell. */
  unexplained: Schema.optional(Schema.Struct({ site: Schema.Int, run: Schema.Int, system: Schema.Int }))
})
export type SavedState = typeof SavedState.Type

const stateFrom = Schema.decodeUnknownOption(Schema.parseJson(SavedState))

export interface SavedFile {
  readonly stream: StreamName
  readonly path: string
  readonly covered: number
}

export interface SavedCurrent {
  readonly stream: CurrentStream
  readonly type: string
  readonly seq: number
  readonly line: string
}

export interface Checkpoint {
  readonly blocks: ReadonlyArray<Block>
  readonly forgotten: ReadonlyArray<string>
  readonly types: { readonly first: number; readonly texts: ReadonlyArray<string> }
  readonly current: ReadonlyArray<SavedCurrent>
  readonly removed: ReadonlyArray<{ readonly stream: CurrentStream; readonly type: string }>
  readonly clearRun: boolean
  readonly state: SavedState
}

/** A saved block with its place in the order of saving, which is the order of lines. */
export interface IndexedBlock {
  readonly id: number
  readonly path: string
  readonly offset: number
  readonly length: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly events: number
  readonly crc: number
  /** Offsets in the file of all lines of the asked types, where the index knows them. */
  readonly places: ReadonlyArray<number> | undefined
}

export interface BlockQuery {
  readonly stream: StreamName
  /** Type numbers, `other` among them where it may stand for one that was asked; empty means all. */
  readonly types: ReadonlyArray<number>
  readonly since: number | undefined
  readonly until: number | undefined
  readonly afterSeq: number | undefined
  readonly beforeSeq: number | undefined
  readonly descending: boolean
  /** Only blocks behind this one, in the asked direction. */
  readonly from: number | undefined
  readonly limit: number
}

interface BlockRow {
  readonly id: number
  readonly path: string
  readonly place: number
  readonly length: number
  readonly first_seq: number
  readonly last_seq: number
  readonly events: number
  readonly crc: number
  readonly places: string | null
  readonly unknown: number | null
}

export const make = (database: Database, siteDirectory: string) => {
  const { reader, writer } = database
  const keyOf = (path: string) => {
    const inside = relative(siteDirectory, path)
    return inside.startsWith("..") || isAbsolute(inside) ? path : inside
  }
  const pathOf = (key: string) => (isAbsolute(key) ? key : join(siteDirectory, key))
  const { clear, save } = IndexWriter.make(database, keyOf)

  const load = Effect.gen(function* () {
    const types = yield* writer.unsafe<{ id: number; text: string }>("select id, text from types order by id")
    const files = yield* writer.unsafe<{ stream: StreamName; path: string; covered: number }>(
      "select stream, path, covered from files"
    )
    const current = yield* writer.unsafe<SavedCurrent>("select stream, type, seq, line from current order by seq")
    const state = yield* writer.unsafe<{ value: string }>("select value from state where key = 'checkpoint'")
    const saved = Option.getOrUndefined(stateFrom(state[0]?.value))
    if (saved === undefined) {
      if (types.length > 0 || files.length > 0) yield* clear
      return { types: [], files: [], current: [], state: undefined }
    }
    return {
      types: types.map((row) => row.text),
      files: files.map((row): SavedFile => ({ stream: row.stream, path: pathOf(row.path), covered: row.covered })),
      current,
      state: saved
    }
  })

  /** The next blocks that may hold lines of the query, in order. */
  const blocks = (query: BlockQuery): Effect.Effect<ReadonlyArray<IndexedBlock>, SqlError> => {
    const params: Array<unknown> = []
    const where: Array<string> = []
    const and = (condition: string, ...values: ReadonlyArray<unknown>) => {
      where.push(condition)
      params.push(...values)
    }
    const direction = query.descending ? "desc" : "asc"
    const order = query.descending ? "<" : ">"
    const typed = query.types.length > 0
    const id = typed ? "t.block" : "b.id"
    // One type is an equality: its rows then come in order, and only as many are looked at as are asked for.
    if (query.types.length === 1) and("t.type = ?", query.types[0])
    else if (typed) and(`t.type in (${query.types.map(() => "?").join(",")})`, ...query.types)
    and(typed ? "t.stream = ?" : "b.stream = ?", query.stream)
    if (query.from !== undefined) and(`${id} ${order} ?`, query.from)
    /** Begins at the first block that reaches a bound. The `+` keeps the order from being made by sorting all behind it. */
    const reaching = (column: string, comparison: string, bound: number) => {
      and(`${id} >= (select min(id) from blocks where stream = ? and ${column} ${comparison} ?)`, query.stream, bound)
      and(`+b.${column} ${comparison} ?`, bound)
    }
    if (query.since !== undefined) reaching("last_ts", ">=", query.since)
    if (query.afterSeq !== undefined) reaching("last_seq", ">", query.afterSeq)
    if (query.until !== undefined) and("b.first_ts < ?", query.until)
    if (query.beforeSeq !== undefined) and("b.first_seq < ?", query.beforeSeq)
    const columns = "b.id, f.path, b.place, b.length, b.first_seq, b.last_seq, b.events, b.crc"
    const source = typed
      ? `select ${columns}, group_concat(t.places) as places, max(t.places is null) as unknown
         from block_types t cross join blocks b on b.id = t.block join files f on f.id = b.file
         where ${where.join(" and ")} group by t.block order by t.block ${direction} limit ?`
      : `select ${columns}, null as places, 1 as unknown from blocks b join files f on f.id = b.file
         where ${where.join(" and ")} order by b.id ${direction} limit ?`
    return reader.unsafe<BlockRow>(source, [...params, query.limit]).pipe(
      Effect.map((rows) =>
        rows.map((row) => ({
          id: row.id,
          path: pathOf(row.path),
          offset: row.place,
          length: row.length,
          firstSeq: row.first_seq,
          lastSeq: row.last_seq,
          events: row.events,
          crc: row.crc,
          places:
            row.unknown === 0 && row.places !== null
              ? row.places
                  .split(",")
                  .map(Number)
                  .sort((a, b) => a - b)
              : undefined
        }))
      ),
      Effect.withTracerEnabled(false)
    )
  }

  /** Files that have blocks. */
  const files: Effect.Effect<
    ReadonlyArray<{ readonly stream: StreamName; readonly path: string }>,
    SqlError
  > = Effect.map(reader.unsafe<{ stream: StreamName; path: string }>("select stream, path from files"), (rows) =>
    rows.map(({ path, stream }) => ({ stream, path: pathOf(path) }))
  )

  /** All blocks of a file, by place. */
  const blocksOf = (path: string): Effect.Effect<ReadonlyArray<IndexedBlock>, SqlError> =>
    reader
      .unsafe<BlockRow>(
        `select b.id, f.path, b.place, b.length, b.first_seq, b.last_seq, b.events, b.crc, null as places, 1 as unknown
         from blocks b join files f on f.id = b.file where f.path = ? order by b.place`,
        [keyOf(path)]
      )
      .pipe(
        Effect.map((rows) =>
          rows.map((row) => ({
            id: row.id,
            path,
            offset: row.place,
            length: row.length,
            firstSeq: row.first_seq,
            lastSeq: row.last_seq,
            events: row.events,
            crc: row.crc,
            places: undefined
          }))
        )
      )

  return { load, save, blocks, blocksOf, files, durable: database.durable }
}

export type SqlIndex = ReturnType<typeof make>
