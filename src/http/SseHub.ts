/**
 * The live tail of events for any number of followers. There is one reading of the store per distinct filter, begun with its
 * first follower and ended with its last; its events are encoded and sent once per tick, the same bytes to all. A slow
 * follower never slows the writers or the others and loses nothing: it reads from the log what it could not take.
 *
 * Concurrency: a group's state is only touched by plain synchronous code (internal/sseGroup.ts); the fibers here feed it and
 * carry each follower, in its request's own fiber, through catching up.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RcMap from "effect/RcMap"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Chunk from "effect/Chunk"
import type { ServerResponse } from "node:http"
import * as Cursor from "../domain/Cursor.js"
import { beginsInThePast, EventFilter, EventQuery } from "../domain/EventQuery.js"
import type { Overloaded } from "../domain/Refusal.js"
import { TelemetryOperations } from "../operations/TelemetryOperations.js"
import { Follower, Group } from "./internal/sseGroup.js"
import { LiveViews } from "./LiveViews.js"
import { eventStreamHeaders, heartbeat } from "./SimpleTail.js"

export class SseHub extends Context.Tag("outpost/http/SseHub")<
  SseHub,
  {
    /**
     * Sends a response the events of a filter, from a cursor on, or from where the filter begins, or from now, until the
     * client leaves (interruption), the server stops or the store fails; then the response is ended. A cursor that is ahead
     * of the log is told so, and goes on from now. Fails only before anything was sent.
     */
    readonly follow: (
      response: ServerResponse,
      filter: EventFilter,
      from: Cursor.Cursor | undefined
    ) => Effect.Effect<void, Overloaded>
  }
>() {}

export const layer: Layer.Layer<SseHub, never, TelemetryOperations | LiveViews> = Layer.scoped(
  SseHub,
  Effect.suspend(() => make)
)

// ------------------------------------------------------------------------------------------------------------------

/** Events wait so long for company: 100 writes a second and follower, however many events there are. */
const tick = Duration.millis(10)

const pageLimit = 1_000

const filterText = Schema.parseJson(EventFilter)
const keyOf = Schema.encodeSync(filterText)
const filterOf = Schema.decodeSync(filterText)

const make = Effect.gen(function* () {
  const telemetry = yield* TelemetryOperations
  const live = yield* LiveViews
  const all = new Set<Follower>()

  /** The reading of one filter: begins behind what is durable now, so that nothing after the answer's head is missed. */
  const open = (key: string): Effect.Effect<Group, never, Scope.Scope> =>
    Effect.gen(function* () {
      const { seq } = yield* Effect.orDie(telemetry.stats)
      const group = new Group(seq)
      const arrived = yield* Effect.makeLatch(false)
      const feed = telemetry.tail(filterOf(key), group.cursor).pipe(
        Stream.runForEachChunk((items) =>
          Effect.sync(() => {
            group.push(Chunk.toReadonlyArray(items))
            arrived.unsafeOpen()
          })
        ),
        Effect.catchAllCause((cause) => Effect.logWarning("a live tail ended", cause)),
        Effect.ensuring(Effect.sync(() => group.end()))
      )
      const send = Effect.forever(
        arrived.await.pipe(
          Effect.zipRight(Effect.sleep(tick)),
          Effect.zipRight(
            Effect.sync(() => {
              arrived.unsafeClose()
              group.flush()
            })
          )
        )
      )
      yield* Effect.forkScoped(feed)
      yield* Effect.forkScoped(send)
      return group
    })

  const groups = yield* RcMap.make({ lookup: open })

  /** Reads the log page by page until the follower has what its group has. */
  const catchUp = (follower: Follower, filter: EventFilter) =>
    Effect.gen(function* () {
      for (;;) {
        yield* drained(follower)
        follower.join()
        const page = yield* telemetry.query(new EventQuery({ filter, limit: pageLimit, cursor: follower.cursor }))
        if (follower.caughtUp(page)) return
      }
    })

  const carry = (follower: Follower, group: Group, filter: EventFilter) =>
    Effect.gen(function* () {
      while (!group.over) {
        if (follower.state === "live") yield* fallenBehind(follower, group)
        else yield* catchUp(follower, filter)
      }
    }).pipe(
      Effect.catchAll((error) => Effect.logWarning(`a follower could not catch up: ${error.message}`)),
      Effect.catchAllCause((cause) => Effect.logWarning("a follower could not catch up", cause))
    )

  const follow = (response: ServerResponse, filter: EventFilter, from: Cursor.Cursor | undefined) =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* live.place
        const { seq } = yield* Effect.orDie(telemetry.stats)
        const ahead = from !== undefined && Cursor.isAhead(from, seq)
        const past = beginsInThePast(filter) ? Cursor.start : undefined
        const begin = ahead ? undefined : (from ?? past)
        const group = yield* RcMap.get(groups, keyOf(filter))
        response.writeHead(200, eventStreamHeaders)
        const follower = yield* Effect.acquireRelease(
          // In one step: a tick between the reading of the group's place and the joining would be missed.
          Effect.sync(() => {
            const follower = new Follower(response, begin ?? group.cursor, begin === undefined ? "live" : "behind")
            // The place comes first: a client cut off before its first event knows where to go on.
            const place = `id: ${Cursor.format(follower.cursor)}\n`
            response.write(`retry: 2000\n${ahead ? aheadOf(from) : ""}${place}\n`)
            group.followers.add(follower)
            all.add(follower)
            return follower
          }),
          (follower) =>
            Effect.sync(() => {
              group.followers.delete(follower)
              all.delete(follower)
            })
        )
        yield* Effect.raceFirst(carry(follower, group, filter), live.ended)
        response.end()
      })
    )

  yield* Effect.forkScoped(
    Effect.forever(
      Effect.sleep(heartbeat).pipe(
        Effect.zipRight(
          Effect.sync(() => {
            for (const follower of all) if (follower.drained) follower.response.write(":\n\n")
          })
        )
      )
    )
  )
  return { follow }
})

/** An event of its own kind: programs that look for events of the site pass over it. */
const aheadOf = (from: Cursor.Cursor): string => {
  const detail = `The cursor ${Cursor.format(from)} is ahead of the log: going on from now`
  return `event: cursor-ahead\ndata: ${JSON.stringify({ detail })}\n`
}

/** Returns when the follower is no longer live, or its group has ended. */
const fallenBehind = (follower: Follower, group: Group): Effect.Effect<void> =>
  Effect.async((resume) => {
    follower.wake = () => resume(Effect.void)
    if (follower.state !== "live" || group.over) resume(Effect.void)
  })

/** Returns when the follower's socket has room again. */
const drained = (follower: Follower): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (follower.drained) return resume(Effect.void)
    const done = () => resume(Effect.void)
    follower.response.once("drain", done)
    return Effect.sync(() => void follower.response.off("drain", done))
  })
