/** Events and log lines on their way to the uplinks, by the rules of the config. */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Layer, Logger, Queue, Stream, TestClock } from "effect"
import { appendFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import * as Self from "../../src/actor/Self.js"
import * as RouteHost from "../../src/app/RouteHost.js"
import { EventLine } from "../../src/domain/TelemetryEvent.js"
import type { MessageInput } from "../../src/domain/Message.js"
import { OutboxFull } from "../../src/domain/Outbox.js"
import * as MemoryOutbox from "../../src/outbox/MemoryOutbox.js"
import { Outbox } from "../../src/outbox/Outbox.js"
import * as LogFile from "../../src/site/LogFile.js"
import * as Logging from "../../src/site/Logging.js"
import * as LogReader from "../../src/site/LogReader.js"
import { Site } from "../../src/site/Site.js"
import { TelemetryStore } from "../../src/telemetry/TelemetryStore.js"
import * as Store from "../support/Store.js"
import * as ConfigSite from "./ConfigSite.js"

/** What is sent, in order; and an outbox that is full as long as it is told to be. */
const sending = () => {
  const hand = { full: false, sent: [] as Array<MessageInput> }
  const outbox = Layer.mock(Outbox, {
    putAll: (inputs) =>
      Effect.suspend(() => {
        if (hand.full) return new OutboxFull({ messages: 1, bytes: 1 })
        hand.sent.push(...inputs)
        return Effect.succeed([])
      })
  })
  return Object.assign(hand, { outbox })
}

/** A child that follows these routes, with a hand on what it reads. */
const following = (routes: object) =>
  Effect.gen(function* () {
    const hand = sending()
    const warnings: Array<string> = []
    const events = yield* Queue.unbounded<string>()
    const lines = yield* Queue.unbounded<string>()
    const tails: Array<number | undefined> = []
    const layer = Layer.mergeAll(
      hand.outbox,
      Self.layerDetached,
      ConfigSite.layer(JSON.stringify({ routes })),
      Layer.mock(TelemetryStore, {
        tail: () => Stream.map(Stream.fromQueue(events), (text) => ({ line: EventLine.make(text), cursor: {} }))
      }),
      Layer.mock(LogReader.LogReader, {
        follow: ({ tail }) => {
          tails.push(tail)
          return Stream.fromQueue(lines)
        }
      }),
      Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void warnings.push(String(message)))
      )
    )
    yield* Effect.forkScoped(Effect.provide(Effect.scoped(RouteHost.child.run), yield* Layer.build(layer)))
    const until = (holds: () => boolean) =>
      Effect.promise(() => new Promise((resolve) => setImmediate(resolve))).pipe(
        Effect.repeat({ until: holds, times: 5_000 })
      )
    return {
      ...hand,
      hand,
      warnings,
      tails,
      until,
      event: (type: string, at: number, data: unknown) =>
        Queue.offer(events, JSON.stringify({ seq: 1, ts: new Date(at).toISOString(), type, data })),
      line: (level: string, message: string, more: object = {}) =>
        Queue.offer(lines, JSON.stringify({ ts: "1970-01-01T00:00:05.000Z", level, message, ...more })),
      garbage: Queue.offer(lines, `{"ts":"1970-01`)
    }
  })

const dataOf = (messages: ReadonlyArray<MessageInput>) =>
  messages.map(({ at, body }) => [at, body.variant === "data" ? body.data : body])

describe("events", () => {
  it.scoped("go by their type, for each rule by itself; one that is switched off is not followed", () =>
    Effect.gen(function* () {
      const { event, sent, until } = yield* following({
        weather: { from: "events", type: "weather.*", prefix: "w." },
        wind: { from: "events", type: "weather.roof", fields: ["wind.speed"], priority: "bulk" },
        off: { from: "events", enabled: false }
      })
      yield* event("camera", 1, { frames: 3 })
      yield* event("weather.roof", 2, { wind: { speed: 4 } })
      yield* event("weather.mast", 3, 7)
      yield* until(() => sent.length === 3)
      assert.deepStrictEqual(dataOf(sent), [
        [2, { "w.wind.speed": 4 }],
        [2, { "wind.speed": 4 }],
        [3, { "w.value": 7 }]
      ])
      assert.deepStrictEqual(
        sent.map(({ priority }) => priority),
        ["normal", "bulk", "normal"]
      )
    })
  )

  it.scoped("of a period are one message, when its time is over and nothing more comes", () =>
    Effect.gen(function* () {
      const { event, sent, until } = yield* following({
        mean: { from: "events", type: "t", every: "10s", keep: "mean" },
        each: { from: "events", type: "end" }
      })
      yield* event("t", 1_000, { x: 1 })
      yield* event("t", 4_000, { x: 3 })
      yield* event("end", 4_000, 1)
      yield* until(() => sent.length === 1)
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(dataOf(sent), [[4_000, { value: 1 }]])
      yield* TestClock.adjust("1 second")
      yield* until(() => sent.length === 2)
      assert.deepStrictEqual(dataOf(sent).slice(1), [[4_000, { x: 2 }]])
    })
  )

  it.scoped("beyond a rule's limit are dropped, and told with their count each minute", () =>
    Effect.gen(function* () {
      const { event, sent, until, warnings } = yield* following({
        few: { from: "events", type: "t", max_per_minute: 2 },
        each: { from: "events", type: "end" }
      })
      for (let at = 0; at < 5; at++) yield* event("t", at, at)
      yield* event("end", 5, 1)
      yield* until(() => sent.length === 3)
      assert.deepStrictEqual(dataOf(sent).slice(0, 2), [
        [0, { value: 0 }],
        [1, { value: 1 }]
      ])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(warnings, ["route few: 3 messages were over its limit"])
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(warnings, 1)
    })
  )

  it.scoped("that the queue does not take are told, and the next ones sent", () =>
    Effect.gen(function* () {
      const { event, hand, until, warnings } = yield* following({ all: { from: "events" } })
      hand.full = true
      yield* event("t", 1, 1)
      yield* until(() => warnings.length === 1)
      assert.match(warnings[0] ?? "", /^1 messages of routes were not taken: the outbox is full/)
      hand.full = false
      yield* event("t", 2, 2)
      yield* until(() => hand.sent.length === 1)
      assert.deepStrictEqual(dataOf(hand.sent), [[2, { value: 2 }]])
    })
  )
})

describe("log lines", () => {
  it.scoped("go from a level on, from now on; what uplinks and routes log of themselves does not", () =>
    Effect.gen(function* () {
      const { garbage, line, sent, tails, until } = yield* following({
        trouble: { from: "logs", level: "warning", priority: "urgent", expires_after: "1h" }
      })
      yield* line("INFO", "all is well", { child: "procedures/pump" })
      yield* line("WARN", "no connection", { child: "uplinks/office" })
      yield* line("ERROR", "not taken", { child: "routes" })
      yield* garbage
      yield* line("WARN", "dry", { child: "procedures/pump" })
      yield* line("ERROR", "it broke", { cause: "Error: why" })
      yield* until(() => sent.length === 2)
      const manner = { at: 5_000, priority: "urgent", expiresAfter: 3_600_000 }
      const log = (level: string, subject: string, body: string) => ({ variant: "log", level, subject, body })
      assert.deepStrictEqual<unknown>(sent, [
        { body: log("WARNING", "procedures/pump - WARNING - dry", ""), ...manner },
        { body: log("ERROR", "main - ERROR - it broke", "Error: why"), ...manner }
      ])
      assert.deepStrictEqual(tails, [0])
    })
  )
})

it.scopedLive("ivy 12: log lines reach the queue at each level", () =>
  Effect.gen(function* () {
    const outbox = yield* MemoryOutbox.make()
    const logging = Logging.layer({ level: "debug", console: "off" }).pipe(
      Layer.provide(LogFile.layer({ retentionDays: 0 }))
    )
    const program = Effect.gen(function* () {
      yield* Effect.forkScoped(RouteHost.child.run)
      const subjects = Effect.map(Stream.runCollect(outbox.archived({})), (lines) =>
        Chunk.toReadonlyArray(lines).flatMap(({ body }) => (body.variant === "log" ? [[body.level, body.subject]] : []))
      )
      // Until it follows.
      yield* Effect.zipRight(Effect.logDebug("begin"), Effect.zipRight(Effect.sleep("300 millis"), subjects)).pipe(
        Effect.repeat({ until: (lines) => lines.length > 0, times: 200 })
      )
      yield* Effect.logDebug("a")
      yield* Effect.logInfo("b")
      yield* Effect.logWarning("c")
      yield* Effect.logError("d")
      const sent = yield* Effect.zipRight(Effect.sleep("50 millis"), subjects).pipe(
        Effect.map((lines) => lines.filter(([, subject]) => !subject?.endsWith("begin"))),
        Effect.repeat({ until: (lines) => lines.length === 4, times: 400 })
      )
      assert.deepStrictEqual(sent, [
        ["DEBUG", "main - DEBUG - a"],
        ["INFO", "main - INFO - b"],
        ["WARNING", "main - WARNING - c"],
        ["ERROR", "main - ERROR - d"]
      ])
    })
    yield* program.pipe(
      Effect.scoped,
      Effect.provide(Layer.mergeAll(logging, Self.layerDetached, LogReader.layer, Layer.mock(TelemetryStore, {}))),
      Effect.provideService(Outbox, outbox)
    )
  }).pipe(Effect.provide(ConfigSite.layer("routes: { all: { from: logs, level: debug } }")))
)

it.scopedLive(
  "over a real store and real log files: what is recorded after the start is sent, as it was recorded",
  () =>
    Effect.gen(function* () {
      const { outbox, sent } = sending()
      const { directory, paths } = yield* Site
      const store = yield* Store.open(directory)
      const write = (message: string) => {
        mkdirSync(paths.logs, { recursive: true })
        const text = JSON.stringify({ ts: new Date().toISOString(), level: "ERROR", message })
        appendFileSync(join(paths.logs, `outpost-${text.slice(7, 17)}.log`), `${text}\n`)
      }
      yield* store.post(Store.body("t", "before"))
      write("before")
      const child = RouteHost.child.run.pipe(
        Effect.provide(Layer.mergeAll(outbox, Self.layerDetached, LogReader.layer)),
        Effect.provideService(TelemetryStore, store)
      )
      yield* Effect.forkScoped(child)
      const until = (holds: () => boolean, again: Effect.Effect<unknown, unknown>) =>
        Effect.zipRight(again, Effect.sleep("50 millis")).pipe(
          Effect.repeat({ until: holds }),
          Effect.timeout("2 minutes")
        )
      const values = () => sent.map(({ body }) => (body.variant === "data" ? body.data["value"] : body))
      yield* until(() => values().includes("größer"), store.post(Store.body("t", "größer")))
      yield* until(
        () => sent.some(({ body }) => body.variant === "log" && body.subject === "main - ERROR - größer"),
        Effect.sync(() => write("größer"))
      )
      assert.notInclude(JSON.stringify(sent), "before")
    }).pipe(Effect.provide(ConfigSite.layer(`routes: { e: { from: events }, l: { from: logs } }`)))
)
