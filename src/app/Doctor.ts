/** Looks at the installation and the place of a site, and changes nothing. */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import type * as Cli from "../cli/Launcher.js"
import * as Site from "../site/Site.js"
import * as SiteLock from "../site/SiteLock.js"

const ok = (name: string, detail: string): Cli.Check => ({ name, state: "ok", detail })
const failed = (name: string, detail: string, advice: string): Cli.Check => ({ name, state: "failed", detail, advice })
const warning = (name: string, detail: string, advice: string): Cli.Check => ({
  name,
  state: "warning",
  detail,
  advice
})

export const run = (
  place: Cli.Place
): Effect.Effect<ReadonlyArray<Cli.Check>, never, FileSystem.FileSystem | Path.Path> =>
  Effect.all([
    node,
    native("SQLite", "better-sqlite3", () => import("better-sqlite3"), "run: npm rebuild better-sqlite3"),
    native("DuckDB (Parquet)", "@duckdb/node-api", () => import("@duckdb/node-api"), "run: npm ci"),
    native("host measurements", "systeminformation", () => import("systeminformation"), "run: npm ci"),
    room(place.site),
    syncRate(place.site),
    clock,
    lock(place)
  ])

// -----------------------------------------------------------------------------

const node = Effect.sync(() => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  const fine = major > 20 || (major === 20 && minor >= 19)
  return fine ? ok("Node.js", process.version) : failed("Node.js", process.version, "install Node.js 20.19 or newer")
})

const native = (name: string, module: string, load: () => Promise<unknown>, advice: string) =>
  Effect.tryPromise(load).pipe(
    Effect.as(ok(name, `${module} loads`)),
    Effect.catchAll((error) => Effect.succeed(failed(name, String(error.error), advice)))
  )

const standing = (path: string): string => {
  const absolute = resolve(path)
  return fs.existsSync(absolute) ? absolute : standing(dirname(absolute))
}

const room = (site: string) =>
  Effect.sync(() => {
    const { bavail, bsize } = fs.statfsSync(standing(site))
    const free = bavail * bsize
    const text = `${(free / 2 ** 30).toFixed(1)} GiB free`
    return free > 2 ** 30
      ? ok("disk", text)
      : warning("disk", text, "make room: at full disk events are refused until there is some")
  })

/** What one durable write costs here, which bounds how fast a single sender is answered. */
const syncRate = (site: string) =>
  Effect.try(() => {
    const base = standing(site)
    const directory = fs.mkdtempSync(join(isWritable(base) ? base : tmpdir(), ".outpost-doctor-"))
    try {
      const file = fs.openSync(join(directory, "probe"), "w")
      const line = Buffer.alloc(300, "x")
      const begin = process.hrtime.bigint()
      const rounds = 100
      for (let i = 0; i < rounds; i++) {
        fs.writeSync(file, line)
        fs.fdatasyncSync(file)
      }
      const seconds = Number(process.hrtime.bigint() - begin) / 1e9
      fs.closeSync(file)
      const rate = Math.round(rounds / seconds)
      const text = `${rate} durable writes per second (${((1_000 * seconds) / rounds).toFixed(2)} ms each)`
      return rate > 20
        ? ok("durable writes", text)
        : warning("durable writes", text, "a slow disk: send events in batches")
    } finally {
      fs.rmSync(directory, { recursive: true, force: true })
    }
  }).pipe(
    Effect.catchAll((error) =>
      Effect.succeed(failed("durable writes", String(error.error), "the site's directory must be writable"))
    )
  )

const isWritable = (path: string): boolean => {
  try {
    fs.accessSync(path, fs.constants.W_OK)
    return true
  } catch {
    return false
  }
}

const clock = Effect.map(Effect.clock, (service) => {
  const now = new Date(service.unsafeCurrentTimeMillis())
  const text = `${now.toISOString()}, zone ${Intl.DateTimeFormat().resolvedOptions().timeZone}`
  return now.getUTCFullYear() >= 2024 ? ok("clock", text) : warning("clock", text, "the clock looks unset: check NTP")
})

const lock = (place: Cli.Place) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const made = yield* Effect.orElseSucceed(files.exists(`${place.site}/.outpost`), () => false)
    if (!made) return ok("site", `${resolve(place.site)} is not made yet`)
    const site = yield* Site.locate(place.site)
    const { locked, server } = yield* Effect.provideService(SiteLock.probe, Site.Site, site)
    if (!locked) return ok("site", `${site.directory}, nobody holds it`)
    const holder = Option.match(server, {
      onNone: () => "another process",
      onSome: (file) => `process ${file.pid}${file.url === undefined ? "" : ` at ${file.url}`}`
    })
    return ok("site", `${site.directory}, held by ${holder}`)
  }).pipe(
    Effect.catchAll((error) => Effect.succeed(failed("site", error.message, "check the directory and its permissions")))
  )
