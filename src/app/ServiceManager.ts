/**
 * Tells systemd, where it started us, that the site is ready and goes on making progress. Without progress nothing is told,
 * and systemd ends and restarts the service: a process that lives and does nothing is no good to anyone.
 *
 * The signs are sent by systemd-notify(1), which comes with systemd: sd_notify(3) needs a datagram socket of the Unix family,
 * which Node does not have.
 */
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as ChildSpec from "../actor/ChildSpec.js"
import type { NodeStatus } from "../actor/NodeStatus.js"
import * as OsProcess from "../actor/OsProcess.js"
import { SupervisionTree } from "../actor/SupervisionTree.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"

/** None where nothing started us that wants to be told. */
export const child: Effect.Effect<Option.Option<ChildSpec.ChildSpec<SupervisionTree | TelemetryStore>>> =
  Effect.suspend(() => wanted).pipe(
    Effect.map(
      Option.map(({ watchdog }) =>
        ChildSpec.make({
          id: "service-manager",
          // A sign that could not be sent is told, and is no reason to end the site.
          onIntensity: "quarantine",
          onStartFailure: "retry",
          run: Effect.gen(function* () {
            yield* Effect.addFinalizer(() => Effect.ignore(send("STOPPING=1")))
            yield* send("--ready", "--status=serving")
            return yield* Option.match(watchdog, { onNone: () => Effect.never, onSome: feed })
          })
        })
      )
    )
  )

/** The parts without which a site does nothing. */
const vital: ReadonlySet<string> = new Set(["system-log", "config-watch", "alarms", "http"])

/** Looks within the time that systemd waits. */
const looks = 4

/** Tells of progress as long as there is any. */
const feed = (limit: Duration.Duration) =>
  Effect.gen(function* () {
    const store = yield* TelemetryStore
    const tree = yield* SupervisionTree
    const disk = new Disk()
    const look = Effect.gen(function* () {
      const { failure, lastDurableAt, waiting } = yield* store.figures
      const stuck = stuckPart((yield* tree.get).nodes)
      // A disk that answers with an error is told elsewhere; one that does not answer holds everybody up.
      const hangs = disk.hangs(waiting > 0 && failure === undefined, lastDurableAt)
      if (stuck === undefined && !hangs) return yield* send("WATCHDOG=1")
      yield* Effect.logError(`no sign of progress for systemd: ${stuck ?? "the disk does not answer"}`)
    })
    return yield* Effect.forever(Effect.zipRight(Effect.sleep(Duration.times(limit, 1 / looks)), look))
  })

/** The first vital part that does nothing. */
export const stuckPart = (nodes: ReadonlyArray<Pick<NodeStatus, "path" | "status">>): string | undefined => {
  const stuck = nodes.find(
    ({ path, status }) => vital.has(path) && (status === "failed" || status === "quarantined" || status === "degraded")
  )
  return stuck && `${stuck.path} is ${stuck.status}`
}

/** Whether senders have waited for the disk from one look to the next, twice, and nothing became durable. */
export class Disk {
  private since = 0
  private last: number | undefined

  hangs(someWait: boolean, lastDurableAt: number | undefined): boolean {
    this.since = someWait && lastDurableAt === this.last ? this.since + 1 : 0
    this.last = lastDurableAt
    return this.since >= 2
  }
}

// -----------------------------------------------------------------------------

/** The variables of sd_notify(3) and sd_watchdog_enabled(3). */
const wanted = Config.all({
  socket: Config.option(Config.nonEmptyString("NOTIFY_SOCKET")),
  watchdog: Config.option(Config.integer("WATCHDOG_USEC"))
}).pipe(
  Effect.map(({ socket, watchdog }) =>
    Option.map(socket, () => ({
      watchdog: Option.map(
        Option.filter(watchdog, (micros) => micros > 0),
        (micros) => Duration.millis(micros / 1_000)
      )
    }))
  ),
  Effect.orElseSucceed(() => Option.none<{ readonly watchdog: Option.Option<Duration.Duration> }>())
)

const send = (...words: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const program = yield* OsProcess.make({ command: "systemd-notify", args: words, shutdown: "1 second" })
      yield* Effect.all([program.join, Stream.runDrain(program.stdout), Stream.runDrain(program.stderr)], {
        concurrency: "unbounded",
        discard: true
      })
    })
  ).pipe(Effect.timeout("5 seconds"))
