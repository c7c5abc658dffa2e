import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { isUtf8 } from "node:buffer"
import { EventScanner } from "../../src/telemetry/EventScanner.js"
import * as LineForm from "../../src/telemetry/internal/lineForm.js"
import { JsonScanner, maximumDepth } from "../../src/telemetry/internal/jsonScanner.js"

const scanner = new EventScanner()
const scan = (body: string | Buffer) => {
  const bytes = Buffer.from(body as string)
  return scanner.scan(bytes, 0, bytes.length)
}
const problems = (body: string) => scan(body)?.problems ?? []
const textOf = (slice: { start: number; end: number }) => scanner.bytes.toString("utf8", slice.start, slice.end)
const inLineForm = (json: string) => {
  const source = Buffer.from(json)
  const out = Buffer.alloc(source.length * LineForm.growth + 8)
  return out.toString("latin1", 0, LineForm.rewrite(source, 0, source.length, out, 0))
}

const validates = (text: string | Buffer) => {
  const bytes = Buffer.from(text as string)
  const json = new JsonScanner()
  json.reset(bytes, bytes.length)
  const end = json.value(json.skip(0), 0)
  return end >= 0 && json.skip(end) === bytes.length
}

describe("EventScanner", () => {
  it("finds the slices of an event in any order of keys", () => {
    assert.isUndefined(scan(' {"meta":{"a": 1} , "type":"weather","extra":[1,{}],"data":{"t":1.50}} '))
    assert.strictEqual(textOf(scanner.type), '"weather"')
    assert.strictEqual(textOf(scanner.data), '{"t":1.50}')
    assert.strictEqual(textOf(scanner.meta), '{"a": 1}')
    assert.isTrue(scanner.meta.dirty)
    assert.isFalse(scanner.data.dirty)
  })

  it("the last of a repeated key wins, escaped keys count, a byte order mark is accepted", () => {
    assert.isUndefined(scan('\ufeff{"type":"a","type":"b","\\u0064ata":1,"t\\u0079pe":"c"}'))
    assert.strictEqual(textOf(scanner.type), '"c"')
    assert.strictEqual(textOf(scanner.data), "1")
  })

  it("forgets the event before", () => {
    scan('{"type":"a","data":1,"meta":{},"ts":"x","make_current":false}')
    assert.isUndefined(scan('{"type":"a","data":1}'))
    assert.isTrue(scanner.makeCurrent)
    assert.strictEqual(scanner.meta.start, -1)
    assert.strictEqual(scanner.ts.start, -1)
  })

  it("names all problems at once, in field order", () => {
    assert.deepStrictEqual(
      problems('{"type":5,"make_current":"maybe","meta":null}').map((p) => [p.type, p.loc.join(".")]),
      [
        ["string_type", "body.type"],
        ["missing", "body.data"],
        ["bool_parsing", "body.make_current"],
        ["dict_type", "body.meta"]
      ]
    )
    assert.deepStrictEqual(problems("{}")[0], {
      type: "missing",
      loc: ["body", "type"],
      msg: "Field required",
      input: {}
    })
    assert.deepStrictEqual(problems("null")[0], { type: "missing", loc: ["body"], msg: "Field required", input: null })
    assert.strictEqual(problems("")[0]?.type, "missing")
    assert.strictEqual(problems("[1]")[0]?.type, "model_attributes_type")
    assert.deepStrictEqual(problems('{"é":}')[0]?.loc, ["body", 5])
  })

  it("reads booleans as the telemetry clients write them", () => {
    const outcome = (value: string) => {
      const found = problems(`{"type":"a","data":1,"make_current":${value}}`)
      return found[0]?.type ?? scanner.makeCurrent
    }
    for (const yes of ["true", "1", "1.0", '"TRUE"', '"yes"', '"On"', '"y"', '"T"', '"1"'])
      assert.strictEqual(outcome(yes), true, yes)
    for (const no of ["false", "0", "0.0", '"false"', '"No"', '"off"', '"n"', '"f"', '"0"'])
      assert.strictEqual(outcome(no), false, no)
    for (const bad of ["2", "-1", '"maybe"', '""', '" yes"']) assert.strictEqual(outcome(bad), "bool_parsing", bad)
    for (const bad of ["null", "[]", "{}", "1.5"]) assert.strictEqual(outcome(bad), "bool_type", bad)
  })

  it("cuts what it repeats of a long value", () => {
    const input = problems(`{"type":["${"x".repeat(100_000)}"],"data":1}`)[0]?.input
    assert.isString(input)
    assert.isBelow(String(input).length, 1_100)
  })

  it("refuses what JSON can't carry", () => {
    for (const bad of [
      "NaN",
      "Infinity",
      "-Infinity",
      "1e400",
      "-1e400",
      '"\\ud800"',
      '"\\udc00\\ud800"',
      "01",
      "1.",
      ".5",
      "+1"
    ]) {
      assert.strictEqual(problems(`{"type":"a","data":${bad}}`)[0]?.type, "json_invalid", bad)
    }
    const nested = (depth: number) => `{"type":"a","data":${"[".repeat(depth)}${"]".repeat(depth)}}`
    assert.strictEqual(problems(nested(5_000))[0]?.type, "json_invalid")
    assert.isUndefined(scan(nested(maximumDepth - 1)))
    assert.isUndefined(scan(`{"type":"a","data":${"9".repeat(400)}}`))
  })
})

describe("line form", () => {
  it("spells strings as the telemetry files do, and leaves numbers and order alone", () => {
    assert.strictEqual(
      inLineForm(
        '{ "b" : 1.0, "10":[ 1e2 ,90071992547409931234], "é😀\\/\\u00E9\\u007f\u007f\\u0041\\u000a\\u0001" : null }'
      ),
      '{"b":1.0,"10":[1e2,90071992547409931234],"\\u00e9\\ud83d\\ude00/\\u00e9\u007f\u007fA\\n\\u0001":null}'
    )
  })

  it("an answer shows characters, not escapes, and keeps an escaped backslash", () => {
    assert.strictEqual(LineForm.readable('"\\u00e9\\\\u00e9\\ud83d\\ude00\\u0001\\n"'), '"é\\\\u00e9😀\\u0001\\n"')
  })

  it("agrees with the parser on the value, for any JSON", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.json(), FastCheck.nat(3), (json, indent) => {
        const spaced = JSON.stringify(JSON.parse(json), null, indent)
        const line = inLineForm(spaced)
        assert.deepStrictEqual(JSON.parse(line), JSON.parse(json))
        assert.isTrue([...line].every((c) => c <= "\u007f"))
        assert.deepStrictEqual(JSON.parse(LineForm.readable(line)), JSON.parse(json))
      })
    )
  })
})

describe("JsonScanner", () => {
  const accepted = (bytes: Buffer) => {
    try {
      return isUtf8(bytes) ? { value: JSON.parse(bytes.toString("utf8")) as unknown } : undefined
    } catch {
      return undefined
    }
  }
  const special = (bytes: Buffer) =>
    /[eE]\+?\d{3}|\\u[dD][89abAB]|\\u[dD][c-fC-F]/.test(bytes.toString("latin1")) || bytes[0] === 0xef

  it("accepts exactly what the parser accepts, over mutated documents", () => {
    const mutation = FastCheck.tuple(
      FastCheck.nat(),
      FastCheck.constantFrom(...'{}[]",:0123456789.eE+-truefalsn \\u\n\té')
    )
    FastCheck.assert(
      FastCheck.property(FastCheck.json(), FastCheck.array(mutation, { maxLength: 4 }), (json, mutations) => {
        let text = json
        for (const [at, c] of mutations) {
          const k = at % (text.length + 1)
          text = at % 2 === 0 ? text.slice(0, k) + c + text.slice(k) : text.slice(0, k) + c + text.slice(k + 1)
        }
        const bytes = Buffer.from(text)
        if (special(bytes)) return
        assert.strictEqual(validates(bytes), accepted(bytes) !== undefined, text)
      }),
      { numRuns: 20_000 }
    )
  })
})
