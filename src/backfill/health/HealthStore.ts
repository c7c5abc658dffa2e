/** Health records as they outlive the process. A power cut may lose the last second of them. */
import { SqlClient as SqlClientTag } from "@effect/sql/SqlClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Database, Migrations } from "../../database/Database.js"
import { asStorageFailed, type StorageFailed } from "../../domain/Refusal.js"
import type { HealthRecord } from "./HealthRecord.js"

export class HealthStore extends Context.Tag("outpost/backfill/HealthStore")<
  HealthStore,
  {
    readonly load: Effect.Effect<ReadonlyArray<HealthRecord>, StorageFailed>
    /** Replaces the records of these origins, all or none. */
    readonly save: (records: ReadonlyArray<HealthRecord>) => Effect.Effect<void, StorageFailed>
  }
>() {}

export const migrations: Migrations = {
  "0004_collector_health": Effect.gen(function* () {
    const sql = yield* SqlClientTag
    yield* sql.unsafe(
      `create table collector_health (
        exchange text not null, pair text not null, kind text not null, name text not null,
        last_run_at real, last_success_at real, row_count integer not null, errors integer not null,
        detail text not null, failing_since real, failures integer not null, told integer not null, told_at real,
        primary key (exchange, pair, kind, name)) strict, without rowid`
    )
  })
}

interface Row {
  readonly exchange: string
  readonly pair: string
  readonly kind: string
  readonly name: string
  readonly last_run_at: number | null
  readonly last_success_at: number | null
  readonly row_count: number
  readonly errors: number
  readonly detail: string
  readonly failing_since: number | null
  readonly failures: number
  readonly told: number
  readonly told_at: number | null
}

export const make = (database: Database): Context.Tag.Service<HealthStore> => {
  const failed = (operation: string) => Effect.mapError(asStorageFailed(operation, database.path))
  return HealthStore.of({
    load: Effect.map(
      failed("load health")(database.reader<Row>`select * from collector_health order by exchange, pair, kind, name`),
      (rows) => rows.map(ofRow)
    ),
    save: (records) =>
      Effect.asVoid(
        failed("save health")(
          database.transaction(
            Effect.forEach(
              records,
              (record) =>
                database.writer`insert or replace into collector_health ${database.writer.insert(toRow(record))}`,
              { discard: true }
            )
          )
        )
      )
  })
}

// -----------------------------------------------------------------------------

const ofRow = (row: Row): HealthRecord => ({
  exchange: row.exchange,
  pair: row.pair,
  kind: row.kind === "stream" ? "stream" : "job",
  name: row.name,
  lastRunAt: row.last_run_at,
  lastSuccessAt: row.last_success_at,
  rows: row.row_count,
  errors: row.errors,
  detail: row.detail,
  failingSince: row.failing_since,
  failures: row.failures,
  told: row.told !== 0,
  toldAt: row.told_at
})

const toRow = (record: HealthRecord): Record<keyof Row, string | number | null> => ({
  exchange: record.exchange,
  pair: record.pair,
  kind: record.kind,
  name: record.name,
  last_run_at: record.lastRunAt,
  last_success_at: record.lastSuccessAt,
  row_count: record.rows,
  errors: record.errors,
  detail: record.detail,
  failing_since: record.failingSince,
  failures: record.failures,
  told: record.told ? 1 : 0,
  told_at: record.toldAt
})
