/**
 * DuckDB, the one reader and writer of Parquet. It is loaded when the first session is asked for, never before, and lives
 * as long as the scope of its layer: one instance with bounded memory (beyond it, a temporary directory of its own) and two
 * threads. Work that computes and work that waits for a reader have separate places, so that a slow download holds up no
 * merge; who finds none free waits.
 *
 * Interruption: a running statement is told to stop, and its end is awaited before the connection is closed.
 */
import type * as Native from "@duckdb/node-api"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SynchronizedRef from "effect/SynchronizedRef"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"

/** A connection of its own, with its own temporary tables. Statements run one after the other. */
export interface Session {
  /** Runs statements; answers how many rows the last one wrote. */
  readonly run: (sql: string) => Effect.Effect<number, StorageFailed>
  /** All rows of a small answer: integers are bigints, what is null is null. */
  readonly rows: (sql: string) => Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>, StorageFailed>
  /** The answer column by column, some 2,000 rows at a time, computed as far as it is taken. */
  readonly columns: (sql: string) => Stream.Stream<ReadonlyArray<ReadonlyArray<unknown>>, StorageFailed>
  /** Fills a table from batches of rows. */
  readonly append: <A, E>(
    table: string,
    batches: Stream.Stream<A, E>,
    write: (appender: Native.DuckDBAppender, row: A) => void
  ) => Effect.Effect<void, E | StorageFailed>
}

export class DuckDb extends Context.Tag("outpost/dataset/DuckDb")<
  DuckDb,
  {
    /**
     * A session until the scope closes. `work` is for statements that are computed at once, `read` for answers that someone
     * takes at their own pace. Waits for a free place; fails where DuckDB can't be loaded or started.
     */
    readonly session: (lane: "work" | "read") => Effect.Effect<Session, StorageFailed, Scope.Scope>
  }
>() {}

export interface DuckDbOptions {
  /** How much memory it may take, as DuckDB writes it. */
  readonly memory?: string
  /** Sessions at once in each lane. */
  readonly work?: number
  readonly read?: number
}

export const make = (options: DuckDbOptions = {}): Effect.Effect<DuckDb["Type"], never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const lanes = {
      work: yield* Effect.makeSemaphore(options.work ?? 2),
      read: yield* Effect.makeSemaphore(options.read ?? 4)
    }
    const opened = yield* SynchronizedRef.make(Option.none<Native.DuckDBInstance>())
    const instance = SynchronizedRef.modifyEffect(
      opened,
      Option.match({
        onNone: () =>
          open(options.memory ?? "512MB").pipe(
            Scope.extend(scope),
            Effect.map((fresh) => [fresh, Option.some(fresh)] as const)
          ),
        onSome: (found) => Effect.succeed([found, Option.some(found)] as const)
      })
    )
    return DuckDb.of({
      session: (lane) =>
        place(lanes[lane]).pipe(
          Effect.zipRight(instance),
          Effect.flatMap((db) =>
            Effect.acquireRelease(
              attempt("open", () => db.connect()),
              (connection) => Effect.sync(() => connection.closeSync())
            )
          ),
          Effect.map(sessionOn)
        )
    })
  })

export const layer: Layer.Layer<DuckDb> = Layer.scoped(DuckDb, make())

/** A name as an identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text as a literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A path as a literal where DuckDB would take `*`, `?` and `[` for a pattern. */
export const pathLiteral = (path: string): string => literal(path.replaceAll(/[*?[]/g, "[$&]"))

// -----------------------------------------------------------------------------

const place = (lane: Effect.Semaphore): Effect.Effect<void, never, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    restore(lane.take(1)).pipe(Effect.zipRight(Effect.addFinalizer(() => lane.release(1))))
  )

const failed = (operation: string, cause: unknown): StorageFailed => asStorageFailed(operation, "DuckDB")(cause)

const attempt = <A>(operation: string, run: () => Promise<A>): Effect.Effect<A, StorageFailed> =>
  Effect.tryPromise({ try: run, catch: (cause) => failed(operation, cause) })

const open = (memory: string): Effect.Effect<Native.DuckDBInstance, StorageFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const spill = yield* Effect.acquireRelease(
      attempt("create", () => mkdtemp(join(tmpdir(), "outpost-duckdb-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
    )
    const { DuckDBInstance } = yield* attempt("load", () => import("@duckdb/node-api"))
    const instance = yield* Effect.acquireRelease(
      attempt("open", () =>
        DuckDBInstance.create(":memory:", {
          memory_limit: memory,
          threads: "2",
          temp_directory: spill,
          // Files are replaced under their names: what was read once is not kept for later.
          enable_external_file_cache: "false"
        })
      ),
      (instance) => Effect.sync(() => instance.closeSync())
    )
    yield* attempt("open", async () => {
      const connection = await instance.connect()
      await connection.run("set global TimeZone = 'UTC'")
      connection.closeSync()
    })
    return instance
  })

const sessionOn = (connection: Native.DuckDBConnection): Session => {
  const one = Effect.unsafeMakeSemaphore(1)
  const perform = <A>(operation: string, start: () => Promise<A>): Effect.Effect<A, StorageFailed> =>
    Effect.async<A, StorageFailed>((resume) => {
      const settled = start().then(
        (value) => resume(Effect.succeed(value)),
        (cause) => resume(Effect.fail(failed(operation, cause)))
      )
      return stop(connection, settled)
    }).pipe(one.withPermits(1))
  return {
    run: (sql) => perform("run", async () => (await connection.run(sql)).rowsChanged),
    rows: (sql) => perform("query", async () => (await connection.runAndReadAll(sql)).getRowObjectsJS()),
    columns: (sql) =>
      Stream.unwrap(
        Effect.map(
          perform("query", () => connection.stream(sql)),
          (result) =>
            Stream.repeatEffectOption(
              perform("query", () => result.fetchChunk()).pipe(
                Effect.mapError(Option.some),
                Effect.flatMap((chunk) =>
                  chunk === null || chunk.rowCount === 0
                    ? Effect.fail(Option.none())
                    : Effect.succeed(chunk.getColumns())
                )
              )
            )
        )
      ),
    append: (table, batches, write) =>
      Effect.gen(function* () {
        const appender = yield* perform("append", () => connection.createAppender(table))
        yield* Stream.runForEachChunk(batches, (rows) =>
          Effect.sync(() => {
            for (const row of rows) write(appender, row)
          })
        )
        yield* Effect.try({ try: () => appender.closeSync(), catch: (cause) => failed("append", cause) })
      })
  }
}

/** An order to stop that comes before the statement runs is lost: it is repeated until the statement has ended. */
const stop = (connection: Native.DuckDBConnection, settled: Promise<void>): Effect.Effect<void> =>
  Effect.raceFirst(
    Effect.promise(() => settled),
    Effect.sync(() => connection.interrupt()).pipe(
      Effect.repeat(Schedule.spaced(Duration.millis(20))),
      Effect.asVoid,
      // A finalizer is not interruptible by itself, and the race would never let go of this.
      Effect.interruptible
    )
  )
