import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { header, HeaderWriter, streamPrefix, timestamp } from "../../src/ingest/FrameHeader.js"
import { fixtures } from "../support/Fixtures.js"

const vectors = join(fixtures, "vectors.json")
const text = (...args: Parameters<typeof header>) => Buffer.from(header(...args)).toString()

describe("the header of a message", () => {
  it("is byte for byte that of the field's own ingester", () => {
    const second = 1_735_689_600_000_000_000n
    const times = [second, second + 5_000n]
    const { worker_header_json } = JSON.parse(readFileSync(vectors, "utf8"))
    assert.lengthOf(worker_header_json, times.length)
    for (const [at, vector] of worker_header_json.entries()) {
      const streams = vector.streams.map(([name, typ, length]: [string, string, number]) => ({
        prefix: streamPrefix(name, typ),
        length
      }))
      assert.strictEqual(text(vector.event_number, streams, timestamp(times[at] ?? 0n)), vector.text)
    }
  })

  it("holds streams in the order of their frames, whatever they are called", () => {
    const streams = [
      { prefix: streamPrefix("10", 'a"b'), length: 2 },
      { prefix: streamPrefix("9", "STINS"), length: 0 }
    ]
    assert.strictEqual(
      text(7, streams, "t"),
      '{"event_number":7,"streams":{"10":{"typ":"a\\"b","length":2},"9":{"typ":"STINS","length":0}},"created_at":"t"}'
    )
  })

  it("is the same whether it is made anew or from the one before", () => {
    const writer = new HeaderWriter()
    const cam = { prefix: streamPrefix("cam", "STINS"), length: 2 }
    const short = { ...cam, length: 1 }
    const events = [
      0, 1, 9, 10, 11, 99, 100, 98, 7, 8, 12_345, 54_321, 99_999, 100_000, 4_294_967_296, 9_007_199_254_740_991
    ]
    for (const streams of [[cam], [cam, short], [short], [cam]]) {
      for (const time of ["a", "b"]) {
        for (const event of events) {
          assert.strictEqual(Buffer.from(writer.write(event, streams, time)).toString(), text(event, streams, time))
        }
      }
    }
  })

  it("has a time in microseconds, and no fraction of none", () => {
    assert.strictEqual(timestamp(1_795_303_576_989_356_999n), "2026-11-21T23:26:16.989356Z")
    assert.strictEqual(timestamp(1_795_303_576_000_000_999n), "2026-11-21T23:26:16Z")
    assert.strictEqual(timestamp(1_795_303_576_100_000_000n), "2026-11-21T23:26:16.100000Z")
  })
})
