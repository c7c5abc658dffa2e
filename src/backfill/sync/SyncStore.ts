/**
 * What must be known of copies after a restart: how the last ones went, when all remotes held everything, which objects a
 * bucket holds, and which files retention removed. All of it is durable once it is written, but for the objects, which a
 * power cut may lose: then they are sent again.
 */
import { SqlClient as SqlClientTag } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Database, Migrations } from "../../database/Database.js"
import { SyncResult } from "../../domain/Collector.js"
import { asStorageFailed, type StorageFailed } from "../../domain/Refusal.js"
import type { LocalFile } from "./LocalFiles.js"

/** The last copy that succeeded everywhere. */
export interface LastSync {
  /** Seconds since the epoch. */
  readonly at: number
  readonly remotes: ReadonlyArray<string>
}

/** A file that retention removed. */
export interface PurgedFile extends LocalFile {
  /** Milliseconds since the epoch. */
  readonly purgedAt: number
  /** Who held it then. */
  readonly remotes: ReadonlyArray<string>
}

export class SyncStore extends Context.Tag("outpost/backfill/SyncStore")<
  SyncStore,
  {
    /** The newest first. */
    readonly history: Effect.Effect<ReadonlyArray<SyncResult>, StorageFailed>
    /** Durable once it returns. The oldest beyond the newest hundred leave. */
    readonly append: (result: SyncResult) => Effect.Effect<void, StorageFailed>
    readonly lastSync: Effect.Effect<Option.Option<LastSync>, StorageFailed>
    /** Durable once it returns. */
    readonly setLastSync: (last: LastSync) => Effect.Effect<void, StorageFailed>
    /** What a bucket was last seen to hold, by path. */
    readonly objects: (
      bucket: string
    ) => Effect.Effect<ReadonlyMap<string, Pick<LocalFile, "size" | "modified">>, StorageFailed>
    readonly noteObject: (bucket: string, file: LocalFile) => Effect.Effect<void, StorageFailed>
    /** By path. */
    readonly purged: Effect.Effect<ReadonlyArray<PurgedFile>, StorageFailed>
    /** Durable once it returns: before the file is removed. */
    readonly notePurged: (file: PurgedFile) => Effect.Effect<void, StorageFailed>
  }
>() {}

export const migrations: Migrations = {
  "0003_sync": Effect.gen(function* () {
    const sql = yield* SqlClientTag
    for (const statement of [
      `create table sync_results (
        id integer primary key, remote text not null, ok integer not null, started_at real not null,
        finished_at real not null, files integer, bytes integer, error text) strict`,
      `create table last_sync (one integer primary key check (one = 1), at real not null, remotes text not null) strict`,
      `create table sync_objects (
        bucket text not null, path text not null, size integer not null, modified real not null,
        primary key (bucket, path)) strict, without rowid`,
      `create table purged_files (
        path text primary key, size integer not null, modified real not null, purged_at real not null,
        remotes text not null) strict, without rowid`
    ])
      yield* sql.unsafe(statement)
  })
}

/** Results that are kept. */
const kept = 100

const Names = Schema.parseJson(Schema.Array(Schema.String))
const namesOf = Schema.decodeSync(Names)
const textOf = Schema.encodeSync(Names)

export const make = (database: Database): Context.Tag.Service<SyncStore> => {
  const { reader, writer } = database
  const failed = (operation: string) => Effect.mapError(asStorageFailed(operation, database.path))
  const durably = <A>(operation: string, work: Effect.Effect<A, SqlError>) =>
    failed(operation)(database.transaction(work)).pipe(Effect.zipRight(database.durable))
  return SyncStore.of({
    history: Effect.map(
      failed("load copies")(
        reader<Omit<SyncResult, "ok"> & { readonly ok: number }>`
          select remote, ok, started_at, finished_at, files, bytes, error from sync_results order by id desc`
      ),
      (rows) => rows.map((row) => ({ ...row, ok: row.ok !== 0 }))
    ),
    append: ({ bytes, error, files, finished_at, ok, remote, started_at }) =>
      durably(
        "note copy",
        writer`
          insert into sync_results (remote, ok, started_at, finished_at, files, bytes, error)
          values (${remote}, ${ok ? 1 : 0}, ${started_at}, ${finished_at}, ${files}, ${bytes}, ${error})`.pipe(
          Effect.zipRight(writer`
            delete from sync_results where id not in (select id from sync_results order by id desc limit ${kept})`)
        )
      ),
    lastSync: Effect.map(
      failed("load copies")(reader<{ at: number; remotes: string }>`select at, remotes from last_sync`),
      ([row]) => Option.map(Option.fromNullable(row), ({ at, remotes }) => ({ at, remotes: namesOf(remotes) }))
    ),
    setLastSync: ({ at, remotes }) =>
      durably(
        "note copy",
        writer`
          insert into last_sync (one, at, remotes) values (1, ${at}, ${textOf(remotes)})
          on conflict (one) do update set at = excluded.at, remotes = excluded.remotes`
      ),
    objects: (bucket) =>
      Effect.map(
        failed("load objects")(
          reader<LocalFile>`select path, size, modified from sync_objects where bucket = ${bucket}`
        ),
        (rows) => new Map(rows.map(({ modified, path, size }) => [path, { size, modified }]))
      ),
    noteObject: (bucket, { modified, path, size }) =>
      Effect.asVoid(
        failed("note object")(writer`
          insert into sync_objects (bucket, path, size, modified) values (${bucket}, ${path}, ${size}, ${modified})
          on conflict (bucket, path) do update set size = excluded.size, modified = excluded.modified`)
      ),
    purged: Effect.map(
      failed("load removed files")(
        reader<LocalFile & { readonly purged_at: number; readonly remotes: string }>`
          select path, size, modified, purged_at, remotes from purged_files order by path`
      ),
      (rows) =>
        rows.map(({ purged_at, remotes, ...file }) => ({ ...file, purgedAt: purged_at, remotes: namesOf(remotes) }))
    ),
    notePurged: ({ modified, path, purgedAt, remotes, size }) =>
      durably(
        "note removal",
        writer`
          insert into purged_files (path, size, modified, purged_at, remotes)
          values (${path}, ${size}, ${modified}, ${purgedAt}, ${textOf(remotes)})
          on conflict (path) do update set size = excluded.size, modified = excluded.modified,
            purged_at = excluded.purged_at, remotes = excluded.remotes`
      )
  })
}
