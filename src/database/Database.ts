/**
 * One SQLite file of the site: a writer with one connection, a reader with its own, and migrations.
 *
 * Statements run on the calling thread, so two things are kept away from it. A commit does not sync (`synchronous=NORMAL`
 * in WAL mode keeps the file consistent through a power cut, at worst as of an earlier commit); where a commit is a promise,
 * `durable` syncs the log of the database without stopping the process. And copying that log back into the file happens in
 * a worker thread. A file that SQLite can't read is set aside, never overwritten.
 */
import * as Reactivity from "@effect/experimental/Reactivity"
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { StorageFailed } from "../domain/Refusal.js"
import { copyBack } from "./internal/walCheckpoint.js"

/** The database can't be opened or brought to this version's form. */
export class DatabaseUnusable extends Schema.TaggedError<DatabaseUnusable>()("DatabaseUnusable", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.path}: ${this.reason}`
  }
}

export interface Database {
  readonly path: string
  /** The one connection that writes. A transaction holds it until it ends. */
  readonly writer: SqlClient.SqlClient
  /** A second, read-only connection, for queries that must not wait for a transaction. */
  readonly reader: SqlClient.SqlClient
  /** Everything committed so far is on the device once it returns. */
  readonly durable: Effect.Effect<void, StorageFailed>
  /** True where the file was new, or had to be set aside, when it was opened. */
  readonly fresh: boolean
}

/** Migrations by `<number>_<name>`, run once each, in order of their numbers. */
export type Migrations = Readonly<Record<string, Effect.Effect<void, SqlError, SqlClient.SqlClient>>>

/** Above this the log of the database is copied back, in bytes. */
const walLimit = 4 * 1024 * 1024

export const make = Effect.fnUntraced(function* (
  path: string,
  migrations: Migrations,
  timestamp: string
): Effect.fn.Return<Database, DatabaseUnusable, Scope.Scope> {
  const fresh = !fs.existsSync(path) || (yield* setAsideUnreadable(path, timestamp))
  const unusable = (cause: unknown) => new DatabaseUnusable({ path, reason: reasonOf(cause) })
  const writer = yield* open({ filename: path }).pipe(Effect.catchAllDefect((cause) => Effect.fail(unusable(cause))))
  yield* migrate(migrations).pipe(Effect.provideService(SqlClient.SqlClient, writer), Effect.mapError(unusable))
  yield* Effect.forEach(["synchronous=NORMAL", "wal_autocheckpoint=0", "busy_timeout=2000"], (pragma) =>
    writer.unsafe(`pragma ${pragma}`)
  ).pipe(Effect.mapError(unusable))
  const reader = yield* open({ filename: path, readonly: true }).pipe(
    Effect.catchAllDefect((cause) => Effect.fail(unusable(cause)))
  )
  const wal = yield* Effect.acquireRelease(
    Effect.sync(() => fs.openSync(`${path}-wal`, "a")),
    (file) => Effect.sync(() => fs.closeSync(file))
  )
  const durable = Effect.async<void, StorageFailed>((resume) => {
    fs.fdatasync(wal, (error) =>
      resume(
        error === null
          ? Effect.void
          : Effect.fail(new StorageFailed({ operation: "fdatasync", path, reason: error.message }))
      )
    )
  })
  yield* Effect.suspend(() => (fs.fstatSync(wal).size > walLimit ? copyBack(path) : Effect.void)).pipe(
    Effect.catchAllCause((cause) => Effect.logWarning("the log of the database was not copied back", cause)),
    Effect.repeat(Schedule.spaced(Duration.seconds(5))),
    Effect.forkScoped
  )
  return { path, writer, reader, durable, fresh }
})

export class IndexDatabase extends Context.Tag("outpost/database/IndexDatabase")<IndexDatabase, Database>() {}

// -----------------------------------------------------------------------------

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const open = (config: SqliteClient.SqliteClientConfig) =>
  SqliteClient.make({ ...config, prepareCacheSize: 100 }).pipe(
    Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make)
  )

const migrate = (migrations: Migrations) => Migrator.make({})({ loader: Migrator.fromRecord({ ...migrations }) })

/** A database begins with these bytes; a file that is empty or shorter is new. */
const magic = "SQLite format 3\u0000"

const setAsideUnreadable = (path: string, timestamp: string): Effect.Effect<boolean, DatabaseUnusable> =>
  Effect.try({
    try: () => {
      const file = fs.openSync(path, "r")
      const head = Buffer.alloc(magic.length)
      const length = fs.readSync(file, head, 0, head.length, 0)
      fs.closeSync(file)
      if (length === 0) return true
      if (head.toString("latin1") === magic) return false
      for (const suffix of ["", "-wal", "-shm"]) {
        if (fs.existsSync(path + suffix)) fs.renameSync(path + suffix, `${path}.unreadable-${timestamp}${suffix}`)
      }
      return true
    },
    catch: (cause) => new DatabaseUnusable({ path, reason: reasonOf(cause) })
  })
