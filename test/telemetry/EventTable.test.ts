import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, FastCheck, Stream } from "effect"
import * as EventTable from "../../src/telemetry/EventTable.js"
import type { FoundLine } from "../../src/telemetry/EventReader.js"
import { quoted } from "../../src/telemetry/internal/lineForm.js"

const ts = "2026-01-02T03:04:05.678Z"

/** A line as the store keeps it; `data` and `meta` are in line form already. */
const found = (seq: number, type: string, data = "null", meta = "{}"): FoundLine => ({
  stream: "site",
  seq,
  ts: Date.parse(ts),
  line: `{"seq":${seq},"ts":"${ts}","stream":"site","type":${quoted(type)},"data":${data},"meta":${meta}}`
})

const textOf = <E>(bytes: Stream.Stream<Uint8Array, E>) =>
  Effect.map(Stream.runCollect(bytes), (chunks) => Buffer.concat(Chunk.toReadonlyArray(chunks)).toString("utf8"))

/** RFC 4180, strictly: records end in CRLF, a quote stands only at the ends of a field or doubled within. */
const parseCsv = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  const records: Array<Array<string>> = [[]]
  let at = 0
  while (at < text.length) {
    const field = /"((?:[^"]|"")*)"(?=,|\r\n)|([^",\r\n]*)(?=,|\r\n)/y
    field.lastIndex = at
    const match = field.exec(text)
    if (match === null) throw new Error(`not RFC 4180 at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`)
    records.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "")
    at = field.lastIndex
    if (text[at] === ",") at += 1
    else {
      at += 2
      records.push([])
    }
  }
  assert.deepStrictEqual(records.pop(), [], "the last record has no end")
  return records
}

const header = ["seq", "ts", "stream", "type", "data", "meta"]

describe("CSV", () => {
  it.effect("is a header and a record for each line, byte for byte", () =>
    Effect.gen(function* () {
      const lines = [found(1, "weather", '{"t":1.50,"k":"a"}', '{"run_id":"001"}'), found(2, "plain", "12")]
      assert.strictEqual(
        yield* textOf(EventTable.csv(Stream.fromIterable(lines))),
        `seq,ts,stream,type,data,meta\r\n1,${ts},site,weather,"{""t"":1.50,""k"":""a""}","{""run_id"":""001""}"\r\n2,${ts},site,plain,12,{}\r\n`
      )
    })
  )

  it.effect("of nothing is the header", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* textOf(EventTable.csv(Stream.empty)), `${header.join(",")}\r\n`)
    })
  )

  it.effect("quotes what holds quotes, commas and line ends, and nothing else", () =>
    Effect.gen(function* () {
      const types = [
        '"',
        '""',
        ",",
        "a,b",
        "\n",
        "\r",
        "\r\n",
        'say "hi", twice\n',
        "plain",
        " ",
        "ünïcode 日本 𝟗",
        ";'\t"
      ]
      const text = yield* textOf(EventTable.csv(Stream.fromIterable(types.map((type, i) => found(i, type)))))
      assert.deepStrictEqual(parseCsv(text), [
        header,
        ...types.map((type, i) => [String(i), ts, "site", type, "null", "{}"])
      ])
      for (const bare of ["plain", " ", "ünïcode 日本 𝟗", ";'\t"]) assert.include(text, `,${bare},`)
    })
  )

  it.effect("keeps data and meta digit for digit, with characters as themselves", () =>
    Effect.gen(function* () {
      const digits = "123456789012345678901234567890"
      const data = `{"b":[${digits},1.0,-0,1E+40],"10":"\\u00e9\\ud835\\udfd7\\n","a":{}}`
      const text = yield* textOf(EventTable.csv(Stream.make(found(1, "t", data, '{"k":"\\u0001\\\\u00e9"}'))))
      assert.deepStrictEqual(parseCsv(text)[1]?.slice(4), [
        `{"b":[${digits},1.0,-0,1E+40],"10":"é𝟗\\n","a":{}}`,
        '{"k":"\\u0001\\\\u00e9"}'
      ])
    })
  )

  it.effect("is read back as it was, whatever the text", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.array(FastCheck.string({ unit: "grapheme" }), { maxLength: 8 }),
          async (texts) => {
            const lines = texts.map((text, i) => found(i, text, quoted(text), `{"k":${quoted(text)}}`))
            const csv = await Effect.runPromise(textOf(EventTable.csv(Stream.fromIterable(lines))))
            const [first, ...records] = parseCsv(csv)
            assert.deepStrictEqual(first, header)
            assert.strictEqual(records.length, texts.length)
            for (const [i, text] of texts.entries()) {
              assert.strictEqual(records[i]?.[3], text)
              assert.strictEqual(JSON.parse(records[i]?.[4] ?? ""), text)
              assert.deepStrictEqual(JSON.parse(records[i]?.[5] ?? ""), { k: text })
            }
          }
        ),
        { numRuns: 50 }
      )
    )
  )
})

describe("NDJSON", () => {
  it.effect("is the lines verbatim, in their order, over all chunks", () =>
    Effect.gen(function* () {
      const lines = [
        found(3, "b", '{"x":12345678901234567890,"x":1.0}'),
        found(1, 'é"\n', '"\\u00e9"'),
        found(2, "a", "[]")
      ]
      const inChunks = Stream.fromChunks(Chunk.take(Chunk.fromIterable(lines), 1), Chunk.fromIterable(lines.slice(1)))
      assert.strictEqual(yield* textOf(EventTable.ndjson(inChunks)), lines.map(({ line }) => `${line}\n`).join(""))
      assert.strictEqual(yield* textOf(EventTable.ndjson(Stream.empty)), "")
    })
  )
})

describe("rows", () => {
  it.effect("have the fields of the line; number and stream are the finder's", () =>
    Effect.gen(function* () {
      const line = { ...found(7, "w\n", '{"a":1.0}', '{"m":"\\u00e9"}'), stream: "run" as const }
      const [row] = Chunk.toReadonlyArray(yield* Stream.runCollect(EventTable.rows(Stream.make(line))))
      assert.deepStrictEqual(row, { seq: 7, ts, stream: "run", type: "w\n", data: '{"a":1.0}', meta: '{"m":"é"}' })
    })
  )
})
