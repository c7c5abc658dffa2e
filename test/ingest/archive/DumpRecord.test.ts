import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type DumpRecord, encode, microsecondsOf } from "../../../src/ingest/archive/DumpRecord.js"
import { type DumpEntry, DumpScanner } from "../../../src/ingest/archive/DumpScanner.js"
import { fixtures, hasUpstream, upstream } from "../../support/Fixtures.js"

const bytesOf = (record: DumpRecord): Buffer => Buffer.concat(encode(record))

/** Scans bytes in pieces of a size. */
const scan = (bytes: Uint8Array, size = bytes.length, limit?: number): ReadonlyArray<DumpEntry> => {
  const scanner = new DumpScanner(limit)
  const found: Array<DumpEntry> = []
  for (let at = 0; at < bytes.length; at += size) found.push(...scanner.push(bytes.subarray(at, at + size)))
  return [...found, ...scanner.finish()]
}

const recordsOf = (entries: ReadonlyArray<DumpEntry>): ReadonlyArray<DumpRecord> =>
  entries.flatMap((entry) => (entry._tag === "Record" ? [entry.record] : []))

const sample = (event: number, length = 40): DumpRecord => ({
  event,
  streams: [{ name: "cam", typ: "STINS", parts: [Buffer.from(`{"frame":${event}}`), Buffer.alloc(length, event)] }],
  createdAt: "2026-11-21T23:26:16.989154Z"
})

describe("a record", () => {
  it("has exactly the bytes of the vectors", () => {
    const vectors: { cbor_record_hex: ReadonlyArray<{ hex: string }> } = JSON.parse(
      readFileSync(join(fixtures, "vectors.json"), "utf8")
    )
    const records: ReadonlyArray<DumpRecord> = [
      {
        event: 0,
        streams: [{ name: "a", typ: "x", parts: [new Uint8Array(0)] }],
        createdAt: "2025-01-01T00:00:00Z"
      },
      { event: 2 ** 33, streams: [{ name: "é", typ: "", parts: [] }], createdAt: "2025-01-01T00:00:00.000005Z" }
    ]
    assert.deepStrictEqual(
      records.map((record) => bytesOf(record).toString("hex")),
      vectors.cbor_record_hex.map(({ hex }) => hex)
    )
  })

  it("of every dump of the real program is written again byte for byte", () => {
    const prefixed = readdirSync(join(fixtures, "B/dump_prefix_files")).filter((name) => name.endsWith(".cbors"))
    const dumps = [
      join(fixtures, "A/dump.cbors"),
      ...(hasUpstream ? [join(upstream, "dump_xrd.cbors")] : []),
      ...prefixed.map((name) => join(fixtures, "B/dump_prefix_files", name))
    ]
    assert.isAtLeast(dumps.length, 4)
    for (const dump of dumps) {
      const bytes = readFileSync(dump)
      const entries = scan(bytes)
      assert.isTrue(entries.every(({ _tag }) => _tag === "Record"))
      assert.isTrue(Buffer.concat(recordsOf(entries).map(bytesOf)).equals(bytes), dump)
    }
  })

  it.skipIf(!hasUpstream)("of an older dump has no time", () => {
    const records = recordsOf(scan(readFileSync(join(upstream, "dump_xrd.cbors"))))
    assert.deepStrictEqual(
      records.map(({ event }) => event),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    )
    assert.isUndefined(records[0] && microsecondsOf(records[0]))
  })

  it("holds the frames that it was given, not copies", () => {
    const record = sample(7, 100_000)
    const frame = record.streams[0]?.parts[1]
    assert.isTrue(encode(record).some((piece) => piece === frame))
  })

  it("tells its time in microseconds", () => {
    const at = (createdAt: string) => microsecondsOf({ event: 0, streams: [], createdAt })
    assert.strictEqual(at("1970-01-01T00:00:01Z"), 1_000_000)
    assert.strictEqual(at("2026-11-21T23:26:16.989154Z"), 1795303576989154)
    assert.isUndefined(at("2026-13-45T00:00:00Z"))
  })

  it.prop(
    "is read as it was written, whatever it holds and however it comes",
    [
      FastCheck.array(
        FastCheck.record({
          event: FastCheck.maxSafeNat(),
          streams: FastCheck.array(
            FastCheck.record({
              name: FastCheck.string({ unit: "grapheme", maxLength: 30 }),
              typ: FastCheck.string({ maxLength: 30 }),
              parts: FastCheck.array(FastCheck.uint8Array({ maxLength: 300 }), { maxLength: 30 })
            }),
            { maxLength: 4 }
          ),
          createdAt: FastCheck.constantFrom(undefined, "2025-01-01T00:00:00Z", "2025-01-01T00:00:00.000005Z")
        }),
        { minLength: 1, maxLength: 5 }
      ),
      FastCheck.integer({ min: 1, max: 200 })
    ],
    ([records, size]) => {
      const bytes = Buffer.concat(records.map(bytesOf))
      const found = scan(bytes, size)
      assert.deepStrictEqual(
        recordsOf(found).map((record) => bytesOf(record).toString("hex")),
        records.map((record) => bytesOf(record).toString("hex"))
      )
      assert.lengthOf(found, records.length)
    },
    { fastCheck: { numRuns: 100 } }
  )
})

describe("damage", () => {
  const whole = [1, 2, 3].map((event) => bytesOf(sample(event)))
  const one = whole[0]?.length ?? 0

  it("dranspose weak point 10: a record that is cut anywhere costs itself; what follows is read", () => {
    for (let kept = 1; kept < one; kept++) {
      const torn = bytesOf(sample(9)).subarray(0, kept)
      const bytes = Buffer.concat([bytesOf(sample(1)), torn, bytesOf(sample(2)), bytesOf(sample(3))])
      for (const size of [bytes.length, 7]) {
        const entries = scan(bytes, size)
        assert.deepStrictEqual(
          recordsOf(entries).map(({ event }) => event),
          [1, 2, 3],
          `cut at ${kept}`
        )
        const damage = entries.filter((entry) => entry._tag === "Damage")
        assert.deepStrictEqual(
          damage.map(({ length, offset }) => [offset, length]),
          [[one, kept]]
        )
      }
    }
  })

  it("dranspose weak point 10: a file is read up to its last whole record wherever it ends", () => {
    const bytes = Buffer.concat(whole)
    for (let end = 0; end <= bytes.length; end++) {
      const entries = scan(bytes.subarray(0, end))
      assert.lengthOf(recordsOf(entries), Math.floor(end / one))
      const damage = entries.filter((entry) => entry._tag === "Damage")
      assert.lengthOf(damage, end % one === 0 ? 0 : 1)
      if (end % one !== 0) assert.strictEqual(damage[0]?.reason, "ends within a record")
    }
  })

  it("names where it is and what it is", () => {
    const bytes = Buffer.from(whole[0] ?? [])
    bytes[6] = 0x9f
    const [damage] = scan(bytes)
    assert.deepInclude(damage, { _tag: "Damage", offset: 0, at: 6, reason: "an item without a definite length" })
    const [junk] = scan(Buffer.from("no dump at all"))
    assert.deepInclude(junk, { _tag: "Damage", offset: 0, length: 14, reason: "no record begins here" })
  })

  it("in a length is no reason to wait for bytes without end", () => {
    const head = Buffer.from("d9d9f7d9a77d8300a16161d9a77e826178815b0000000fffffffff", "hex")
    const bytes = Buffer.concat([head, whole[1] ?? Buffer.alloc(0)])
    const entries = scan(bytes, 11)
    assert.deepStrictEqual(
      recordsOf(entries).map(({ event }) => event),
      [2]
    )
    assert.include(entries[0]?._tag === "Damage" ? entries[0].reason : "", "above the limit")
  })
})
