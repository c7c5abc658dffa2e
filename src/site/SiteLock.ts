/**
 * One writer per site. The lock is a kernel lock on `.outpost/lock.sqlite`, taken through SQLite (exclusive locking mode
 * and an open write transaction). It is freed by any death of its holder, not inherited by child processes, and kept
 * until the scope closes. Nothing but SQLite may open that file: closing any other handle on it would free the lock.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type { Database } from "better-sqlite3"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { reasonOf } from "../domain/Refusal.js"
import { Site, SiteUnusable } from "./Site.js"
import * as ServerFile from "./ServerFile.js"

/** Another process holds the site. */
export class SiteLocked extends Schema.TaggedError<SiteLocked>()("SiteLocked", {
  site: Schema.String,
  /** Who holds it, where that can be told. */
  holder: Schema.Option(ServerFile.ServerFile)
}) {
  override get message() {
    const who = Option.match(this.holder, {
      onNone: () => "another process",
      onSome: ({ host, pid, startedAt, url }) =>
        `process ${pid} on ${host}${url === undefined ? "" : ` (${url})`} since ${DateTime.formatIso(startedAt)}`
    })
    return `The site ${this.site} is held by ${who}. Stop it first, or talk to it.`
  }
}

/** What `probe` found. */
export interface Occupation {
  readonly locked: boolean
  /** The holder's file; only ever present while the lock is held and the process it names lives. */
  readonly server: Option.Option<ServerFile.ServerFile>
}

/** Proof that this process holds the site. */
export class SiteLock extends Context.Tag("outpost/site/SiteLock")<SiteLock, { readonly site: string }>() {}

/** Takes the lock for the scope, or fails naming the holder. The file of an earlier life is replaced by this one's. */
export const acquire: (
  version: string
) => Effect.Effect<
  SiteLock["Type"],
  SiteLocked | SiteUnusable,
  Site | FileSystem.FileSystem | Path.Path | Scope.Scope
> = Effect.fn("SiteLock.acquire")(function* (version) {
  const site = yield* Site
  const locked = ServerFile.readLiving.pipe(
    Effect.flatMap((holder) => Effect.fail(new SiteLocked({ site: site.directory, holder })))
  )
  yield* Effect.acquireRelease(
    open(site.paths.lock).pipe(
      Effect.tap((database) =>
        lock(database, "BEGIN EXCLUSIVE").pipe(Effect.onError(() => Effect.sync(() => database.close())))
      ),
      // A probe by another process holds the lock for an instant: that is no reason to give up.
      Effect.retry({ while: isBusy, times: 8, schedule: Schedule.spaced("50 millis") }),
      Effect.catchAll((failure): Effect.Effect<never, SiteLocked | SiteUnusable, Site | FileSystem.FileSystem> =>
        isBusy(failure) ? locked : Effect.fail(unusable(site, failure))
      )
    ),
    (database) => Effect.sync(() => database.close())
  )
  yield* Effect.acquireRelease(
    // The lock is what counts: a disk that is full keeps nobody from being the one who holds it.
    ServerFile.describe(version).pipe(
      Effect.flatMap(ServerFile.write),
      Effect.catchAll((error) => Effect.logWarning(`who holds the site could not be written down: ${error.reason}`))
    ),
    () => ServerFile.remove
  )
  return SiteLock.of({ site: site.directory })
})

export const layer = (
  version: string
): Layer.Layer<SiteLock, SiteLocked | SiteUnusable, Site | FileSystem.FileSystem | Path.Path> =>
  Layer.scoped(SiteLock, acquire(version))

/** Whether the site is held, and by whom, without keeping the lock. A site never locked before is left untouched. */
export const probe: Effect.Effect<Occupation, SiteUnusable, Site | FileSystem.FileSystem> = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const site = yield* Site
  const free: Occupation = { locked: false, server: Option.none() }
  if (!(yield* fs.exists(site.paths.lock).pipe(Effect.orElseSucceed(() => false)))) return free
  const locked = yield* Effect.acquireUseRelease(
    open(site.paths.lock),
    (database) => lock(database, "BEGIN IMMEDIATE").pipe(Effect.as(false)),
    (database) => Effect.sync(() => database.close())
  ).pipe(Effect.catchAll((failure) => (isBusy(failure) ? Effect.succeed(true) : Effect.fail(unusable(site, failure)))))
  return locked ? { locked, server: yield* ServerFile.readLiving } : free
}).pipe(Effect.withSpan("SiteLock.probe"))

// ------------------------------------------------------------------------------------------------------------------

class LockFailure {
  readonly _tag = "LockFailure"
  constructor(
    readonly code: string,
    readonly reason: string
  ) {}
}

const unusable = ({ directory, paths }: Site["Type"], { code, reason }: LockFailure): SiteUnusable =>
  new SiteUnusable({
    directory,
    reason: code === "SQLITE_NOTADB" ? `${paths.lock} is damaged: remove it if no server runs here` : `lock: ${reason}`
  })

const isBusy = (failure: LockFailure): boolean => failure.code.startsWith("SQLITE_BUSY")

const failureOf = (error: unknown): LockFailure =>
  new LockFailure(error instanceof Error && "code" in error ? String(error.code) : "", reasonOf(error))

const open = (path: string): Effect.Effect<Database, LockFailure> =>
  Effect.tryPromise(() => import("better-sqlite3")).pipe(
    Effect.orDie,
    Effect.flatMap(({ default: Sqlite }) =>
      Effect.try({ try: () => new Sqlite(path, { timeout: 0 }), catch: failureOf })
    )
  )

const lock = (database: Database, begin: string): Effect.Effect<void, LockFailure> =>
  Effect.try({
    try: () => {
      database.pragma("locking_mode = EXCLUSIVE")
      // Nothing is ever committed: without a journal the lock needs no room on a disk that is full.
      database.pragma("journal_mode = MEMORY")
      database.exec(begin)
    },
    catch: failureOf
  })
