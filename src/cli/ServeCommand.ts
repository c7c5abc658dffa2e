/** `serve`, `stop`, `status`: the life of a site's server. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { NodeStatus } from "../actor/NodeStatus.js"
import type { Alarm } from "../domain/Alarm.js"
import { SiteOperations, SiteStatus } from "../operations/SiteOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { CommandFailed } from "./Failure.js"
import * as Flags from "./Flags.js"
import { Globals } from "./Globals.js"
import { Launcher } from "./Launcher.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

export const serve = CommandSpec.make(
  "serve",
  {
    summary: "Run the site: its server and its procedures",
    about: [
      "Runs until it is stopped by a signal or by `outpost stop`; then everything is torn down in order. After a power " +
        "cut the same command carries on where it was. Prints one line, `listening on http://...`, once it answers."
    ],
    examples: [
      ["outpost serve --init", "write a config file first, if there is none"],
      ["outpost serve --site /data/site --port 0", "on any free port"],
      ["outpost serve --detach && outpost status", "in the background"],
      ["outpost serve --idle", "only what is asked for starts"]
    ]
  },
  {
    host: Flags.text("host", "HOST", "Address to listen on (default http.host of the config, else 127.0.0.1)"),
    port: Flags.integer("port", { least: 0, most: 65535 }, "Port; 0 picks a free one (default http.port, else 6562)"),
    idle: Flags.flag("idle", "Start nothing by itself; every explicit start works"),
    detach: Flags.flag("detach", "Leave it running in the background, once it listens"),
    init: Flags.flag("init", "Write a config file first where the site has none"),
    launched: Flags.flag("launched", "Given by the launcher, which starts another version when one is to follow")
  },
  (input) =>
    Effect.gen(function* () {
      const { config, json, logLevel, site } = yield* Globals
      const context = yield* Effect.context<Output.Sink>()
      const launcher = yield* Launcher
      yield* launcher.serve({
        ...input,
        site,
        config,
        logLevel,
        onListening: (url) =>
          Output.line(json ? JSON.stringify({ listening: url }) : `listening on ${url}`).pipe(
            Effect.ignore,
            Effect.provide(context)
          )
      })
    })
)

/** How long `stop` waits for the server to be gone. */
const patience = Duration.seconds(60)

export const stop = CommandSpec.make(
  "stop",
  {
    summary: "Stop the site's running server, and wait until it is gone",
    about: ["An active run stays active: only `outpost run stop` ends one."],
    examples: [
      ["outpost stop", "the server of ./site"],
      ["outpost stop --url http://127.0.0.1:6562", "the server at an address"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const { gone, operations, where } = yield* Connect.open("server")
      const name = where._tag === "Server" ? where.url : where.site
      yield* Effect.flatMap(SiteOperations, (site) => site.shutdown).pipe(Effect.provide(operations))
      const [took, end] = yield* Effect.timed(Effect.timeoutOption(gone, patience))
      if (Option.isNone(end)) {
        return yield* new CommandFailed({
          message: `the server at ${name} was asked to stop and is still there after ${Readable.span(Duration.toMillis(patience))}`,
          hint: "see what holds it up with: outpost tree; or wait and look again with: outpost status"
        })
      }
      const millis = Duration.toMillis(took)
      yield* Output.answer({
        json: () => JSON.stringify({ stopped: true, server: name, seconds: millis / 1000 }),
        text: () => [`stopped ${name} in ${Readable.span(millis)}`]
      })
    })
)

export const status = CommandSpec.make(
  "status",
  {
    summary: "How the site's running server is: ready or not and why, run, events, disk",
    about: ["Exits 0 when it can accept events, 1 when it can't, 5 when no server runs."],
    examples: [
      ["outpost status", "the server of ./site"],
      ["outpost status --json | jq .reasons", "for programs"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const site = yield* SiteOperations
      const status = yield* site.status
      const zone = yield* DateTime.CurrentTimeZone
      yield* Output.answer({
        json: () => Output.encode(SiteStatus)(status),
        text: (style) => describe(status, zone, style)
      })
      if (!status.ready) {
        return yield* new CommandFailed({
          message: "the site is not ready",
          hint: status.reasons.join("; ") || "see why with: outpost tree"
        })
      }
    }).pipe(Connect.onServer)
)

// ------------------------------------------------------------------------------------------------------------------

const describe = (status: SiteStatus, zone: DateTime.TimeZone, style: Output.Style): ReadonlyArray<string> => {
  const { disk, telemetry, tree } = status
  const state = !status.ready
    ? style.bad("not ready")
    : status.reasons.length > 0
      ? style.doubtful("ready, degraded")
      : style.good("ready")
  const uptime = Readable.span(status.now - status.startedAt)
  return [
    ...Output.pairs(
      [
        ["state", state],
        ...status.reasons.map((reason) => ["", reason] as const),
        ...status.alarms.map((alarm) => alarmLine(alarm, zone, style)),
        ["site", `${status.siteName} (${status.site})`],
        ["server", `Outpost ${status.version}, process ${status.pid} on ${status.host}`],
        ["since", `${Readable.moment(status.startedAt, zone)} (${uptime})`],
        ["run", status.run ?? "none active"],
        ["events", eventsLine(telemetry)],
        ["disk", `${Readable.bytes(disk.free)} free of ${Readable.bytes(disk.total)}`],
        ["memory", Readable.bytes(status.memory.rss)],
        [
          "config",
          `${status.config.path ?? "defaults, no file"}${status.config.error === null ? "" : " (not in force, see above)"}`
        ],
        ["actors", treeLine(tree)]
      ],
      style
    )
  ]
}

const alarmLine = (alarm: Alarm, zone: DateTime.TimeZone, style: Output.Style) => {
  const paint = alarm.severity === "error" ? style.bad : style.doubtful
  return ["alarm", `${paint(alarm.summary)}, since ${Readable.moment(alarm.since, zone)}`] as const
}

const eventsLine = ({ eventsAccepted, failure, pendingEvents, seq }: SiteStatus["telemetry"]): string =>
  [
    `site ${Readable.count(seq.site)}, run ${Readable.count(seq.run)}, system ${Readable.count(seq.system)}`,
    `${Readable.count(eventsAccepted)} accepted since start`,
    ...(pendingEvents > 0 ? [`${Readable.count(pendingEvents)} waiting for the disk`] : []),
    ...(failure === undefined ? [] : [`not storing: ${failure}`])
  ].join("; ")

const treeLine = (nodes: ReadonlyArray<NodeStatus>): string => {
  const counts = new Map<string, number>()
  for (const { status } of nodes) counts.set(status, (counts.get(status) ?? 0) + 1)
  const restarts = nodes.reduce((sum, node) => sum + node.restarts, 0)
  const states = [...counts].sort(([, a], [, b]) => b - a).map(([state, count]) => `${count} ${state}`)
  return [...states, ...(restarts > 0 ? [Readable.plural(restarts, "restart")] : [])].join(", ") || "none"
}
