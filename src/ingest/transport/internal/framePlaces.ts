/**
 * Frames within one process: each address is a place where one ingester listens and workers have lines of their own.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { FrameMessage, FrameTransport, HandOver, Ping } from "../../FrameTransport.js"
import { TransportFailed } from "../../FrameTransport.js"
import { BoundedLine, weightOf } from "../../internal/boundedLine.js"

/** Of one connection: as many messages as a ZeroMQ peer holds by default, and no more bytes than a site can spare. */
const limits = { items: 1000, weight: 64 * 1024 * 1024 }

type Line = BoundedLine<FrameMessage>

interface Place {
  listener: Queue.Queue<Ping> | undefined
  /** By name. Of several with one name the first one counts, until it closes. */
  readonly lines: Map<string, ReadonlyArray<Line>>
  /** Done when the next worker connects. */
  arrival: Deferred.Deferred<void>
}

export const framePlaces = (): FrameTransport["Type"] => {
  const places = new Map<string, Place>()
  const placeOf = (url: string): Place => {
    const place = places.get(url) ?? { listener: undefined, lines: new Map(), arrival: unsafeDeferred() }
    places.set(url, place)
    return place
  }

  const listen: FrameTransport["Type"]["listen"] = Effect.fnUntraced(function* (url) {
    const place = placeOf(url)
    const pings = yield* Queue.sliding<Ping>(1024)
    yield* Effect.acquireRelease(
      Effect.suspend(() => {
        if (place.listener !== undefined) {
          return new TransportFailed({ operation: "listen at", address: url, reason: "somebody listens there" })
        }
        place.listener = pings
        return Effect.void
      }),
      () =>
        Effect.sync(() => {
          place.listener = undefined
          for (const lines of place.lines.values()) for (const line of lines) line.takeAll()
        })
    )
    return {
      url,
      send: (worker, messages) => Effect.sync(() => handOver(place.lines.get(worker)?.[0], messages)),
      room: (worker) => Effect.suspend(() => place.lines.get(worker)?.[0]?.room ?? Deferred.await(place.arrival)),
      pings: Stream.fromQueue(pings)
    }
  })

  const connect: FrameTransport["Type"]["connect"] = Effect.fnUntraced(function* (url, { name, incarnation }) {
    const place = placeOf(url)
    const line: Line = new BoundedLine(limits, weightOf)
    const ping = Effect.suspend(() => place.listener?.offer({ worker: name, incarnation }) ?? Effect.void)
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        place.lines.set(name, [...(place.lines.get(name) ?? []), line])
        Deferred.unsafeDone(place.arrival, Effect.void)
        place.arrival = unsafeDeferred()
      }),
      () =>
        Effect.sync(() => {
          const others = (place.lines.get(name) ?? []).filter((other) => other !== line)
          if (others.length > 0) place.lines.set(name, others)
          else place.lines.delete(name)
          line.takeAll()
        })
    )
    const take: Effect.Effect<ReadonlyArray<FrameMessage>> = Effect.suspend(() =>
      line.size > 0 ? Effect.succeed(line.takeAll()) : Effect.zipRight(line.something, take)
    )
    return { ping: Effect.asVoid(ping), take, drain: Effect.sync(() => line.takeAll().length), breaks: () => 0 }
  })

  return { listen, connect }
}

// ---------------------------------------------------------------------------------------------------------------------

const unsafeDeferred = () => Deferred.unsafeMake<void>(FiberId.none)

const handOver = (line: Line | undefined, messages: ReadonlyArray<FrameMessage>): HandOver => {
  if (line === undefined) return { taken: 0, ended: "gone" }
  let taken = 0
  for (const message of messages) {
    if (!line.offer(message)) return { taken, ended: "full" }
    taken++
  }
  return { taken, ended: "sent" }
}
