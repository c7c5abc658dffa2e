/** A telemetry store on a directory of its own, as an app opens it; and stores that were abandoned without closing. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Database from "../../src/database/Database.js"
import type { Notice } from "../../src/journal/AppendFile.js"
import * as SqlIndex from "../../src/telemetry/SqlIndex.js"
import * as TelemetryStore from "../../src/telemetry/TelemetryStore.js"

/** A directory that is removed with the scope. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "outpost-test-"))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
)

export interface TestOptions extends Partial<TelemetryStore.Options> {
  readonly notices?: Array<Notice>
  /** Puts something in front of the index database. */
  readonly database?: (database: Database.Database) => Database.Database
}

export const open = (site: string, options: TestOptions = {}) =>
  Effect.gen(function* () {
    const state = join(site, ".outpost")
    fs.mkdirSync(state, { recursive: true })
    const database = yield* Database.make(join(state, "index.sqlite"), SqlIndex.migrations, "test")
    return yield* TelemetryStore.make(
      {
        ...TelemetryStore.defaults,
        siteDirectory: site,
        systemDirectory: join(state, "system"),
        stateDirectory: state,
        checkpointInterval: "1 hour",
        zone: DateTime.zoneUnsafeMakeNamed("UTC"),
        notify: (notice) => void options.notices?.push(notice),
        ...options
      },
      options.database?.(database) ?? database
    )
  })

/** A store that a "crash" leaves as it is on disk: it is closed by its test, or behind it. */
export const openAbandoned = (site: string, options: TestOptions = {}) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const close = Scope.close(scope, Exit.void)
    yield* Effect.addFinalizer(() => close)
    const store = yield* open(site, options).pipe(Scope.extend(scope))
    return { store, close }
  })

export const siteLines = (site: string): ReadonlyArray<string> =>
  fs
    .readdirSync(site)
    .filter((name) => name.startsWith("site_") && name.endsWith(".ndjson"))
    .sort()
    .flatMap((name) =>
      fs
        .readFileSync(join(site, name), "utf8")
        .split("\n")
        .filter((line) => line !== "")
    )

export const body = (type: string, data: unknown, more: object = {}) =>
  Buffer.from(JSON.stringify({ type, data, ...more }))
