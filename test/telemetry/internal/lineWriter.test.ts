import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { EventScanner } from "../../../src/telemetry/EventScanner.js"
import { rewrite } from "../../../src/telemetry/internal/lineForm.js"
import { LineWriter } from "../../../src/telemetry/internal/lineWriter.js"

const millis = Date.UTC(2026, 2, 17, 11, 59, 59, 999)
const iso = "2026-03-17T11:59:59.999Z"

const lineForm = (json: string): string => {
  const source = Buffer.from(json)
  const out = Buffer.alloc(source.length * 3)
  return out.toString("latin1", 0, rewrite(source, 0, source.length, out, 0))
}

const writer = new LineWriter()
const scanner = new EventScanner()

const written = (body: string, stream: "site" | "run" | "system" = "site", runId?: string) => {
  const bytes = Buffer.from(body)
  assert.isUndefined(scanner.scan(bytes, 0, bytes.length), body)
  const id = runId === undefined ? undefined : Buffer.from(runId)
  const out = Buffer.alloc(writer.bound(scanner, id) + 5)
  const end = writer.write(out, 5, stream, 7, millis, scanner, id)
  const at = (from: number, to: number) => out.toString("latin1", from, to)
  return {
    line: at(5, end - 1),
    end: at(end - 1, end),
    type: at(writer.typeStart, writer.typeEnd),
    withoutStream: at(5, writer.streamStart) + at(writer.streamEnd, end - 1),
    stream: at(writer.streamStart, writer.streamEnd)
  }
}

/** JSON text as clients write it: compact, with blanks, with escapes and characters beyond ASCII. */
const value = FastCheck.jsonValue({ maxDepth: 3 }).chain((json) =>
  FastCheck.constantFrom(JSON.stringify(json), JSON.stringify(json, undefined, 1))
)
const member = (key: string, text: string) => FastCheck.constantFrom(`"${key}":${text}`, `"${key}" : ${text}`)
const object = FastCheck.dictionary(FastCheck.string(), FastCheck.jsonValue({ maxDepth: 1 })).map((it) =>
  JSON.stringify(it)
)

describe("LineWriter", () => {
  it("writes the same line whatever the order, the blanks and the keys between", () => {
    const body = FastCheck.tuple(FastCheck.string(), value, FastCheck.option(object)).chain(([type, data, meta]) =>
      FastCheck.tuple(
        member("type", JSON.stringify(type)),
        member("data", data),
        meta === null ? FastCheck.constant("") : member("meta", meta),
        FastCheck.constantFrom("", '"note":{"data":0}', '"seq":1'),
        FastCheck.nat(5),
        FastCheck.constantFrom(",", ", ")
      ).map(([t, d, m, other, turn, comma]) => {
        const members = [t, d, m, other].filter((text) => text !== "")
        const turned = [...members.slice(turn % members.length), ...members.slice(0, turn % members.length)]
        return { text: `{${(turn < 3 ? members : turned).join(comma)}}`, type, data, meta }
      })
    )
    FastCheck.assert(
      FastCheck.property(body, ({ data, meta, text, type }) => {
        const quotedType = lineForm(JSON.stringify(type))
        const rest = `"type":${quotedType},"data":${lineForm(data)},"meta":${lineForm(meta ?? "{}")}}`
        const found = written(text)
        assert.strictEqual(found.line, `{"seq":7,"ts":"${iso}","stream":"site",${rest}`, text)
        assert.strictEqual(found.end, "\n")
        assert.strictEqual(found.type, quotedType)
        assert.strictEqual(found.withoutStream, `{"seq":7,"ts":"${iso}",${rest}`)
      }),
      { numRuns: 2_000 }
    )
  })

  it("keeps a client's time and knows where the stream stands beside it", () => {
    const found = written('{"type":"t","data":1,"ts":"\\u0022,\\"stream\\":\\"x"}', "system")
    assert.strictEqual(
      found.line,
      '{"seq":7,"ts":"\\",\\"stream\\":\\"x","stream":"system","type":"t","data":1,"meta":{}}'
    )
    assert.strictEqual(found.stream, ',"stream":"system"')
  })

  it("sets the run's id in meta, whether it was copied with the rest or not", () => {
    const line = (meta: string) =>
      `{"seq":7,"ts":"${iso}","stream":"run","type":"t","data":[1,{"meta":{}}],"meta":${meta}}`
    const data = '"data":[1,{"meta":{}}]'
    assert.strictEqual(written(`{"type":"t",${data},"meta":{"a":1}}`, "run", '"r"').line, line('{"a":1,"run_id":"r"}'))
    assert.strictEqual(written(`{"meta":{"a":1},"type":"t",${data}}`, "run", '"r"').line, line('{"a":1,"run_id":"r"}'))
    assert.strictEqual(written(`{"type":"t",${data}}`, "run", '"r"').line, line('{"run_id":"r"}'))
    assert.strictEqual(
      written(`{"type":"t",${data},"meta":{"run_id":1,"b":2}}`, "run", '"r"').line,
      line('{"run_id":"r","b":2}')
    )
  })
})
