/**
 * What waits for one worker during one scan, in the order of events: bounded in messages and bytes, and emptied by a fiber of
 * its own, so that a worker that takes nothing holds up its own share alone. One that is dropped stays so until the next scan,
 * or until another start of it is heard: a worker pairs messages with events by their order, a gap would shift them all.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { eventOf } from "./FrameHeader.js"
import type { FrameMessage, WorkerLinks } from "./FrameTransport.js"
import type { IngesterEvent } from "./IngesterEvent.js"
import type { WorkerStatus } from "./IngesterStatus.js"
import { BoundedLine, weightOf } from "./internal/boundedLine.js"

export interface OutboxLimits {
  readonly messages: number
  readonly bytes: number
  /** Milliseconds in which a worker may take nothing, or hold up others, before it is dropped. */
  readonly patience: number
}

export interface WorkerOutbox {
  readonly name: string
  readonly isFull: () => boolean
  readonly dropped: () => boolean
  /** The last event that is on its way to the worker; -1 before the first one. */
  readonly handedOver: () => number
  /** It has enough to be busy for a while. */
  readonly sated: () => boolean
  /** To be called only where there is room. What is for a dropped worker is counted as undelivered. */
  readonly offer: (message: FrameMessage) => void
  /** Waits until a good part of it is empty, or the worker is dropped. */
  readonly room: Effect.Effect<void>
  /** Others have waited for its room in this time. Forgiven when they have not for a second. */
  readonly hinder: (since: number, now: number) => void
  /** Another start of the worker: what waited was not for it, and it is not dropped any more. */
  readonly renew: () => void
  /** To be called once a second: reports and drops. */
  readonly watch: (now: number) => void
  readonly status: () => Omit<WorkerStatus, "connected">
}

/** Handed over at once. */
const batch = 64
/** More than this in a queue makes nobody faster. */
const enough = { messages: 512, bytes: 4 * 1024 * 1024 }
/** Milliseconds after which a worker that takes nothing is reported. */
const slowAfter = 1_000
/** Milliseconds without anybody waiting for it. */
const forgivenAfter = 1_000

export const make = (
  name: string,
  links: WorkerLinks,
  limits: OutboxLimits,
  report: (event: IngesterEvent) => void,
  /** Called when it is not sated, or never will be again. */
  onHunger: () => void
): Effect.Effect<WorkerOutbox, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const line = new BoundedLine<FrameMessage>({ items: limits.messages, weight: limits.bytes }, weightOf)
    let sentMessages = 0
    let sentBytes = 0
    let undelivered = 0
    let hindered = { milliseconds: 0, until: 0 }
    let blockedSince: number | undefined
    let slow = false
    let dropped = false
    let handedOver = -1
    /** Counts the times that all was thrown away. */
    let epoch = 0

    const sated = () => !dropped && (line.size >= enough.messages || line.weight >= enough.bytes)

    const progress = (taken: number) => {
      const before = line.weight
      line.drop(taken)
      sentMessages += taken
      sentBytes += before - line.weight
      blockedSince = undefined
      if (slow) report({ _tag: "WorkerRecovered", worker: name })
      slow = false
      if (!sated()) onHunger()
    }

    const drop = (reason: "silent" | "hindering") => {
      dropped = true
      epoch++
      undelivered += line.takeAll().length
      report({ _tag: "WorkerDropped", worker: name, undelivered, reason })
      onHunger()
    }

    const renew = () => {
      dropped = false
      undelivered += line.takeAll().length
      hindered = { milliseconds: 0, until: 0 }
      blockedSince = undefined
      slow = false
      epoch++
      onHunger()
    }

    const pump = Effect.gen(function* () {
      while (true) {
        yield* line.something
        const before = epoch
        const messages = line.first(batch)
        const { ended, taken } = yield* links.send(name, messages)
        if (taken > 0) handedOver = eventOf(messages[taken - 1]?.[0])
        // What was thrown away meanwhile is counted already.
        if (epoch !== before) continue
        if (taken > 0) progress(taken)
        if (ended === "sent") continue
        blockedSince ??= clock.unsafeCurrentTimeMillis()
        yield* links.room(name)
      }
    })
    yield* Effect.forkScoped(pump)

    return {
      name,
      isFull: () => line.isFull,
      dropped: () => dropped,
      handedOver: () => handedOver,
      sated,
      offer: (message) => {
        if (dropped || !line.offer(message)) undelivered++
      },
      room: line.room,
      hinder: (since, now) => {
        const before = since - hindered.until > forgivenAfter ? 0 : hindered.milliseconds
        hindered = { milliseconds: before + now - since, until: now }
      },
      renew,
      watch: (now) => {
        if (dropped) return
        const silent = blockedSince === undefined ? 0 : now - blockedSince
        if (silent > limits.patience) return drop("silent")
        if (hindered.milliseconds > limits.patience) return drop("hindering")
        if (silent <= slowAfter || slow) return
        slow = true
        report({ _tag: "WorkerSlow", worker: name, waiting: line.size })
      },
      status: () => ({
        name,
        state: dropped ? "dropped" : blockedSince === undefined ? "ready" : "blocked",
        queuedMessages: line.size,
        queuedBytes: line.weight,
        sentMessages,
        sentBytes,
        undelivered,
        blockedSince
      })
    }
  })
