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
import { dirname } from "node:path"
import { asStorageFailed, reasonOf, type StorageFailed } from "../domain/Refusal.js"
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
  /**
   * Runs the statements of an effect on the writer as one transaction. A commit that the disk refuses is a failure like any
   * other (the client's own `withTransaction` dies of it); after a failure nothing of it stays and the writer is usable.
   */
  readonly transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, R>
  /** A second, read-only connection, for queries that must not wait for a transaction. */
  readonly reader: SqlClient.SqlClient
  /** Everything committed so far is on the device once it returns. */
  readonly durable: Effect.Effect<void, StorageFailed>
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
  yield* setAsideUnreadable(path, timestamp)
  const unusable = (cause: unknown) => new DatabaseUnusable({ path, reason: reasonOf(cause) })
  const writer = yield* open({ filename: path }).pipe(Effect.catchAllDefect((cause) => Effect.fail(unusable(cause))))
  yield* migrate(migrations).pipe(
    Effect.provideService(SqlClient.SqlClient, writer),
    Effect.catchAllDefect(Effect.fail),
    Effect.mapError(unusable)
  )
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
  // The names of both files: without them a commit that was synced would be lost with its file.
  yield* Effect.try({ try: () => syncDirectory(dirname(path)), catch: unusable })
  const durable = Effect.async<void, StorageFailed>((resume) => {
    fs.fdatasync(wal, (error) =>
      resume(error === null ? Effect.void : Effect.fail(asStorageFailed("fdatasync", path)(error)))
    )
  })
  yield* Effect.suspend(() => (fs.fstatSync(wal).size > walLimit ? copyBack(path) : Effect.void)).pipe(
    Effect.catchAllCause((cause) => Effect.logWarning("the log of the database was not copied back", cause)),
    Effect.repeat(Schedule.spaced(Duration.seconds(5))),
    Effect.forkScoped
  )
  return { path, writer, transaction: transactionOn(writer), reader, durable }
})

export class IndexDatabase extends Context.Tag("outpost/database/IndexDatabase")<IndexDatabase, Database>() {}

// -----------------------------------------------------------------------------

const open = (config: SqliteClient.SqliteClientConfig) =>
  SqliteClient.make({ ...config, prepareCacheSize: 100 }).pipe(
    Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make)
  )

const migrate = (migrations: Migrations) => Migrator.make({})({ loader: Migrator.fromRecord({ ...migrations }) })

const syncDirectory = (path: string): void => {
  const directory = fs.openSync(path, "r")
  try {
    fs.fsyncSync(directory)
  } finally {
    fs.closeSync(directory)
  }
}

const transactionOn =
  (writer: SqlClient.SqlClient) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const connection = yield* writer.reserve
        const order = (statement: string) => connection.execute(statement, [], undefined)
        yield* order("begin immediate")
        return yield* restore(effect).pipe(
          Effect.provideService(SqlClient.TransactionConnection, [connection, 0]),
          Effect.zipLeft(order("commit")),
          Effect.onError(() => Effect.ignore(order("rollback")))
        )
      }).pipe(Effect.scoped)
    )

/** A database begins with these bytes; a file that is empty is a new one. */
const magic = "SQLite format 3\u0000"

/** A file that SQLite can't read, or finds damaged, is renamed: what is in it can be made anew from elsewhere. */
const setAsideUnreadable = Effect.fnUntraced(function* (path: string, timestamp: string) {
  const unusable = (cause: unknown) => new DatabaseUnusable({ path, reason: reasonOf(cause) })
  const head = yield* Effect.try({ try: () => headOf(path), catch: unusable })
  if (head === "" || (head === magic && (yield* isSound(path)))) return
  yield* Effect.try({
    try: () => {
      for (const suffix of ["", "-wal", "-shm"]) {
        if (fs.existsSync(path + suffix)) fs.renameSync(path + suffix, `${path}.unreadable-${timestamp}${suffix}`)
      }
    },
    catch: unusable
  })
  yield* Effect.logWarning(`${path} was damaged: set aside as ${path}.unreadable-${timestamp}, and made anew`)
})

const headOf = (path: string): string => {
  if (!fs.existsSync(path)) return ""
  const file = fs.openSync(path, "r")
  try {
    const head = Buffer.alloc(magic.length)
    return head.toString("latin1", 0, fs.readSync(file, head, 0, head.length, 0))
  } finally {
    fs.closeSync(file)
  }
}

/** SQLite's own check of the file's structure; a file that can't be opened for another reason is not called damaged. */
const isSound = (path: string): Effect.Effect<boolean> =>
  Effect.scoped(
    Effect.flatMap(open({ filename: path }), (client) =>
      client.unsafe<{ quick_check: string }>("pragma quick_check(1)")
    )
  ).pipe(
    Effect.map(([row]) => row?.quick_check === "ok"),
    Effect.catchAllDefect(Effect.fail),
    Effect.catchAll((error) => Effect.succeed(!isDamage(error)))
  )

/** SQLite's code for damage, on the error or on what caused it. */
const isDamage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  return ("code" in error && /^SQLITE_(CORRUPT|NOTADB)/.test(String(error.code))) || isDamage(error.cause)
}
