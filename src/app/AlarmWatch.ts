/**
 * Looks at the site every few seconds and raises or clears its alarms: nodes that will not come back by themselves, room on
 * the disk, the clock, types of events that have fallen silent, messages that wait, an update that failed. Each
 * change is an event of the system stream, a line of the log and a message to the uplinks.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as Self from "../actor/Self.js"
import { SupervisionTree } from "../actor/SupervisionTree.js"
import type { AlarmChange } from "../domain/Alarm.js"
import { logBody } from "../domain/Message.js"
import { Alarms } from "../health/Alarms.js"
import * as Conditions from "../health/Conditions.js"
import * as DiskSpace from "../health/DiskSpace.js"
import { Outbox } from "../outbox/Outbox.js"
import { Site } from "../site/Site.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { Updater } from "../update/Updater.js"
import { ConfigFile } from "./ConfigFile.js"
import { SystemLog } from "./SystemLog.js"

const interval = Duration.seconds(5)

/** `lastStep` answers the last step of the clock that was seen. */
export const child = (lastStep: () => Conditions.Step | undefined) =>
  ChildSpec.make({
    id: "alarms",
    run: Effect.gen(function* () {
      const raised = yield* (yield* Alarms).active
      const silences = new Silences(yield* monotonic, new Set(raised.map(({ key }) => key)))
      return yield* Effect.repeat(Effect.zipRight(look(lastStep, silences), Self.mark), Schedule.spaced(interval))
    }),
    progress: { within: Duration.times(interval, 12), restart: true }
  })

// -----------------------------------------------------------------------------

/** Milliseconds of a clock that no one can set. */
const monotonic = Effect.map(Effect.clock, (clock) => Number(clock.unsafeCurrentTimeNanos() / 1_000_000n))

/** When each type of event was last seen to be another one than before; the time that an event bears may be its sender's. */
class Silences {
  private readonly last = new Map<string, { readonly event: string; readonly at: number }>()

  constructor(
    readonly begin: number,
    /** What was raised then. */
    readonly silent: ReadonlySet<string>
  ) {}

  saw(type: string, event: string, now: number): void {
    const before = this.last.get(type)
    if (before?.event !== event) this.last.set(type, { event, at: before === undefined ? this.begin : now })
  }

  readonly lastOf = (type: string): number | undefined => this.last.get(type)?.at
}

const look = (lastStep: () => Conditions.Step | undefined, silences: Silences) =>
  Effect.gen(function* () {
    const alarms = yield* Alarms
    const outbox = yield* Outbox
    const store = yield* TelemetryStore
    const settings = yield* (yield* ConfigFile).slice("alarms")
    const { directory } = yield* Site
    const { nodes } = yield* (yield* SupervisionTree).get
    const now = (yield* Effect.clock).unsafeCurrentTimeMillis()
    const running = yield* monotonic
    const raised = new Set((yield* alarms.active).map(({ key }) => key))
    for (const type of Object.keys(settings.silence)) {
      const event = yield* store.currentOf(type)
      if (Option.isSome(event)) silences.saw(type, event.value, running)
    }
    const queues = yield* Effect.match(outbox.stats, { onFailure: () => [], onSuccess: ({ uplinks }) => uplinks })
    const update = yield* Effect.orElseSucceed((yield* Updater).last, () => null)
    const conditions = [
      ...Conditions.ofTree(nodes),
      ...Conditions.ofDisk(yield* DiskSpace.of(directory), settings, raised.has("disk")),
      ...Conditions.ofClock(lastStep(), settings, now),
      ...Conditions.ofQueues(queues, settings, now),
      ...Conditions.ofUpdate(update),
      ...Conditions.ofSilence(silences, settings, running)
    ]
    yield* alarms.settle(conditions, tell)
  })

const tell = ({ _tag, alarm }: AlarmChange) =>
  Effect.gen(function* () {
    const system = yield* SystemLog
    const outbox = yield* Outbox
    const isOver = _tag === "Cleared"
    system.record(isOver ? "alarm.cleared" : "alarm.raised", alarm)
    const log = isOver ? Effect.logInfo : alarm.severity === "error" ? Effect.logError : Effect.logWarning
    const line = `${isOver ? "alarm is over" : "alarm"}: ${alarm.summary}`
    const level = isOver ? "INFO" : alarm.severity === "error" ? "ERROR" : "WARNING"
    const body = logBody("alarms", level, line)
    yield* Effect.zipRight(
      log(line),
      Effect.catchAll(outbox.put({ body, priority: "urgent" }), (error) =>
        Effect.logWarning(`an alarm was not put into the outbox: ${error.message}`)
      )
    )
  })
