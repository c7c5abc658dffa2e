import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc, Schema } from "effect"
import type { MessageInput } from "../../src/domain/Message.js"
import { bodyFrom } from "../../src/domain/Message.js"
import * as Routes from "../../src/uplink/Routes.js"
import { RouteSettings } from "../../src/uplink/RouteSettings.js"

const route = (settings: object) => new Routes.Route(Schema.decodeUnknownSync(RouteSettings)(settings))
const event = (type: string, data: unknown, at = 0) => ({ type, data, at })
const dataOf = (messages: ReadonlyArray<MessageInput>) =>
  messages.map(({ at, body }) => [at, body.variant === "data" ? body.data : body])

describe("events", () => {
  it("are sent where their type fits, their values by name, nested ones by their path", () => {
    const all = route({ from: "events", type: "weather.*", prefix: "w." })
    assert.deepStrictEqual(all.event(event("camera", { t: 1 })), [])
    assert.deepStrictEqual(
      dataOf(
        all.event(event("weather.roof", { t: 1.5, ok: true, note: "x", wind: { speed: 3 }, list: [1], none: null }, 7))
      ),
      [[7, { "w.t": 1.5, "w.ok": 1, "w.note": "x", "w.wind.speed": 3 }]]
    )
    assert.deepStrictEqual(all.event(event("weather.roof", { list: [] })), [])
    assert.deepStrictEqual(dataOf(all.event(event("weather.", 4))), [[0, { "w.value": 4 }]])
  })

  it("are picked by field, and take no name that the uplinks use themselves", () => {
    assert.deepStrictEqual(
      dataOf(route({ from: "events", fields: ["a.b"] }).event(event("x", { a: { b: 1, c: 2 } }))),
      [[0, { "a.b": 1 }]]
    )
    assert.deepStrictEqual(dataOf(route({ from: "events" }).event(event("x", { logging: 1, configuration: 2 }))), [
      [0, { logging_: 1, configuration_: 2 }]
    ])
  })

  for (const [keep, x] of [
    ["last", 2],
    ["mean", 3],
    ["min", 1],
    ["max", 6]
  ] as const) {
    it(`of a period are one message with the ${keep} of each number`, () => {
      const each = route({ from: "events", every: "10s", keep })
      assert.deepStrictEqual(each.event(event("x", { x: 1, s: "a" }, 1_000)), [])
      assert.deepStrictEqual(each.event(event("x", { x: 6, s: "b" }, 4_000)), [])
      assert.deepStrictEqual(each.event(event("x", { x: 2 }, 9_000)), [])
      assert.deepStrictEqual(each.due(9_999), [])
      assert.deepStrictEqual(dataOf(each.due(10_000)), [[9_000, { x, s: "b" }]])
      assert.deepStrictEqual(each.due(20_000), [])
    })
  }

  it("of the next period send what the last one came to", () => {
    const each = route({ from: "events", every: "10s" })
    each.event(event("x", { x: 1 }, 5_000))
    assert.deepStrictEqual(dataOf(each.event(event("x", { x: 2 }, 15_000))), [[5_000, { x: 1 }]])
    assert.deepStrictEqual(dataOf(each.due(20_000)), [[15_000, { x: 2 }]])
  })

  it("beyond the limit of a minute are dropped and counted", () => {
    const few = route({ from: "events", max_per_minute: 2 })
    const sent = [0, 1, 2, 3, 60_000].flatMap((at) => few.event(event("x", { x: at }, at)))
    assert.deepStrictEqual(
      sent.map(({ at }) => at),
      [0, 1, 60_000]
    )
    assert.strictEqual(few.dropped(), 2)
    assert.strictEqual(few.dropped(), 0)
  })

  it.prop("of any shape become messages that the outbox takes", [fc.jsonValue()], ([data]) => {
    for (const { body } of route({ from: "events" }).event(event("x", data))) {
      assert.strictEqual(bodyFrom(body)._tag, "Right")
    }
  })
})

describe("log lines", () => {
  const line = (level: string) => ({ at: 5, level, origin: "camera", text: "broke", details: "why" })

  it("ivy 12: level visibility table: what each setting of a rule sends", () => {
    const settings = ["debug", "info", "warning", "error"] as const
    const sent = settings.map((level) =>
      ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].flatMap((one) =>
        route({ from: "logs", level })
          .line(line(one))
          .map(({ body }) => (body.variant === "log" ? body.level : ""))
      )
    )
    const all = ["DEBUG", "DEBUG", "INFO", "WARNING", "ERROR", "ERROR"]
    assert.deepStrictEqual(sent, [all, all.slice(2), all.slice(3), all.slice(4)])
    assert.deepStrictEqual(route({ from: "logs", enabled: false }).settings.enabled, false)
  })

  it("are sent from a level on, as ivy writes them", () => {
    const errors = route({ from: "logs", level: "error", priority: "urgent", expires_after: "1h" })
    assert.deepStrictEqual(errors.line(line("WARN")), [])
    assert.deepStrictEqual(errors.line(line("ERROR")), [
      {
        at: 5,
        body: { variant: "log", level: "ERROR", subject: "camera - ERROR - broke", body: "why" },
        priority: "urgent",
        expiresAfter: 3_600_000
      }
    ])
    assert.strictEqual(errors.line(line("FATAL")).length, 1)
    assert.strictEqual(route({ from: "logs", level: "debug" }).line(line("TRACE")).length, 1)
  })
})

it("a star stands for any text, everything else for itself", () => {
  assert.isTrue(Routes.globOf("a*c")("abc"))
  assert.isTrue(Routes.globOf("*")(""))
  assert.isFalse(Routes.globOf("a.c")("abc"))
  assert.isFalse(Routes.globOf("a*")("ba"))
})
