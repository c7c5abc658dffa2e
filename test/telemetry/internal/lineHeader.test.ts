import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { LineHeader } from "../../../src/telemetry/internal/lineHeader.js"

const read = (header: LineHeader, text: string) => {
  const bytes = Buffer.from(`x${text}`, "latin1")
  if (!header.read(bytes, 1, bytes.length)) return undefined
  return {
    seq: header.seq,
    ts: header.ts,
    type: header.typeBytes.toString("latin1", header.typeStart, header.typeEnd)
  }
}

const line = (ts: string, type = '"t"', seq = 1) =>
  `{"seq":${seq},"ts":"${ts}","stream":"site","type":${type},"data":0,"meta":{}}`

describe("LineHeader", () => {
  it("reads times as the server writes them, hour after hour and back", () => {
    const header = new LineHeader()
    const time = FastCheck.tuple(
      FastCheck.integer({ min: 0, max: 3 }).map((hours) => Date.UTC(2026, 2, 17, 22) + hours * 3_600_000),
      FastCheck.nat(3_599_999)
    )
    FastCheck.assert(
      FastCheck.property(time, FastCheck.nat(), ([hour, within], seq) => {
        const found = read(header, line(new Date(hour + within).toISOString(), '"a b"', seq))
        assert.deepStrictEqual(found, { seq, ts: hour + within, type: '"a b"' })
      })
    )
  })

  it("reads a client's time where it is one, and keeps the time before where it is none", () => {
    const header = new LineHeader()
    const known = "2026-03-17T11:59:59.999Z"
    const millis = Date.parse(known)
    for (const [ts, expected] of [
      ["2026-03-17T11:59:59.999+01:00", millis - 3_600_000],
      ["2026-03-17", Date.parse("2026-03-17")],
      ["2026-03-17T11:60:00.000Z", millis],
      ["2026-03-17T11:59:60.000Z", millis],
      ["2026-03-17T11:5x:59.999Z", millis],
      ['2026-03-17T11\\":59:59.999', millis],
      ["2026-03-17T11:59:59,999Z", millis],
      ["", millis],
      ["soon", millis]
    ] as const) {
      assert.strictEqual(read(header, line(known))?.ts, millis)
      assert.deepStrictEqual(read(header, line(ts)), { seq: 1, ts: expected, type: '"t"' }, ts)
    }
  })

  it("reads lines of other writers by parsing them, and nothing that is no event", () => {
    const header = new LineHeader()
    assert.deepStrictEqual(read(header, '{"type":"t","seq":5,"ts":"2026-03-17T12:00:00Z"}'), {
      seq: 5,
      ts: Date.UTC(2026, 2, 17, 12),
      type: '"t"'
    })
    assert.strictEqual(read(header, '{ "seq": 6, "type": "\\u00e4" }')?.type, '"\\u00e4"')
    const whole = line("2026-03-17T11:59:59.999Z")
    for (let cut = 0; cut < whole.indexOf("}"); cut++)
      assert.isUndefined(read(header, whole.slice(0, cut)), whole.slice(0, cut))
    for (const text of ["", "[]", "null", '{"seq":"1","type":"t"}', '{"seq":1,"type":2}']) {
      assert.isUndefined(read(header, text), text)
    }
  })
})
