/** What a filter means to the store of a real site. */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Fiber, Stream } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Cursor } from "../../src/domain/Cursor.js"
import { EventFilter, EventQuery } from "../../src/domain/EventQuery.js"
import { bodyOf, parse } from "../../src/domain/TelemetryEvent.js"
import { RunOperations } from "../../src/operations/RunOperations.js"
import { TelemetryOperations } from "../../src/operations/TelemetryOperations.js"
import * as RealSite from "../support/RealSite.js"

const valuesOf = (lines: Iterable<Parameters<typeof parse>[0]>) =>
  Effect.map(
    Effect.forEach(lines, (line) => parse(line)),
    (events) => events.map(({ data }) => data)
  )

const post = (...values: ReadonlyArray<number>) =>
  Effect.flatMap(TelemetryOperations, (telemetry) =>
    Effect.forEach(values, (data) => telemetry.post(bodyOf({ type: "t", data })), { discard: true })
  )

/** Posts these in a run of this id. */
const run = (runId: string, ...values: ReadonlyArray<number>) =>
  Effect.flatMap(RunOperations, (runs) =>
    runs.start({ runId }).pipe(Effect.zipRight(post(...values)), Effect.zipRight(runs.stop))
  )

const ofA = new EventFilter({ run: "A" })

describe("the events of a run whose id was used twice", () => {
  it.scopedLive("are those of all its ranges, in order, page by page, in both directions, and in an export", () =>
    Effect.gen(function* () {
      const telemetry = yield* TelemetryOperations
      yield* run("A", 0, 1, 2)
      yield* run("B", 100, 101)
      yield* run("A")
      yield* run("A", 3, 4)
      yield* post(200)
      for (const descending of [false, true]) {
        const paged: Array<unknown> = []
        let cursor: Cursor | undefined
        do {
          const query = new EventQuery({ filter: ofA, limit: 2, descending, ...(cursor && { cursor }) })
          const page = yield* telemetry.query(query)
          paged.push(...(yield* valuesOf(page.lines)))
          cursor = page.next
        } while (cursor !== undefined)
        const all = [0, 1, 2, 3, 4]
        assert.deepStrictEqual(paged, descending ? all.reverse() : all)
        const events = yield* Stream.runCollect(telemetry.events(ofA, { descending }))
        assert.deepStrictEqual(yield* valuesOf(events), paged)
      }
      const narrowed = new EventFilter({ run: "A", afterSeq: 2 })
      assert.deepStrictEqual(yield* valuesOf(yield* Stream.runCollect(telemetry.events(narrowed))), [2, 3, 4])
      const text = yield* telemetry.export("ndjson", ofA).pipe(Stream.decodeText(), Stream.mkString)
      assert.strictEqual(text.split("\n").length, 6)
    }).pipe(Effect.provide(RealSite.layer))
  )

  it.scopedLive("come in a tail too: not those of another run in between, but those of a later start", () =>
    Effect.gen(function* () {
      const telemetry = yield* TelemetryOperations
      const runs = yield* RunOperations
      yield* runs.start({ runId: "A" })
      const tail = yield* telemetry.tail(ofA).pipe(Stream.take(3), Stream.runCollect, Effect.fork)
      yield* Effect.sleep("30 millis")
      yield* post(0)
      yield* runs.stop
      yield* run("B", 100)
      yield* run("A", 1, 2)
      const items = yield* Fiber.join(tail).pipe(Effect.timeout("2 minutes"))
      assert.deepStrictEqual(yield* valuesOf(Chunk.map(items, ({ line }) => line)), [0, 1, 2])
    }).pipe(Effect.provide(RealSite.layer))
  )

  it.scopedLive("are found where the id was derived twice, for directories outside the site", () =>
    Effect.gen(function* () {
      const telemetry = yield* TelemetryOperations
      const runs = yield* RunOperations
      const outside = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "outpost-test-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      for (const [n, name] of ["one", "two"].entries()) {
        assert.strictEqual((yield* runs.start({ runDir: join(outside, name) })).run_id, "001")
        yield* post(n)
        yield* runs.stop
      }
      const { lines } = yield* telemetry.query(new EventQuery({ filter: new EventFilter({ run: "001" }) }))
      assert.deepStrictEqual(yield* valuesOf(lines), [0, 1])
    }).pipe(Effect.provide(RealSite.layer))
  )
})

describe("a tail from a moment on", () => {
  it.scopedLive("begins with what was stored since, however much it is, and goes on with what comes", () =>
    Effect.gen(function* () {
      const telemetry = yield* TelemetryOperations
      const old = Array.from({ length: 2_500 }, (_, data) => bodyOf({ type: "t", data }))
      yield* telemetry.postLines(new TextEncoder().encode(old.join("\n")))
      const tail = yield* telemetry
        .tail(new EventFilter({ since: 0 }))
        .pipe(Stream.take(2_502), Stream.runCollect, Effect.fork)
      yield* post(2_500, 2_501)
      const items = yield* Fiber.join(tail).pipe(Effect.timeout("2 minutes"))
      assert.deepStrictEqual(
        yield* valuesOf(Chunk.map(items, ({ line }) => line)),
        Array.from({ length: 2_502 }, (_, n) => n)
      )
    }).pipe(Effect.provide(RealSite.layer))
  )
})
