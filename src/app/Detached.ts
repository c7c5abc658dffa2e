/** Starts another process that serves, in a session of its own, and waits until it listens. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as Cli from "../cli/Launcher.js"
import * as Site from "../site/Site.js"
import * as SiteLock from "../site/SiteLock.js"

/** How long the other process may take to listen. */
const patience = Duration.seconds(30)

export const serve = (options: Cli.ServeOptions) =>
  Effect.gen(function* () {
    const site = yield* Site.make(options.site)
    const probe = Effect.provideService(SiteLock.probe, Site.Site, site)
    const { locked, server } = yield* probe
    if (locked) return yield* new SiteLock.SiteLocked({ site: site.directory, holder: server })
    const log = `${site.paths.logs}/serve.out`
    const child = yield* start(options, log)
    const url = yield* Effect.sleep(Duration.millis(100)).pipe(
      Effect.zipRight(probe),
      // The file of an earlier life may still be there: only that of this process counts.
      Effect.map((now) =>
        Option.flatMap(now.server, (file) => Option.fromNullable(file.pid === child.pid ? file.url : undefined))
      ),
      Effect.repeat({ until: (found) => Option.isSome(found) || child.ended() }),
      Effect.timeoutOption(patience)
    )
    const found = Option.flatten(url)
    if (Option.isNone(found))
      return yield* new Cli.LaunchFailed({ reason: `the server did not come up; it said:\n${yield* tailOf(log)}` })
    yield* options.onListening(found.value)
  })

const start = (options: Cli.ServeOptions, log: string) =>
  Effect.try({
    try: () => {
      fs.mkdirSync(log.slice(0, log.lastIndexOf("/")), { recursive: true })
      const out = fs.openSync(log, "w")
      const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...argumentsOf(options)], {
        detached: true,
        stdio: ["ignore", out, out]
      })
      fs.closeSync(out)
      let ended = false
      child.on("exit", () => (ended = true))
      child.unref()
      return { pid: child.pid, ended: () => ended }
    },
    catch: (cause) => new Cli.LaunchFailed({ reason: String(cause) })
  })

const argumentsOf = (options: Cli.ServeOptions): ReadonlyArray<string> => [
  "serve",
  "--site",
  options.site,
  ...Option.match(options.config, { onNone: () => [], onSome: (path) => ["--config", path] }),
  ...Option.match(options.host, { onNone: () => [], onSome: (host) => ["--host", host] }),
  ...Option.match(options.port, { onNone: () => [], onSome: (port) => ["--port", String(port)] }),
  ...Option.match(options.logLevel, { onNone: () => [], onSome: (level) => ["--log-level", level._tag.toLowerCase()] }),
  ...(options.idle ? ["--idle"] : []),
  ...(options.init ? ["--init"] : [])
]

const tailOf = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (files) => files.readFileString(path)).pipe(
    Effect.map((text) => text.trimEnd().split("\n").slice(-20).join("\n")),
    Effect.orElseSucceed(() => "")
  )
