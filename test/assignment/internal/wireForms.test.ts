/** The bytes of the wire: what the field's peers wrote is read, and written again to the same bytes. */
import { assert, describe, it } from "@effect/vitest"
import { Either, Schema } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as wireForms from "../../../src/assignment/internal/wireForms.js"
import * as wireText from "../../../src/assignment/internal/wireText.js"
import { kindOf } from "../../../src/assignment/internal/redisKeys.js"
import { fixtures } from "../../support/Fixtures.js"

describe("numbers that are fractions", () => {
  it("have a fraction or an exponent, as the field's peers write them", () => {
    const forms: ReadonlyArray<readonly [number, string]> = [
      ...([[0, "0.0"], [-0, "-0.0"], [3, "3.0"], [0.5, "0.5"], [-2.25, "-2.25"]] as const), // prettier-ignore
      ...([
        [1e-7, "1e-7"],
        [1.5360000134023721e-6, "1.5360000134023721e-6"],
        [0.000015, "0.000015"]
      ] as const),
      ...([
        [1e15, "1000000000000000.0"],
        [1e16, "1e16"],
        [1795303571.0733278, "1795303571.0733278"]
      ] as const)
    ]
    for (const [value, text] of forms) assert.strictEqual(wireText.fraction(value), text)
  })

  it.prop("are the same number when they are read again", [Schema.JsonNumber], ([value]) => {
    const text = wireText.fraction(value)
    assert.match(text, /[.e]/)
    assert.strictEqual(JSON.parse(text), value)
  })
})

describe("what is no message", () => {
  it("is refused in a sentence, whatever it is", () => {
    for (const text of [
      "",
      "null",
      "[]",
      "{}",
      '{"state":1}',
      "[1]",
      '[{"event_number":-1,"assignments":{}}]',
      "\u0000"
    ])
      for (const read of [wireForms.readReport, wireForms.readUpdate, wireForms.readDescription]) {
        const answer: wireForms.Read<unknown> = read(text)
        assert.isTrue(Either.isLeft(answer) && answer.left.length > 0, text)
      }
    for (const text of [
      "",
      "{}",
      "[{}]",
      '[{"event_number":-1,"assignments":{}}]',
      '[{"event_number":0,"assignments":{"a":1}}]'
    ])
      assert.isTrue(Either.isLeft(wireForms.readAssignments(text)), text)
  })
})

interface Captured {
  readonly value?: string
  readonly entries?: ReadonlyArray<{ readonly fields: Readonly<Record<string, string>> }>
}

describe("what the field's peers wrote", () => {
  const names = ["0_idle", "1_param_set", "2_mapping_set", "3_midscan", "4_finished", "5_stopped", "6_services_closed"]
  const moments = [...names.map((name) => `A/redis_${name}.json`), "B/redis_0_idle.json", "B/redis_1_finished.json"]
  const keys = moments.flatMap((path) =>
    Object.entries(JSON.parse(readFileSync(join(fixtures, path), "utf8")) as Readonly<Record<string, Captured>>)
  )
  const texts = (pattern: RegExp) =>
    keys
      .filter(([key]) => pattern.test(key))
      .flatMap(([key, { entries, value }]) =>
        (entries?.map(({ fields }) => fields["data"]) ?? [value]).map((text) => [key, text ?? ""] as const)
      )

  const same = <A>(
    pattern: RegExp,
    least: number,
    read: (text: string, key: string) => wireForms.Read<A>,
    write: (value: A) => string
  ) => {
    const found = texts(pattern)
    assert.isAtLeast(found.length, least)
    for (const [key, text] of found) assert.strictEqual(write(Either.getOrThrow(read(text, key))), text)
  }

  it("assignments", () => same(/:assigned:/, 20, wireForms.readAssignments, wireForms.assignments))
  it("reports", () => same(/:ready:/, 60, wireForms.readReport, wireForms.report))
  it("updates", () => same(/:updates$/, 30, wireForms.readUpdate, wireForms.update))
  it("descriptions", () => same(/:parameter_description:/, 30, wireForms.readDescription, wireForms.description))
  it("states of services", () =>
    same(
      /:config$/,
      20,
      (text, key) => wireForms.readState(kindOf(key) ?? "reducer", text),
      (service) => wireForms.state(service)
    ))
  it("lines of the log", () => {
    const lines = keys.filter(([key]) => key === "dranspose_logs").flatMap(([, { entries }]) => entries ?? [])
    assert.isAbove(lines.length, 100)
    for (const { fields } of lines) {
      const line = Either.getOrThrow(wireForms.readLogLine(Object.entries(fields).flat()))
      assert.deepStrictEqual(wireForms.logFields(line), Object.entries(fields).flat())
    }
  })
})
