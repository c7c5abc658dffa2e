/**
 * The site: one directory that holds everything, and the only way to turn a relative path from outside into a real one.
 * The directory, `.outpost/` and `secrets/` exist once the layer is built (the latter two closed to other users).
 * It takes no lock; see SiteLock.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as os from "node:os"
import { reasonOf } from "./FileReason.js"
import { within } from "./internal/containment.js"

/** A relative path that would leave the site. */
export class PathEscapes extends Schema.TaggedError<PathEscapes>()("PathEscapes", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `'${this.path}' ${this.reason}; name a path inside the site`
  }
}

/** A site directory that can't be made or used. */
export class SiteUnusable extends Schema.TaggedError<SiteUnusable>()("SiteUnusable", {
  directory: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The site ${this.directory} can't be used: ${this.reason}. Choose another with --site.`
  }
}

/** Where the well-known files of a site stand. */
export interface SitePaths {
  readonly config: string
  readonly lock: string
  readonly server: string
  /** The index over the event files; rebuilt from them where it is lost. */
  readonly index: string
  /** What is known beside the logs: records of backfills, schedules, copies. */
  readonly state: string
  readonly ledgers: string
  readonly parts: string
  readonly runs: string
  readonly system: string
  /** The queue of messages that wait to be sent. */
  readonly outbox: string
  /** The archive of all messages, a file a day. */
  readonly messages: string
  readonly logs: string
  /** What is wrong with the site now. */
  readonly alarms: string
}

export class Site extends Context.Tag("outpost/site/Site")<
  Site,
  {
    /** Absolute, symbolic links followed. */
    readonly directory: string
    /** `<site>/.outpost`, mode 0700. */
    readonly outpostDirectory: string
    /** `<site>/secrets`, mode 0700. */
    readonly secretsDirectory: string
    readonly paths: SitePaths
    /**
     * The absolute path of a relative one. Refuses what is absolute, climbs with `..`, or leaves the site through a
     * symbolic link; the file itself need not exist. The answer holds for the moment it is given.
     */
    readonly resolve: (relative: string) => Effect.Effect<string, PathEscapes>
  }
>() {}

/** Opens (and where needed makes) the site in a directory; `~` is the user's home. */
export const make: (directory: string) => Effect.Effect<Site["Type"], SiteUnusable, FileSystem.FileSystem | Path.Path> =
  Effect.fn("Site.make")(function* (directory) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const wanted = path.resolve(expandHome(directory))

    const closed = (name: string) =>
      fs.makeDirectory(name, { recursive: true, mode: 0o700 }).pipe(Effect.zipRight(fs.chmod(name, 0o700)))
    const root = yield* fs.makeDirectory(wanted, { recursive: true }).pipe(
      Effect.zipRight(fs.realPath(wanted)),
      Effect.tap((root) => closed(path.join(root, ".outpost"))),
      Effect.tap((root) => closed(path.join(root, "secrets"))),
      Effect.tap((root) => fs.access(root, { writable: true })),
      Effect.mapError((error) => new SiteUnusable({ directory: wanted, reason: reasonOf(error) }))
    )
    return yield* at(root)
  })

/** The paths of the site in a directory, without making or checking anything. */
export const locate = (directory: string): Effect.Effect<Site["Type"], never, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(Path.Path, (path) => at(path.resolve(expandHome(directory))))

const at = (root: string) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const outpostDirectory = path.join(root, ".outpost")
    const own = (name: string) => path.join(outpostDirectory, name)
    const resolve = yield* within(root)

    return Site.of({
      directory: root,
      outpostDirectory,
      secretsDirectory: path.join(root, "secrets"),
      paths: {
        config: path.join(root, "outpost.yaml"),
        lock: own("lock.sqlite"),
        server: own("server.json"),
        index: own("index.sqlite"),
        state: own("outpost.sqlite"),
        ledgers: own("ledgers"),
        parts: own("parts"),
        runs: own("runs.jsonl"),
        system: own("system"),
        outbox: own("outbox.sqlite"),
        messages: own("messages"),
        logs: own("logs"),
        alarms: own("alarms.json")
      },
      resolve: (relative) =>
        resolve(relative).pipe(Effect.mapError(({ reason }) => new PathEscapes({ path: relative, reason })))
    })
  })

export const layer = (directory: string): Layer.Layer<Site, SiteUnusable, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(Site, make(directory))

/** A leading `~` or `~/` replaced by the user's home directory. */
export const expandHome = (path: string): string =>
  path === "~" ? os.homedir() : path.startsWith("~/") ? `${os.homedir()}/${path.slice(2)}` : path
