import { assert, describe, it } from "@effect/vitest"
import { Duration, Either } from "effect"
import * as LogBudget from "../../src/procedure/command/LogBudget.js"
import { messageFrom, parse, Said, settingsLine, stopLine } from "../../src/procedure/command/CommandProtocol.js"

const said = (text: string, cut = false) => parse({ text, cut })

describe("a line of a command", () => {
  it("that says one of the four things is understood", () => {
    const body = { variant: "data", data: { wind: 4.2 } } as const
    const table: ReadonlyArray<readonly [string, Said]> = [
      ['{"event": {"type": "weather", "data": 1}}', Said.Event({ text: '{"type": "weather", "data": 1}' })],
      [`{"message": ${JSON.stringify(body)}}`, Said.Message({ input: { body } })],
      [
        `{"message": {"body": ${JSON.stringify(body)}, "at": 5, "priority": "urgent", "expiresAfter": 60000}}`,
        Said.Message({ input: { body, at: 5, priority: "urgent", expiresAfter: 60_000 } })
      ],
      ['{"state": {"pump": {"on": true}}}', Said.State({ values: { pump: { on: true } } })],
      ['{"progress": "half"}', Said.Progress({ value: "half" })],
      ['{"progress": null}', Said.Progress({ value: null })]
    ]
    for (const [text, expected] of table) assert.deepEqual(said(text), expected, text)
  })

  it("an event keeps its text: digits, order, blanks", () => {
    const text = '{"type":"n","data":{"big":12345678901234567890,"x":1.0,"__proto__":{"event":"}"}}}'
    for (const line of [`{"event":${text}}`, ` {"event":${text}}`.trim(), `{ "event" :  ${text}  } `])
      assert.deepEqual(said(line), Said.Event({ text }), line)
  })

  it("anything else is a line of its log", () => {
    for (const text of ["", "hello", "{", "{oops", "{}", '{"level":"info"}', "[1]", '"event"', "42", '{"Event":{}}'])
      assert.deepEqual(said(text), Said.Log({ text }), text)
  })

  it("that speaks the protocol wrongly is refused, with what is wrong", () => {
    const table: ReadonlyArray<readonly [string, string]> = [
      ['{"event": 1}', "event: expected an object"],
      ['{"state": [1]}', "state: expected an object"],
      ['{"message": {"variant": "data", "data": {"a": null}}}', "message"],
      ['{"message": {"variant": "data", "data": {"logging": 1}}}', "logging"],
      ['{"message": {"body": {"variant": "data", "data": {}}, "prio": "urgent"}}', "prio"],
      ['{"message": {"body": {"variant": "data", "data": {}}, "priority": "high"}}', ': priority must be "urgent"'],
      ['{"event": {"type": "a"}, "progress": 1}', "event and progress"]
    ]
    for (const [text, reason] of table) {
      const answer = said(text)
      assert.strictEqual(answer._tag, "Refused", text)
      if (answer._tag === "Refused") assert.include(answer.reason, reason)
    }
    assert.deepEqual(said('{"event": {"ty', true), Said.Refused({ reason: "a line is longer than limits.line_bytes" }))
    assert.deepEqual(said("a long li", true), Said.Log({ text: "a long li" }))
  })
})

describe("lines to a command", () => {
  it("are JSON objects that end with a newline", () => {
    assert.deepStrictEqual(JSON.parse(settingsLine("dome", { port: 1 })), { settings: { port: 1 }, procedure: "dome" })
    assert.deepStrictEqual(JSON.parse(stopLine(Duration.seconds(5))), { stop: { within_seconds: 5 } })
    for (const line of [settingsLine("a", {}), stopLine(Duration.zero)]) assert.match(line, /^\{.*\}\n$/)
  })
})

it("a message is a body, or an envelope around one", () => {
  const log = { variant: "log", level: "INFO", subject: "a", body: "" }
  assert.isTrue(Either.isRight(messageFrom(log)))
  assert.isTrue(Either.isRight(messageFrom({ body: log })))
  for (const wrong of [null, 1, {}, { body: 1 }, { body: log, at: "now" }])
    assert.isTrue(Either.isLeft(messageFrom(wrong)))
})

describe("LogBudget", () => {
  const at = (options: LogBudget.Options) => {
    const clock = { now: 0 }
    const budget = new LogBudget.LogBudget(() => clock.now, options)
    const take = (lines: number) => Array.from({ length: lines }, () => budget.take()).filter(Boolean).length
    return { clock, budget, take }
  }

  it("takes a burst and then so many a second; counts the rest, and tells of it once there is room", () => {
    const { budget, clock, take } = at({ burst: 10, perSecond: 2 })
    assert.strictEqual(take(1_000_000), 10)
    assert.strictEqual(budget.takeDropped(), 0)
    clock.now += 1_000
    assert.strictEqual(budget.takeDropped(), 999_990)
    assert.strictEqual(budget.takeDropped(), 0)
    assert.strictEqual(take(10), 2)
    assert.strictEqual(budget.takeDropped(true), 8)
  })

  it("never holds more than a burst, and a clock that is set back fills nothing", () => {
    const { clock, take } = at({ burst: 10, perSecond: 2 })
    clock.now += 3_600_000
    assert.strictEqual(take(100), 10)
    clock.now -= 3_600_000
    assert.strictEqual(take(100), 0)
    clock.now += 1_000
    assert.strictEqual(take(100), 2)
  })
})
