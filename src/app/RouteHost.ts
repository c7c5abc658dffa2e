/**
 * Events and log lines on their way to the outbox, by the rules of the config section `routes`. They are followed from now on:
 * what was recorded while the site was down is in the event log, and is not sent. What uplinks log of themselves is not sent,
 * or a bad link would fill the queue with its own troubles.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as Self from "../actor/Self.js"
import type { MessageInput } from "../domain/Message.js"
import { Outbox } from "../outbox/Outbox.js"
import * as LogLine from "../site/LogLine.js"
import { LogReader } from "../site/LogReader.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { Route, type RoutedEvent, type RoutedLine } from "../uplink/Routes.js"
import { ConfigFile } from "./ConfigFile.js"

/** Follows the rules in force when its life begins. */
export const child = ChildSpec.make({
  id: "routes",
  ready: "signalled",
  onStartFailure: "retry",
  onIntensity: "quarantine",
  run: Effect.gen(function* () {
    const entries = Object.entries(yield* (yield* ConfigFile).slice("routes")).filter(([, { enabled }]) => enabled)
    const routes = entries.map(([name, settings]) => ({ name, route: new Route(settings) }))
    const of = (from: "events" | "logs") => routes.filter(({ route }) => route.settings.from === from)
    const [events, lines] = [of("events"), of("logs")]
    if (routes.length === 0) return yield* Effect.zipRight(Self.ready, Effect.never)

    const store = yield* TelemetryStore
    const reader = yield* LogReader
    const nothing: Stream.Stream<ReadonlyArray<MessageInput>> = Stream.never
    const periods = Stream.map(
      Stream.repeatEffectWithSchedule(Clock.currentTimeMillis, Schedule.spaced("1 second")),
      (now): ReadonlyArray<MessageInput> => events.flatMap(({ route }) => route.due(now))
    )
    const fromEvents = Stream.map(store.tail({}), ({ line }): ReadonlyArray<MessageInput> => {
      const event = eventOf(line)
      return event === undefined ? [] : events.flatMap(({ route }) => route.event(event))
    })
    const fromLogs = Stream.map(reader.follow({ tail: 0 }), (text): ReadonlyArray<MessageInput> => {
      const line = lineOf(text)
      return line === undefined ? [] : lines.flatMap(({ route }) => route.line(line))
    })
    const inputs = periods.pipe(
      Stream.merge(events.length === 0 ? nothing : fromEvents),
      Stream.merge(lines.length === 0 ? nothing : fromLogs)
    )
    const tell = Effect.forEach(routes, ({ name, route }) => {
      const count = route.dropped()
      return count === 0 ? Effect.void : Effect.logWarning(`route ${name}: ${count} messages were over its limit`)
    }).pipe(Effect.schedule(Schedule.spaced("1 minute")))
    yield* Effect.forkScoped(tell)
    yield* Self.ready
    return yield* Stream.runForEach(inputs, (messages) => (messages.length === 0 ? Effect.void : put(messages)))
  })
})

// -----------------------------------------------------------------------------

/** What the queue does not take is lost to the office, and still in the log it came from. */
const put = (messages: ReadonlyArray<MessageInput>) =>
  Effect.flatMap(Outbox, (outbox) => outbox.putAll(messages)).pipe(
    Effect.catchAll((error) =>
      Effect.logWarning(`${messages.length} messages of routes were not taken: ${error.message}`)
    )
  )

const eventOf = (line: string): RoutedEvent | undefined => {
  const event: unknown = JSON.parse(line)
  if (typeof event !== "object" || event === null || !("type" in event) || !("ts" in event)) return undefined
  const at = Date.parse(String(event.ts))
  return Number.isNaN(at) ? undefined : { type: String(event.type), at, data: "data" in event ? event.data : undefined }
}

const lineOf = (text: string): RoutedLine | undefined => {
  const line = LogLine.parse(text)
  if (line === undefined || ownTroubles.test(line.child ?? "")) return undefined
  return {
    at: Date.parse(line.ts),
    level: line.level,
    origin: line.child ?? "main",
    text: line.message,
    details: line.cause ?? ""
  }
}

const ownTroubles = /^(alarms|uplinks|routes|remote-config)(\/|$)/
