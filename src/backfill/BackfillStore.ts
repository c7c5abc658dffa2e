/**
 * The records of backfills. A record is written when a backfill begins, changes its state or ends
 * (durable before anyone is told), and at most once a second in between. About windows the ledgers have the last word; what
 * is lost here is a log and some counts.
 */
import { SqlClient as SqlClientTag } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Database, Migrations } from "../database/Database.js"
import { BackfillRecord } from "../domain/Backfill.js"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"

export const migrations: Migrations = {
  "0001_backfills": Effect.gen(function* () {
    const sql = yield* SqlClientTag
    yield* sql.unsafe(
      `create table backfills (id text primary key, started_at real not null, over integer not null, record text not null) strict`
    )
    yield* sql.unsafe(`create index backfills_by_start on backfills (over, started_at)`)
  })
}

export class BackfillStore extends Context.Tag("outpost/backfill/BackfillStore")<
  BackfillStore,
  {
    /** All records, oldest first. One that can't be read is left out and logged. */
    readonly load: Effect.Effect<ReadonlyArray<BackfillRecord>, StorageFailed>
    /** Replaces the record of that id. Durable once it returns. */
    readonly save: (record: BackfillRecord) => Effect.Effect<void, StorageFailed>
    /** As `save`, but a power cut may lose it: for progress. */
    readonly note: (record: BackfillRecord) => Effect.Effect<void, StorageFailed>
    /** Drops the records that are over beyond the newest so many; answers the ids of those that stay. */
    readonly prune: (keep: number) => Effect.Effect<ReadonlyArray<string>, StorageFailed>
  }
>() {}

const RecordText = Schema.parseJson(BackfillRecord)
const decode = Schema.decodeUnknownEither(RecordText)
const encode = Schema.encode(RecordText)

export const make = (database: Database): Context.Tag.Service<BackfillStore> => {
  const failed = (operation: string) => Effect.mapError(asStorageFailed(operation, database.path))
  const durably = <A>(operation: string, work: Effect.Effect<A, SqlError>) =>
    Effect.zipLeft(failed(operation)(database.transaction(work)), database.durable)
  const put = (record: BackfillRecord) =>
    Effect.flatMap(
      Effect.orDie(encode(record)),
      (text) => database.writer`
        insert into backfills (id, started_at, over, record)
        values (${record.id}, ${record.started_at}, ${record.isOver ? 1 : 0}, ${text})
        on conflict (id) do update set started_at = excluded.started_at, over = excluded.over, record = excluded.record`
    )
  return BackfillStore.of({
    load: Effect.gen(function* () {
      const rows = yield* failed("load backfills")(
        database.reader<{ id: string; record: string }>`select id, record from backfills order by started_at, id`
      )
      const records: Array<BackfillRecord> = []
      for (const { id, record } of rows) {
        const decoded = decode(record)
        if (Either.isRight(decoded)) records.push(decoded.right)
        else yield* Effect.logWarning(`the record of backfill ${id} can't be read`)
      }
      return records
    }),
    save: (record) => durably("save backfill", put(record)),
    note: (record) => failed("save backfill")(put(record)),
    prune: (keep) =>
      durably(
        "prune backfills",
        database.writer`
          delete from backfills where over = 1 and id not in
            (select id from backfills where over = 1 order by started_at desc, id desc limit ${keep})`.pipe(
          Effect.zipRight(database.writer<{ id: string }>`select id from backfills`),
          Effect.map((rows) => rows.map(({ id }) => id))
        )
      )
  })
}
