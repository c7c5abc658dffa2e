/** What must be known of schedules after a restart: which are paused, and when each ran last. */
import { SqlClient as SqlClientTag } from "@effect/sql/SqlClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Database, Migrations } from "../database/Database.js"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"

export interface Remembered {
  readonly paused: boolean
  /** Milliseconds since the epoch of the start of the last run. */
  readonly lastRun: number | undefined
}

export class ScheduleStore extends Context.Tag("outpost/schedule/ScheduleStore")<
  ScheduleStore,
  {
    readonly load: Effect.Effect<ReadonlyMap<string, Remembered>, StorageFailed>
    /** Durable once it returns. */
    readonly setPaused: (id: string, paused: boolean) => Effect.Effect<void, StorageFailed>
    /** A power cut may lose it: then a run that was not missed is made up for. */
    readonly ran: (id: string, at: number) => Effect.Effect<void, StorageFailed>
  }
>() {}

export const migrations: Migrations = {
  "0002_schedules": Effect.gen(function* () {
    const sql = yield* SqlClientTag
    yield* sql.unsafe(
      `create table schedules (id text primary key, paused integer not null default 0, last_run real) strict, without rowid`
    )
  })
}

export const make = (database: Database): Context.Tag.Service<ScheduleStore> => {
  const failed = (operation: string) => Effect.mapError(asStorageFailed(operation, database.path))
  return ScheduleStore.of({
    load: Effect.map(
      failed("load schedules")(
        database.reader<{ id: string; paused: number; last_run: number | null }>`
          select id, paused, last_run from schedules`
      ),
      (rows) =>
        new Map(
          rows.map(
            ({ id, last_run, paused }) => [id, { paused: paused !== 0, lastRun: last_run ?? undefined }] as const
          )
        )
    ),
    setPaused: (id, paused) =>
      failed("pause schedule")(
        database.transaction(database.writer`
          insert into schedules (id, paused) values (${id}, ${paused ? 1 : 0})
          on conflict (id) do update set paused = excluded.paused`)
      ).pipe(Effect.zipRight(database.durable)),
    ran: (id, at) =>
      Effect.asVoid(
        failed("note schedule")(database.writer`
          insert into schedules (id, last_run) values (${id}, ${at})
          on conflict (id) do update set last_run = excluded.last_run`)
      )
  })
}
