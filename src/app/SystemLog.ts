/**
 * Outpost's own events on their way to the `system` stream: handed over without waiting, written by one fiber. Bounded: what
 * does not fit is counted, and the count is written when there is room again. An event the disk refuses is told in the log,
 * each kind once until the disk takes events again.
 *
 * A refused write may leave a torn tail, which is an event, too: after a refusal the next one waits, or a full disk would
 * be written to without an end.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type { LifecycleEvent } from "../actor/LifecycleEvent.js"
import type { Notice } from "../journal/AppendFile.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"

interface Entry {
  readonly type: string
  readonly data: unknown
}

/**
 * The store comes up after this does, and what it notices while it comes up must not be lost: so the two verbs that write ask
 * for the store when they are run.
 *
 * @effect-expect-leaking TelemetryStore
 */
export class SystemLog extends Context.Tag("outpost/app/SystemLog")<
  SystemLog,
  {
    /** Hands an event over; never waits, never throws. */
    readonly record: (type: string, data: unknown) => void
    /** Writes what was handed over until it is interrupted; what is left then is written first. */
    readonly drain: Effect.Effect<never, never, TelemetryStore>
    /** Writes what is waiting now. */
    readonly flush: Effect.Effect<void, never, TelemetryStore>
  }
>() {}

const capacity = 1_000

/** Time from a refusal to the next event. */
const pause = Duration.seconds(1)

const make = Effect.gen(function* () {
  const queue = yield* Queue.dropping<Entry>(capacity)
  let dropped = 0
  const told = new Set<string>()
  const tell = (refusal: string) =>
    Effect.suspend(() => {
      if (told.has(refusal)) return Effect.void
      told.add(refusal)
      return Effect.logWarning(refusal)
    })
  /** Whether the disk took it. */
  const write = ({ data, type }: Entry) =>
    Effect.flatMap(TelemetryStore, (store) => store.postSystem(type, data)).pipe(
      Effect.match({
        onSuccess: () => {
          told.clear()
          return Effect.succeed(true)
        },
        onFailure: (error) => Effect.as(tell(`not recorded: ${type}: ${error.message}`), false)
      }),
      Effect.flatten
    )
  const drops = Effect.suspend(() => {
    const count = dropped
    dropped = 0
    if (count === 0) return Effect.void
    return Effect.map(write({ type: "system.dropped", data: { events: count } }), (taken) => {
      if (!taken) dropped += count
    })
  })
  const flush = Effect.flatMap(Queue.takeAll(queue), (entries) =>
    Effect.forEach(entries, write, { discard: true })
  ).pipe(Effect.zipRight(drops))
  return SystemLog.of({
    record: (type, data) => {
      if (!queue.unsafeOffer({ type, data })) dropped++
    },
    drain: Queue.take(queue).pipe(
      Effect.flatMap(write),
      Effect.flatMap((taken) => (taken ? drops : Effect.sleep(pause))),
      Effect.forever,
      Effect.onInterrupt(() => flush)
    ),
    flush
  })
})

export const layer: Layer.Layer<SystemLog> = Layer.effect(SystemLog, make)

/** Events of the supervision tree that a person may want to know of later. */
const worthKeeping = new Set([
  "restarted",
  "crashed",
  "degraded",
  "failed",
  "quarantined",
  "abandoned",
  "escalated",
  "recovered"
])

export const ofLifecycle = (event: LifecycleEvent): Entry | undefined =>
  worthKeeping.has(event.type)
    ? {
        type: `actor.${event.type}`,
        data: { path: event.path, reason: event.reason, cause: event.cause, restarts: event.restarts }
      }
    : undefined

export const ofNotice = ({ kind, ...data }: Notice): Entry => ({ type: `journal.${kind}`, data })
