/** Where the state document is kept: what each part holds, and the last changes of each. In SQLite, or in memory. */
import { SqlClient as SqlClientTag } from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import type { Database, Migrations } from "../database/Database.js"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"
import type { StateChange } from "../domain/State.js"

export interface StateStore {
  /** What each part holds. */
  readonly load: Effect.Effect<ReadonlyArray<Pick<StateChange, "part" | "value">>, StorageFailed>
  /** The number of the last change; 0 before the first. */
  readonly revision: Effect.Effect<number, StorageFailed>
  /** All of them, or none. Durable once it returns; answers them with their numbers, which rise by one. */
  readonly append: (
    changes: ReadonlyArray<Omit<StateChange, "revision">>
  ) => Effect.Effect<ReadonlyArray<StateChange>, StorageFailed>
  /** Newest first. */
  readonly history: (query: {
    readonly part: string | undefined
    readonly before: number | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<StateChange>, StorageFailed>
}

/** Changes of a part that are kept. */
const kept = 1_000

export const migrations: Migrations = {
  "0010_state": Effect.gen(function* () {
    const sql = yield* SqlClientTag
    for (const statement of [
      // Numbers are never used again, also when the newest changes have left.
      `create table state_changes (
        revision integer primary key autoincrement, part text not null, value text not null, at real not null,
        by text not null) strict`,
      `create index state_changes_of_part on state_changes (part, revision)`
    ])
      yield* sql.unsafe(statement)
  })
}

interface Row {
  readonly revision: number
  readonly part: string
  readonly value: string
  readonly at: number
  readonly by: string
}

/** The newest change of a part is what it holds: one table, and nothing that could contradict it. */
export const make = (database: Database): StateStore => {
  const failed = (operation: string) => Effect.mapError(asStorageFailed(operation, database.path))
  const { durable, reader, transaction, writer } = database
  const one = Effect.fnUntraced(function* ({ at, by, part, value }: Omit<StateChange, "revision">) {
    const rows = yield* writer<{ revision: number }>`
      insert into state_changes (part, value, at, by) values (${part}, ${JSON.stringify(value)}, ${at}, ${by})
      returning revision`
    yield* writer`
      delete from state_changes where part = ${part} and revision <= (
        select revision from state_changes where part = ${part} order by revision desc limit 1 offset ${kept})`
    return { revision: rows[0]?.revision ?? 0, part, value, at, by }
  })
  return {
    load: failed("load state")(
      Effect.map(
        reader<Row>`
          select part, value from state_changes where revision in (select max(revision) from state_changes group by part)
          order by part`,
        (rows) => rows.map(({ part, value }) => ({ part, value: JSON.parse(value) as unknown }))
      )
    ),
    revision: failed("load state")(
      Effect.map(
        reader<{ last: number | null }>`select max(revision) as last from state_changes`,
        ([row]) => row?.last ?? 0
      )
    ),
    append: (changes) => Effect.zipLeft(failed("change state")(transaction(Effect.forEach(changes, one))), durable),
    history: ({ before, limit, part }) =>
      failed("read state")(
        Effect.map(
          reader<Row>`
            select * from state_changes
            where revision < ${before ?? Number.MAX_SAFE_INTEGER} and (${part ?? null} is null or part = ${part ?? null})
            order by revision desc limit ${limit}`,
          (rows) => rows.map((row) => ({ ...row, value: JSON.parse(row.value) as unknown }))
        )
      )
  }
}

/** Lost with the process. */
export const makeMemory: Effect.Effect<StateStore> = Effect.sync(() => {
  const changes: Array<StateChange> = []
  return {
    load: Effect.sync(() => [...new Map(changes.map((change) => [change.part, change])).values()]),
    revision: Effect.sync(() => changes.length),
    append: (added) =>
      Effect.sync(() => {
        const numbered = added.map((change, i) => ({ ...change, revision: changes.length + i + 1 }))
        changes.push(...numbered)
        return numbered
      }),
    history: ({ before, limit, part }) =>
      Effect.sync(() =>
        changes
          .filter((change) => change.revision < (before ?? Infinity) && (part === undefined || change.part === part))
          .reverse()
          .slice(0, limit)
      )
  }
})
