/** Questions while the store goes on: checkpoints, writers, repairs. */
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { join } from "node:path"
import * as SetClock from "../support/SetClock.js"
import { body, open, temporaryDirectory } from "../support/Store.js"

const lines = (from: number, to: number) =>
  Buffer.from(Array.from({ length: to - from }, (_, i) => `{"type":"t${i % 3}","data":${from + i}}`).join("\n"))
const numbers = (found: Iterable<{ readonly line: string }>) =>
  Array.from(found, ({ line }) => JSON.parse(line).data as number)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

describe("reading", () => {
  it.scopedLive("a checkpoint in the middle of a reading neither hides a line nor shows one twice", () =>
    Effect.gen(function* () {
      for (const descending of [false, true]) {
        const store = yield* open(yield* temporaryDirectory, { blockBytes: 4_096 })
        yield* store.postLines(Stream.make(lines(0, 500)))
        yield* store.checkpoint
        yield* store.postLines(Stream.make(lines(500, 1_000)))
        let turn = 0
        const read = yield* store.read({ stream: "site" }, { descending }).pipe(
          Stream.chunks,
          Stream.tap(() => (turn++ % 3 === 0 ? store.checkpoint : Effect.void)),
          Stream.flattenChunks,
          Stream.runCollect
        )
        const expected = upTo(1_000)
        assert.deepStrictEqual(numbers(Chunk.toReadonlyArray(read)), descending ? expected.reverse() : expected)
      }
    })
  )

  it.scopedLive("lines that come during a reading don't disturb its order", () =>
    Effect.gen(function* () {
      const store = yield* open(yield* temporaryDirectory, { blockBytes: 4_096 })
      yield* store.postLines(Stream.make(lines(0, 300)))
      let next = 300
      const read = yield* store.read({ stream: "site" }, { descending: false }).pipe(
        Stream.chunks,
        Stream.tap(() =>
          next >= 900
            ? Effect.void
            : store.postLines(Stream.make(lines(next, (next += 100)))).pipe(Effect.zipRight(store.checkpoint))
        ),
        Stream.flattenChunks,
        Stream.runCollect
      )
      const found = numbers(Chunk.toReadonlyArray(read))
      assert.deepStrictEqual(found, upTo(found.length))
      assert.isAtLeast(found.length, 300)
    })
  )

  it.scopedLive("a follower that catches up while checkpoints are made misses nothing", () =>
    Effect.gen(function* () {
      const store = yield* open(yield* temporaryDirectory, { blockBytes: 4_096 })
      const total = 6_000
      const followers = yield* Effect.forEach([0, 1_000, 2_500], (begin) =>
        Effect.sleep(begin / 100).pipe(
          Effect.zipRight(store.tail({}, { site: begin }).pipe(Stream.take(total - begin), Stream.runCollect)),
          Effect.fork
        )
      )
      const saver = yield* Effect.fork(Effect.forever(Effect.zipRight(store.checkpoint, Effect.sleep("1 millis"))))
      for (let n = 0; n < total; n += 50) yield* store.postLines(Stream.make(lines(n, n + 50)))
      for (const [k, begin] of [0, 1_000, 2_500].entries()) {
        const items = yield* Fiber.join(followers[k]!).pipe(Effect.timeout("2 minutes"))
        assert.deepStrictEqual(numbers(items), upTo(total).slice(begin))
      }
      yield* Fiber.interrupt(saver)
    })
  )

  it.scopedLive("a file that was indexed anew keeps its place among the others", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const time = SetClock.make(Date.UTC(2026, 2, 17, 15))
      const store = yield* open(site, { blockBytes: 4_096 }).pipe(Effect.withClock(time.clock))
      for (let day = 0; day < 4; day++) {
        yield* store.postLines(Stream.make(lines(day * 200, day * 200 + 200)))
        yield* store.checkpoint
        time.now += 86_400_000
      }
      const path = join(site, "site_20260318.ndjson")
      const text = fs.readFileSync(path, "utf8")
      fs.writeFileSync(path, text.replace('"data":250', '"data":259'))
      const { findings } = yield* store.verify({ repair: true })
      assert.deepStrictEqual([findings.length, findings[0]?.kind, findings[0]?.path], [1, "corrupt", path])
      fs.writeFileSync(path, text)
      yield* store.verify({ repair: true })
      assert.deepStrictEqual((yield* store.verify({ repair: false })).findings, [])
      const all = yield* Stream.runCollect(store.read({ stream: "site" }, { descending: false }))
      assert.deepStrictEqual(numbers(all), upTo(800))
      const paged: Array<number> = []
      for (let cursor = {}, more = true; more;) {
        const page = yield* store.query({ types: ["t0", "t2"] }, { limit: 70, descending: false, cursor })
        paged.push(...numbers(page.lines))
        cursor = page.next
        more = page.more
      }
      assert.deepStrictEqual(
        paged,
        upTo(800).filter((n) => (n % 200) % 3 !== 1)
      )
    })
  )

  it.scopedLive("a file that is gone does not hide the others, and is told of once", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const time = SetClock.make(Date.UTC(2026, 2, 17, 15))
      const store = yield* open(site, { blockBytes: 4_096 }).pipe(Effect.withClock(time.clock))
      for (let day = 0; day < 3; day++) {
        yield* store.postLines(Stream.make(lines(day * 200, day * 200 + 200)))
        yield* store.checkpoint
        time.now += 86_400_000
      }
      fs.rmSync(join(site, "site_20260318.ndjson"))
      const left = upTo(600).filter((n) => n < 200 || n >= 400)
      const warnings: Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void warnings.push(String(message)))
      )
      yield* Effect.gen(function* () {
        const all = yield* Stream.runCollect(store.read({ stream: "site" }, { descending: false }))
        assert.deepStrictEqual(numbers(all), left)
        const page = yield* store.query({}, { limit: 600, descending: true })
        assert.deepStrictEqual(numbers(page.lines), [...left].reverse())
        const rare = yield* store.query({ types: ["t1"] }, { limit: 600, descending: false })
        assert.deepStrictEqual(
          numbers(rare.lines),
          left.filter((n) => (n % 200) % 3 === 1)
        )
        const followed = yield* store.tail({}, { site: 0 }).pipe(Stream.take(400), Stream.runCollect)
        assert.deepStrictEqual(numbers(followed), left)
      }).pipe(Effect.provide(logger))
      assert.strictEqual(warnings.filter((line) => line.includes("site_20260318.ndjson is gone")).length, 1)
    })
  )

  it.scopedLive("a question on a type that never was, and one on a page of nothing", () =>
    Effect.gen(function* () {
      const store = yield* open(yield* temporaryDirectory)
      assert.deepStrictEqual((yield* store.query({}, { limit: 5, descending: true })).lines, [])
      yield* store.post(body("a", 1))
      const page = yield* store.query({ since: Date.UTC(3000, 0) }, { limit: 5, descending: false })
      assert.deepStrictEqual(page, { lines: [], next: {}, more: false })
    })
  )
})
