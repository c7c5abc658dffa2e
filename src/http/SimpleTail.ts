/** Server-sent events for views with few followers: one stream each. Events have the hub (SseHub). */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Overloaded } from "../domain/Refusal.js"
import type { LiveViews } from "./LiveViews.js"

export const eventStreamHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no"
}

/** How often a silent stream shows that it lives. */
export const heartbeat = "15 seconds"

/** For views of what is going on now: a client that is too slow misses the oldest, and nobody waits for it. */
export const newest = <A, E, R>(stream: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
  Stream.buffer(stream, { capacity: 256, strategy: "sliding" })

/** Follows a stream of single-line texts until it, the client or the server ends. */
export const eventStream = <E>(
  live: Context.Tag.Service<LiveViews>,
  lines: Stream.Stream<string, E>
): Effect.Effect<HttpServerResponse.HttpServerResponse, Overloaded, Scope.Scope> =>
  Effect.gen(function* () {
    yield* live.place
    const events = Stream.map(lines, (line) => `data: ${line}\n\n`)
    const beats = Stream.as(Stream.schedule(Stream.forever(Stream.void), Schedule.spaced(heartbeat)), ":\n\n")
    const body = Stream.merge(events, beats, { haltStrategy: "left" }).pipe(
      Stream.interruptWhen(live.ended),
      (text) => Stream.concat(Stream.make("retry: 2000\n\n"), text),
      Stream.encodeText
    )
    return HttpServerResponse.stream(body, { contentType: "text/event-stream", headers: eventStreamHeaders })
  })
