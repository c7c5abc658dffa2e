import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { gzipSync } from "node:zlib"
import { type DumpRecord, encode } from "../../../src/ingest/archive/DumpRecord.js"
import type { DumpDamage } from "../../../src/ingest/archive/DumpScanner.js"
import * as Replay from "../../../src/ingest/archive/Replay.js"
import { fixtures } from "../../support/Fixtures.js"

const place = mkdtempSync(join(tmpdir(), "outpost-replay-"))
afterAll(() => rmSync(place, { recursive: true, force: true }))

const record = (event: number, stream: string, second = event, bytes = 10): DumpRecord => ({
  event,
  streams: [{ name: stream, typ: `typ-${stream}`, parts: [Buffer.alloc(bytes, event)] }],
  createdAt: `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`
})

const dump = (name: string, records: ReadonlyArray<DumpRecord>, finish = (bytes: Buffer) => bytes) => {
  const path = join(place, name)
  writeFileSync(path, finish(Buffer.concat(records.flatMap(encode))))
  return path
}

const all = <E>(events: Stream.Stream<Replay.ReplayEvent, E, NodeContext.NodeContext>) =>
  Effect.provide(Effect.map(Stream.runCollect(events), Chunk.toReadonlyArray), NodeContext.layer)

const told = (events: ReadonlyArray<Replay.ReplayEvent>) =>
  events.map(({ event, streams }) => `${event}:${streams.map(({ name }) => name).join("+")}`)

describe("events of dumps", () => {
  it.effect("are merged by number over files, compressed ones too", () =>
    Effect.gen(function* () {
      const a = dump(
        "a.cbors",
        [0, 1, 3, 4, 9].map((event) => record(event, "a"))
      )
      const b = dump(
        "b.cbors.gz",
        [0, 2, 3, 8, 9].map((event) => record(event, "b", event + 1)),
        (bytes) => gzipSync(bytes)
      )
      const c = dump("c.cbors", [])
      const events = yield* all(Replay.events([a, b, c]))
      assert.deepStrictEqual(told(events), ["0:a+b", "1:a", "2:b", "3:a+b", "4:a", "8:b", "9:a+b"])
      assert.strictEqual(events[3]?.at, Date.parse("2026-01-01T00:00:03Z") * 1000)
    })
  )

  it.live("of the real program: three ingesters of one scan", () =>
    Effect.gen(function* () {
      const directory = join(fixtures, "B/dump_prefix_files")
      const files = readdirSync(directory).filter((name) => name.endsWith(".cbors"))
      const events = yield* all(Replay.events(files.map((name) => join(directory, name))))
      assert.deepStrictEqual(
        events.map(({ event }) => event),
        events.map((_, n) => n)
      )
      assert.sameMembers(events[0]?.streams.map(({ name }) => name) ?? [], ["cam_a", "cam_b", "orca", "sardana"])
    })
  )

  it.effect("pass over damage, which is told; a compressed file that was cut gives what is there", () =>
    Effect.gen(function* () {
      const whole = [0, 1, 2].map((event) => record(event, "a", event, 5000))
      const torn = dump("torn.cbors", whole, (bytes) => Buffer.concat([bytes.subarray(0, 6000), bytes]))
      const cut = dump(
        "cut.cbors.gz",
        whole.map((one) => ({
          ...one,
          streams: [{ name: "b", typ: "", parts: [crypto.getRandomValues(new Uint8Array(5000))] }]
        })),
        (bytes) => {
          const zipped = gzipSync(bytes)
          return zipped.subarray(0, zipped.length - 3000)
        }
      )
      const damages: Array<readonly [string, DumpDamage]> = []
      const note: Replay.OnDamage = (path, damage) => Effect.sync(() => damages.push([path, damage]))
      assert.deepStrictEqual(told(yield* all(Replay.events([torn], note))), ["0:a", "0:a", "1:a", "2:a"])
      assert.deepStrictEqual(told(yield* all(Replay.events([cut], note))), ["0:b", "1:b"])
      assert.deepStrictEqual(
        damages.map(([path, { _tag }]) => [path, _tag]),
        [
          [torn, "Damage"],
          [cut, "Damage"]
        ]
      )
    })
  )

  it.live("of a compressed file with a damaged byte come out up to it, which is told", () =>
    Effect.gen(function* () {
      const records = Array.from({ length: 20 }, (_, event) => ({
        ...record(event, "a"),
        streams: [{ name: "a", typ: "", parts: [crypto.getRandomValues(new Uint8Array(20_000))] }]
      }))
      const path = dump("flipped.cbors.gz", records, (bytes) => {
        const zipped = gzipSync(bytes)
        // In the trailer, where the whole is known to be wrong; and, where stored bytes are counted, in the middle.
        zipped[zipped.length - 6] = (zipped[zipped.length - 6] ?? 0) ^ 1
        return zipped
      })
      const damages: Array<DumpDamage> = []
      const events = yield* all(Replay.events([path], (_, damage) => Effect.sync(() => damages.push(damage))))
      assert.isAtLeast(events.length, 19)
      assert.match(damages.at(-1)?.reason ?? "", /^the compressed file is damaged from here on: /)
    })
  )

  it.effect("fail where two files are not of one scan, and where a file is not there", () =>
    Effect.gen(function* () {
      const a = dump("one.cbors", [record(0, "a")])
      const b = dump("two.cbors", [record(0, "a")])
      const conflict = yield* Effect.flip(all(Replay.events([a, b])))
      assert.deepInclude({ ...conflict }, { _tag: "ReplayConflict", event: 0, stream: "a", path: b })
      const missing = yield* Effect.flip(all(Replay.events([join(place, "none")])))
      assert.strictEqual(missing._tag, "StorageFailed")
    })
  )
})

describe("the pace", () => {
  const seconds = [0, 1, 1, 4].map((second, event) => record(event, "a", second))
  const at = (speed: number) =>
    Effect.gen(function* () {
      const times: Array<number> = []
      const start = yield* TestClock.currentTimeMillis
      const items = seconds.map(({ event }) => ({ event, at: ([0, 1, 1, 4][event] ?? 0) * 1e6 }))
      const running = yield* Stream.fromIterable(items).pipe(
        Replay.paced(speed, (item) => item.at),
        Stream.runForEach(() => Effect.map(TestClock.currentTimeMillis, (now) => times.push(now - start))),
        Effect.fork
      )
      for (let step = 0; step < 50; step++) yield* TestClock.adjust("100 millis")
      yield* Fiber.join(running)
      return times
    })

  it.effect("is that of the record, ten times it, or none", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* at(1), [0, 1000, 1000, 4000])
      assert.deepStrictEqual(yield* at(10), [0, 100, 100, 400])
      assert.deepStrictEqual(yield* at(Infinity), [0, 0, 0, 0])
    })
  )

  it.effect("does not hold back what has no time, or an earlier one", () =>
    Effect.gen(function* () {
      const items = [5e6, undefined, 1e6]
      const found = yield* Stream.runCollect(
        Replay.paced(1, (item: number | undefined) => item)(Stream.fromIterable(items))
      )
      assert.deepStrictEqual([...found], items)
    })
  )
})
