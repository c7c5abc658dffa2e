/**
 * `.outpost/server.json`: who holds the site, and where and how to talk to it. Written by the holder of the lock, without
 * an address as soon as it has the lock, with one once it listens; removed on a clean stop. The file of a holder that was
 * killed stays behind, so it is trusted only while the lock is held (SiteLock.probe) and its process still lives.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as os from "node:os"
import * as DurableFile from "./DurableFile.js"
import { Site, SiteUnusable } from "./Site.js"
import { reasonOf } from "./FileReason.js"

export class ServerFile extends Schema.Class<ServerFile>("outpost/site/ServerFile")({
  pid: Schema.Int,
  /** When the process began, in clock ticks since boot; with the boot id it tells a pid that was given out again. */
  startTime: Schema.String,
  bootId: Schema.String,
  /** The machine's name. */
  host: Schema.String,
  version: Schema.String,
  startedAt: Schema.DateTimeUtc,
  /** Absent while the holder does not listen (a command that works on the site itself). */
  url: Schema.optional(Schema.String),
  /** Opens the holder's server to the user who may read this file. */
  token: Schema.optional(Schema.Redacted(Schema.String))
}) {}

const Json = Schema.parseJson(ServerFile)

/** How soon a disk that did not take the file is tried again. */
const again = Duration.seconds(5)

/** A process, told apart from another with the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTime: string
  readonly bootId: string
}

/** The identity of a process that lives now on this machine. `startTime` and `bootId` are empty where there is no /proc. */
export const identityOf = (pid: number): Effect.Effect<ProcessIdentity, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const read = (path: string) => fs.readFileString(path).pipe(Effect.orElseSucceed(() => ""))
    const stat = yield* read(`/proc/${pid}/stat`)
    const bootId = yield* read("/proc/sys/kernel/random/boot_id")
    // The name in brackets may hold blanks and brackets itself: count fields from the last one.
    const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
    return { pid, startTime, bootId: bootId.trim() }
  })

/** What this process writes before it listens. */
export const describe = (version: string): Effect.Effect<ServerFile, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const identity = yield* identityOf(process.pid)
    return new ServerFile({ ...identity, host: os.hostname(), version, startedAt: yield* DateTime.now })
  })

/** Writes the file whole, mode 0600. Only for the holder of the lock. */
export const write: (file: ServerFile) => Effect.Effect<void, SiteUnusable, Site | FileSystem.FileSystem | Path.Path> =
  Effect.fn("ServerFile.write")(function* (file) {
    const site = yield* Site
    const text = yield* Effect.orDie(Schema.encode(Json)(file))
    yield* DurableFile.replace(site.paths.server, `${text}\n`, { mode: 0o600 }).pipe(
      Effect.mapError((error) => new SiteUnusable({ directory: site.directory, reason: reasonOf(error) }))
    )
  })

/**
 * Names the address this process listens on; when the scope closes the file is without one again. Where the disk does not
 * take it now, it is tried again until it does.
 */
export const publish = (
  address: Pick<ServerFile, "url" | "token"> & { readonly version: string }
): Effect.Effect<void, never, Site | FileSystem.FileSystem | Path.Path | Scope.Scope> =>
  Effect.gen(function* () {
    const { version, ...where } = address
    // A file of an earlier life may still be there, where a full disk did not take this one's.
    const before = yield* Effect.map(
      readLiving,
      Option.filter(({ pid }) => pid === process.pid)
    ).pipe(Effect.flatMap(Option.match({ onNone: () => describe(version), onSome: Effect.succeed })))
    const { url: _url, token: _token, ...holder } = before
    yield* Effect.addFinalizer(() => Effect.ignore(write(new ServerFile(holder))))
    const attempt = write(new ServerFile({ ...holder, version, ...where }))
    yield* Effect.catchAll(attempt, (error) =>
      Effect.logWarning(`commands on this machine won't find the server for now: ${error.message}`).pipe(
        Effect.zipRight(Effect.forkScoped(Effect.retry(Effect.delay(attempt, again), Schedule.forever)))
      )
    )
  })

/** The file as it stands, none if there is none or it can't be understood. Says nothing about whether it is still true. */
export const read: Effect.Effect<Option.Option<ServerFile>, never, Site | FileSystem.FileSystem> = Effect.gen(
  function* () {
    const fs = yield* FileSystem.FileSystem
    const site = yield* Site
    return yield* Effect.option(fs.readFileString(site.paths.server).pipe(Effect.flatMap(Schema.decode(Json))))
  }
)

/** The file, if the process it names lives. A file from another machine (a shared disk) can't be checked and passes. */
export const readLiving: Effect.Effect<Option.Option<ServerFile>, never, Site | FileSystem.FileSystem> = Effect.gen(
  function* () {
    const file = yield* read
    if (Option.isNone(file) || file.value.host !== os.hostname()) return file
    const now = yield* identityOf(file.value.pid)
    const same = now.startTime === file.value.startTime && now.bootId === file.value.bootId
    return same ? file : Option.none()
  }
)

/** Takes the file away. Only for the holder of the lock. */
export const remove: Effect.Effect<void, never, Site | FileSystem.FileSystem> = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const site = yield* Site
  yield* Effect.ignore(fs.remove(site.paths.server, { force: true }))
})
