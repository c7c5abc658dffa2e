/** Uplinks over a real Mosquitto. */
import { assert, describe } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import type { MessageInput } from "../../src/domain/Message.js"
import * as Mosquitto from "../support/Mosquitto.js"
import { test, testWith } from "../support/MosquittoTest.js"
import * as MqttOffice from "../support/MqttOffice.js"
import * as MqttProxy from "../support/MqttProxy.js"
import * as UplinkGround from "../support/UplinkGround.js"

const { data } = UplinkGround

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ schedule: Schedule.spaced("5 millis"), until: (met) => met }),
    Effect.timeout("2 minutes"),
    Effect.orDie
  )

const config = (status: "received" | "startup" | "accepted" | "rejected", revision = 7): MessageInput => ({
  body: { variant: "config", status, config: { general: { config_revision: revision, software_version: "1.0.0" } } }
})

const tenta = (port: number, more: object = {}, settings: object = {}) => ({
  office: {
    use: "tenta",
    max_drain_time: "5s",
    settings: { host: "127.0.0.1", port, identifier: "e9", ...settings },
    ...more
  }
})
const thingsboard = (port: number, settings: object = {}) => ({
  office: { use: "thingsboard", settings: { host: "127.0.0.1", port, ...settings } }
})

const testOfSmallPackets = testWith(Mosquitto.make({ lines: ["max_packet_size 20000"] }))

/** The configs that came in. */
const pending = ({ requests }: UplinkGround.UplinkGround) =>
  requests.flatMap(({ what }) => (what._tag === "Configuration" ? [what] : []))

describe("Tenta", () => {
  test("data, logs and what became of configs arrive, each with its own time", (broker) =>
    Effect.gen(function* () {
      const office = yield* MqttOffice.make(broker.port)
      const ground = yield* UplinkGround.make({ revision: 3 })
      yield* ground.use(tenta(broker.port))
      yield* ground.put(
        data({ temperature: 19.5, label: "abc" }, 1_700_000_000_123),
        { body: { variant: "log", level: "ERROR", subject: "main - ERROR - no", body: "why" }, at: 1_700_000_000_500 },
        { ...config("accepted"), at: 1_700_000_001_000 },
        { ...config("rejected", 8), at: 1_700_000_002_000 }
      )
      yield* ground.delivered("office")
      yield* until(() => office.heard.length === 4)
      assert.deepStrictEqual(office.on("measurements/e9"), [
        [{ revision: 3, value: { temperature: 19.5 }, timestamp: 1_700_000_000.123 }]
      ])
      assert.deepStrictEqual(office.on("logs/e9"), [
        [{ severity: "error", message: "main - ERROR - no\n\nwhy", revision: 3, timestamp: 1_700_000_000.5 }]
      ])
      assert.deepStrictEqual(office.on("acknowledgments/e9"), [
        [{ revision: 7, success: true, timestamp: 1_700_000_001 }],
        [{ revision: 8, success: false, timestamp: 1_700_000_002 }]
      ])
      assert.isTrue(office.heard.every(({ qos, retain }) => qos === 1 && !retain))
    }))

  testOfSmallPackets(
    "ivy 14.3: what the broker drops the connection over is set aside, and the rest goes on",
    (broker) =>
      Effect.gen(function* () {
        const office = yield* MqttOffice.make(broker.port)
        const ground = yield* UplinkGround.make()
        const log = (body: string): MessageInput => ({
          body: { variant: "log", level: "ERROR", subject: "main - ERROR - no", body }
        })
        yield* ground.use(tenta(broker.port, { max_parallel_messages: 5 }))
        const [, large = 0, larger = 0] = yield* ground.put(
          data({ x: 1 }),
          log("a".repeat(30_000)),
          log("b".repeat(40_000)),
          ...Array.from({ length: 40 }, (_, k) => data({ x: k + 2 }))
        )
        yield* Effect.forkScoped(
          Effect.repeat(
            Effect.suspend(() => ground.put(data({ x: 0 }))),
            Schedule.spaced("100 millis")
          )
        )
        const setAside = Effect.map(Effect.orDie(ground.outbox.list({ setAside: true, limit: 10 })), ({ messages }) =>
          messages.map(({ id }) => Number(id))
        )
        yield* Effect.repeat(setAside, {
          schedule: Schedule.spaced("50 millis"),
          until: (ids) => ids.length === 2
        })
        assert.deepStrictEqual(yield* setAside, [large, larger])
        yield* until(() => new Set(office.on("measurements/e9").map((one) => JSON.stringify(one))).size > 41)
      })
  )

  test("ivy 14.4: messages that can't be sent are done with at once and hold up nothing behind them", (broker) =>
    Effect.gen(function* () {
      const office = yield* MqttOffice.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.put(...Array.from({ length: 20 }, () => config("startup")), config("received"), data({ x: 1 }))
      yield* ground.use(tenta(broker.port, { max_parallel_messages: 2 }))
      yield* ground.put(...Array.from({ length: 20 }, () => config("startup")), data({ x: 2 }))
      yield* ground.delivered("office")
      yield* until(() => office.heard.length === 1)
      assert.deepStrictEqual(
        office.heard.map(({ topic }) => topic),
        ["measurements/e9"]
      )
    }))

  test("a config that is retained comes in, and one that was sent while the station was away", (broker) =>
    Effect.gen(function* () {
      const office = yield* MqttOffice.make(broker.port)
      const proxy = yield* MqttProxy.make(broker.port)
      yield* office.say("configurations/e9", { revision: 4, configuration: { general: {} } }, { retain: true })
      const ground = yield* UplinkGround.make()
      yield* ground.use(tenta(proxy.port))
      yield* until(() => ground.requests.length === 1)
      yield* proxy.cut
      yield* office.say("configurations/e9", { revision: 5, configuration: { general: {} } })
      yield* until(() => ground.requests.length >= 2 && ground.requests.some(({ what }) => what.revision === 5))
      assert.strictEqual(ground.requests[0]?.uplink, "office")
      assert.strictEqual(ground.requests[0]?.what.revision, 4)
    }))

  test("ivy 12: Tenta: of 6 publishes only the 2 valid ones on the right topic become pending, in order", (broker) =>
    Effect.gen(function* () {
      const office = yield* MqttOffice.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(tenta(broker.port))
      yield* ground.connected("office")
      const valid = (revision: number) => ({ revision, configuration: { general: {} } })
      yield* office.say("configurations/other", valid(1))
      yield* office.say("configurations/e9", valid(2))
      yield* office.say("configurations/e9", "{")
      yield* office.say("configurations", valid(3))
      yield* office.say("configurations/e9", { revision: "4", configuration: {} })
      yield* office.say("configurations/e9", valid(5))
      yield* until(() => pending(ground).length === 2)
      assert.deepStrictEqual(
        pending(ground).map(({ revision }) => revision),
        [2, 5]
      )
      // Those that are none are told.
      assert.lengthOf(ground.requests, 4)
    }))

  test("ivy 14.1: nothing that is sent in breaks the link, nor does a bug in whoever takes it", (broker) =>
    Effect.gen(function* () {
      const office = yield* MqttOffice.make(broker.port)
      const ground = yield* UplinkGround.make({ handle: () => Effect.die(new Error("a bug")) })
      yield* ground.use(tenta(broker.port))
      yield* ground.put(data({ before: 1 }))
      yield* ground.delivered("office")
      for (const payload of ["not json", '{"revision":"7"}', "[]", " ", '{"revision":7,"configuration":{}}']) {
        yield* office.say("configurations/e9", payload)
      }
      yield* until(() => ground.requests.length === 5)
      yield* ground.put(data({ after: 1 }))
      yield* ground.delivered("office")
      yield* office.say("configurations/e9", { revision: 9, configuration: {} })
      yield* until(() => ground.requests.length === 6)
      assert.strictEqual((yield* ground.status("office")).connections, 1)
    }))
})

describe("ThingsBoard", () => {
  test("ivy 14.15, ivy 13: bidirectional config with ThingsBoard, config received whenever updated: asks for the config at each connection and hears the answer; offline changes are not lost", (broker) =>
    Effect.gen(function* () {
      const office = yield* MqttOffice.make(broker.port)
      const proxy = yield* MqttProxy.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(thingsboard(proxy.port))
      const asked = () => office.heard.filter(({ topic }) => topic.startsWith("v1/devices/me/attributes/request/"))
      yield* until(() => asked().length === 1)
      assert.deepStrictEqual(asked()[0]?.json, { sharedKeys: "configuration" })
      const id = asked()[0]?.topic.split("/").at(-1)
      yield* office.say(`v1/devices/me/attributes/response/${id}`, {
        shared: { configuration: { general: { config_revision: 7 } } }
      })
      yield* until(() => ground.requests.length === 1)
      yield* proxy.cut
      yield* until(() => asked().length === 2)
      assert.deepStrictEqual(ground.requests[0]?.what, {
        _tag: "Configuration",
        document: { general: { config_revision: 7 } },
        revision: undefined
      })
    }))

  test("ivy 12: ThingsBoard: same: of 6 publishes only the 2 valid ones on the right topic become pending, in order", (broker) =>
    Effect.gen(function* () {
      const office = yield* MqttOffice.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(thingsboard(broker.port))
      yield* ground.connected("office")
      const valid = (config_revision: number) => ({ configuration: { general: { config_revision } } })
      yield* office.say("v1/devices/other/attributes", valid(1))
      yield* office.say("v1/devices/me/attributes", valid(2))
      yield* office.say("v1/devices/me/attributes", "{")
      yield* office.say("v1/devices/me/telemetry", valid(3))
      yield* office.say("v1/devices/me/attributes", { colour: "red" })
      yield* office.say("v1/devices/me/attributes", { shared: valid(5) })
      yield* until(() => pending(ground).length === 2)
      assert.deepStrictEqual(
        pending(ground).map(({ document }) => document),
        [valid(2).configuration, valid(5).configuration]
      )
      // The one that is none is told; other attributes are nobody's business.
      assert.lengthOf(ground.requests, 3)
    }))

  test("ivy 14.8: after a short restart of the broker it is subscribed again", (broker) =>
    Effect.gen(function* () {
      const proxy = yield* MqttProxy.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(thingsboard(proxy.port))
      yield* until(() => proxy.subscribed.length === 2)
      yield* broker.kill
      yield* broker.start
      yield* until(() => proxy.subscribed.length === 4)
      const office = yield* MqttOffice.make(broker.port)
      yield* office.say("v1/devices/me/attributes", { configuration: { general: { config_revision: 2 } } })
      yield* until(() => ground.requests.length === 1)
      assert.deepStrictEqual(proxy.subscribed.slice(2), [
        "v1/devices/me/attributes",
        "v1/devices/me/attributes/response/+"
      ])
    }))

  test("ivy 14.26: over a link with a round trip of 100 ms messages leave at the first connection", (broker) =>
    Effect.gen(function* () {
      const proxy = yield* MqttProxy.make(broker.port)
      yield* proxy.delay(50)
      const ground = yield* UplinkGround.make()
      yield* ground.put(data({ before: 1 }))
      yield* ground.use(thingsboard(proxy.port))
      yield* ground.put(data({ x: 1 }), data({ x: 2 }))
      yield* ground.delivered("office")
      assert.strictEqual(proxy.connections(), 1)
    }))
})

describe("any broker", () => {
  test("ivy 14.7: a message leaves the queue on the broker's acknowledgement alone", (broker) =>
    Effect.gen(function* () {
      const proxy = yield* MqttProxy.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(tenta(proxy.port, {}, { ack_timeout: "400ms" }))
      yield* ground.connected("office")
      yield* proxy.withholdAcks(true)
      yield* ground.put(...Array.from({ length: 10 }, (_, x) => data({ x })))
      yield* until(() => proxy.published.length >= 10)
      assert.strictEqual((yield* ground.status("office")).waiting, 10)
      yield* until(() => proxy.connections() >= 2)
      yield* proxy.withholdAcks(false)
      yield* proxy.cut
      yield* ground.delivered("office")
      assert.strictEqual(proxy.acknowledged.size, 10)
    }))

  test("ivy 14.27: what is sent again is the same, byte for byte", (broker) =>
    Effect.gen(function* () {
      const proxy = yield* MqttProxy.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(tenta(proxy.port, {}, { ack_timeout: "200ms" }))
      yield* ground.connected("office")
      yield* proxy.withholdAcks(true)
      yield* ground.put(data({ x: 1 }), { body: { variant: "log", level: "INFO", subject: "s", body: "b" } })
      yield* until(() => proxy.published.length >= 4)
      yield* proxy.withholdAcks(false)
      yield* ground.delivered("office")
      assert.strictEqual(new Set(proxy.published.map(({ payload }) => payload)).size, 2)
    }))

  test("a link that went half open is noticed, left and made anew", (broker) =>
    Effect.gen(function* () {
      const proxy = yield* MqttProxy.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(tenta(proxy.port, {}, { ack_timeout: "300ms" }))
      yield* ground.connected("office")
      yield* proxy.silence(true)
      yield* ground.put(data({ x: 1 }))
      yield* Effect.repeat(ground.status("office"), {
        schedule: Schedule.spaced("10 millis"),
        until: ({ last_error }) => last_error !== null
      })
      yield* proxy.silence(false)
      yield* proxy.cut
      yield* ground.delivered("office")
      assert.match((yield* ground.status("office")).last_error?.message ?? "", /acknowledg|clos/)
    }))

  test("ivy 14.2: a stop drains what is queued within its limit", (broker) =>
    Effect.gen(function* () {
      const proxy = yield* MqttProxy.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(tenta(proxy.port, { max_parallel_messages: 4 }))
      yield* ground.connected("office")
      yield* proxy.delay(10)
      yield* ground.put(...Array.from({ length: 100 }, (_, x) => data({ x })))
      yield* ground.stop
      assert.strictEqual(proxy.acknowledged.size, 100)
      assert.strictEqual(proxy.mostUnderWay(), 4)
    }))

  test("ivy 14.24: a stop whose limit is reached leaves the rest in the queue, not only what was in flight", (broker) =>
    Effect.gen(function* () {
      const proxy = yield* MqttProxy.make(broker.port)
      const ground = yield* UplinkGround.make()
      yield* ground.use(tenta(proxy.port, { max_parallel_messages: 2, max_drain_time: "300ms" }))
      yield* ground.connected("office")
      yield* proxy.delay(40)
      yield* ground.put(...Array.from({ length: 60 }, (_, x) => data({ x })))
      yield* ground.stop
      const { uplinks } = yield* Effect.orDie(ground.outbox.stats)
      const left = uplinks[0]?.waiting ?? 0
      assert.isAbove(left, 0)
      assert.isAtLeast(proxy.acknowledged.size, 60 - left)
      // Nothing of it is lost: the next start sends it.
      yield* proxy.delay(0)
      yield* ground.use({})
    }))

  test("ivy 12: broker reachable: one that is not there is told of and tried again for as long as it takes, by the same process", (broker) =>
    Effect.gen(function* () {
      const ground = yield* UplinkGround.make()
      yield* broker.kill
      yield* ground.use(tenta(broker.port))
      yield* Effect.repeat(ground.status("office"), {
        schedule: Schedule.spaced("10 millis"),
        until: ({ state }) => state === "waiting"
      })
      yield* ground.put(data({ x: 1 }))
      yield* broker.start
      yield* ground.delivered("office")
      assert.strictEqual((yield* ground.status("office")).delivered, 1)
    }))
})
