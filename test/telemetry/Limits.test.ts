/** Events as large, and as awkward, as the limits let them be. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { join } from "node:path"
import { body, open, siteLines, temporaryDirectory } from "../support/Store.js"
import * as fs from "node:fs"

const run = (site: string, id: string) => ({ runId: id, path: join(site, "r", "telemetry.ndjson") })
const runLines = (site: string) =>
  fs
    .readFileSync(join(site, "r", "telemetry.ndjson"), "utf8")
    .trimEnd()
    .split("\n")
const inTime = Effect.timeout("2 minutes")

describe("limits", () => {
  it.scopedLive("every event up to the limit finds room, whatever its text grows to", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site)
      const limit = 2 * 1024 * 1024
      const texts = {
        "meta with blanks": `{"type":"a","data":1,"meta":{ "x":"${"x".repeat(limit - 40)}"}}`,
        "meta of two-byte letters": `{"type":"a","data":1,"meta":{"x":"${"é".repeat(limit / 2 - 20)}"}}`,
        "data of pairs": `{"type":"a","data":"${"😀".repeat(limit / 4 - 10)}"}`,
        "a type": `{"type":"${"ü".repeat(limit / 2 - 15)}","data":1}`,
        "a time": `{"ts":"${"ü".repeat(limit / 2 - 25)}","type":"a","data":1}`
      }
      for (const [name, text] of Object.entries(texts)) {
        const bytes = Buffer.from(text)
        assert.isAtMost(bytes.length, limit)
        const ack = JSON.parse(yield* store.post(bytes).pipe(inTime))
        const { data, meta, type } = JSON.parse(text)
        assert.deepStrictEqual([ack.type, ack.data, ack.meta], [type, data, meta ?? {}], name)
      }
      yield* store.openRun(run(site, "é".repeat(100)), join(site, "record"), () => "\n")
      for (const text of Object.values(texts)) yield* store.post(Buffer.from(text)).pipe(inTime)
      assert.strictEqual(siteLines(site).length, 5)
      assert.strictEqual(runLines(site).length, 5)
    })
  )

  it.scopedLive("a run_id that is repeated a hundred thousand times is set once, and nobody else is hurt", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site)
      const id = "é".repeat(100)
      yield* store.openRun(run(site, id), join(site, "record"), () => "\n")
      const pairs = Array.from({ length: 100_000 }, (_, i) => `"run_id":${i}`).join(",")
      const [ack] = yield* Effect.all(
        [
          store.post(Buffer.from(`{"type":"a","data":1,"meta":{"first":1,${pairs},"last":2}}`)),
          store.post(body("b", 2))
        ],
        { concurrency: "unbounded" }
      ).pipe(inTime)
      assert.match(ack, /"meta":\{"first":1,"run_id":"é{100}","last":2\}\}$/)
      for (const line of runLines(site)) assert.strictEqual(JSON.parse(line).meta.run_id, id)
      const meta = (text: string) =>
        Effect.map(
          store.post(Buffer.from(`{"type":"a","data":0,"meta":${text}}`)),
          (line) => /"meta":(.*)\}$/.exec(line)?.[1]
        )
      assert.strictEqual(yield* meta('{"run_id":1,"\\u0072un_id":2}'), `{"run_id":"${id}"}`)
      assert.strictEqual(
        yield* meta('{"a":"run_id","run_id":{"run_id":[1]},"b":{"run_id":2},"run_id":3}'),
        `{"a":"run_id","run_id":"${id}","b":{"run_id":2}}`
      )
    })
  )

  it.scopedLive("more than fits at once waits for room, and keeps its order", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site)
      const large = "x".repeat(1_500_000)
      const acks = yield* Effect.forEach(
        Array.from({ length: 24 }, (_, i) => i),
        (i) => store.post(body("a", i, { meta: { large } })),
        { concurrency: "unbounded" }
      ).pipe(inTime)
      assert.deepStrictEqual(
        acks.map((ack) => JSON.parse(ack).seq as number),
        Array.from({ length: 24 }, (_, i) => i + 1)
      )
      assert.strictEqual(siteLines(site).length, 24)
    })
  )

  it.scopedLive("a batch far larger than the buffer is taken piece by piece", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site)
      const line = Buffer.from(`{"type":"a","data":"${"y".repeat(9_000)}"}\n`)
      const result = yield* store.postLines(Stream.repeatValue(line).pipe(Stream.take(3_000))).pipe(inTime)
      assert.strictEqual(result.accepted.length, 3_000)
      assert.deepStrictEqual(
        siteLines(site).map((text) => JSON.parse(text).seq as number),
        Array.from({ length: 3_000 }, (_, i) => i + 1)
      )
    })
  )
})
