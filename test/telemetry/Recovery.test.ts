/** What a start makes of what an earlier life left behind. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { join } from "node:path"
import { StorageFailed } from "../../src/domain/Refusal.js"
import type { Notice } from "../../src/journal/AppendFile.js"
import { HeldDisk } from "../support/HeldDisk.js"
import * as SetClock from "../support/SetClock.js"
import { body, open, openAbandoned, siteLines, temporaryDirectory } from "../support/Store.js"

const parse = (text: string) => JSON.parse(text) as Record<string, any>
const runAt = (site: string, id: string) => ({ runId: id, path: join(site, id, "telemetry.ndjson") })
const seqs = (lines: ReadonlyArray<string>) => lines.map((line) => parse(line)["seq"] as number)
const exceptions = (site: string) =>
  fs.readdirSync(join(site, ".outpost")).filter((name) => /^current-\d+\.jsonl$/.test(name))
const dataOf = (ack: Option.Option<string>) => (Option.isSome(ack) ? parse(ack.value)["data"] : "none")
const noRuns = { files: [], active: undefined }

describe("recovery", () => {
  it.scopedLive("finds the lines of a run that ended after the last checkpoint", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const record = join(site, ".outpost", "runs.jsonl")
      const first = yield* openAbandoned(site)
      yield* first.store.openRun(runAt(site, "001"), record, () => "opened\n")
      for (let i = 0; i < 5; i++) yield* first.store.post(body("a", i))
      yield* first.store.checkpoint
      yield* first.store.closeRun(record, () => "closed\n")
      const second = yield* open(site)
      yield* second.adoptRuns({
        files: [{ path: runAt(site, "001").path, afterSeq: 0, lastSeq: 5 }],
        active: undefined
      })
      const found = yield* second.query({ stream: "run" }, { limit: 10, descending: false })
      assert.deepStrictEqual(seqs(found.lines.map(({ line }) => line)), [1, 2, 3, 4, 5])
      assert.deepStrictEqual((yield* second.verify({ repair: false })).findings, [])
    })
  )

  it.scopedLive("a number that only an unfinished batch had is given out again", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site)
      yield* first.store.post(body("a", 1))
      // A batch of a stored event (2) and one that is only current (3), cut off before the stored one was written.
      const [name = ""] = exceptions(site)
      const aside = join(site, ".outpost", name === "" ? "current-2.jsonl" : name)
      fs.appendFileSync(aside, `{"current_only":${siteLines(site)[0]?.replace('"seq":1', '"seq":3')}}\n`)
      const second = yield* open(site)
      yield* second.adoptRuns(noRuns)
      assert.strictEqual(parse(yield* second.post(body("a", 2)))["seq"], 2)
    })
  )

  it.scopedLive("events that are only current survive with their numbers", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const record = join(site, ".outpost", "runs.jsonl")
      const only = { store_permanently: false }
      const first = yield* openAbandoned(site)
      for (const [type, more] of [
        ["a", only],
        ["b", {}],
        ["c", only],
        ["d", only]
      ] as const)
        yield* first.store.post(body(type, type, more))
      yield* first.store.openRun(runAt(site, "001"), record, () => "opened\n")
      for (const [type, more] of [
        ["a", {}],
        ["e", only],
        ["f", only]
      ] as const)
        yield* first.store.post(body(type, `run ${type}`, more))
      const second = yield* open(site)
      yield* second.adoptRuns({
        files: [{ path: runAt(site, "001").path, afterSeq: 0, lastSeq: undefined }],
        active: { ...runAt(site, "001"), afterSeq: 0 }
      })
      const current = parse(yield* second.current)["current"]
      const data = Object.fromEntries(
        Object.entries<any>(current).map(([type, event]) => [type, `${event.seq} ${event.data}`])
      )
      assert.deepStrictEqual(data, { a: "1 run a", b: "2 b", c: "3 c", d: "4 d", e: "2 run e", f: "3 run f" })
      assert.strictEqual(parse(yield* second.post(body("g", 0)))["seq"], 4)
      yield* second.closeRun(record, () => "closed\n")
      assert.strictEqual(parse(yield* second.post(body("g", 0)))["seq"], 5)
    })
  )

  it.scopedLive("a file of exceptions that comes back after its checkpoint changes nothing", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site)
      yield* first.store.adoptRuns(noRuns)
      yield* first.store.post(body("a", "old", { make_current: false }))
      const [name = ""] = exceptions(site)
      const path = join(site, ".outpost", name)
      const line = siteLines(site)[0] ?? ""
      // The line of number 1 was never durable, but its exception was; the removal of the exceptions did not last either.
      const day = join(site, fs.readdirSync(site).find((file) => file.startsWith("site_")) ?? "")
      const kept = fs.readFileSync(path)
      fs.truncateSync(day, 0)
      const second = yield* openAbandoned(site)
      yield* second.store.adoptRuns(noRuns)
      assert.deepStrictEqual(exceptions(site), [])
      assert.strictEqual(parse(yield* second.store.post(body("a", "new")))["seq"], parse(line)["seq"])
      fs.writeFileSync(path, kept)
      const third = yield* open(site)
      yield* third.adoptRuns(noRuns)
      assert.strictEqual(dataOf(yield* third.currentOf("a")), "new")
    })
  )

  it.scopedLive("what must not become current stays so though the clock went back and forth over noon", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const time = SetClock.make(Date.UTC(2026, 2, 17, 11, 0))
      const first = yield* openAbandoned(site).pipe(Effect.withClock(time.clock))
      yield* first.store.adoptRuns(noRuns)
      yield* first.store.post(body("a", "shown"))
      yield* first.store.post(body("a", "hidden", { make_current: false }))
      time.now = Date.UTC(2026, 2, 17, 15, 0)
      yield* first.store.post(body("b", 1))
      time.now = Date.UTC(2026, 2, 17, 11, 0)
      yield* first.store.post(body("b", 2))
      yield* first.store.checkpoint
      yield* first.store.post(body("b", 3))
      yield* first.store.checkpoint
      const second = yield* open(site).pipe(Effect.withClock(time.clock))
      yield* second.adoptRuns(noRuns)
      const current = parse(yield* second.current)["current"]
      assert.deepStrictEqual([current["a"].data, current["b"].data], ["shown", 3])
    })
  )

  it.scopedLive("an exception that is on its way to the disk outlives any number of checkpoints", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const disk = new HeldDisk()
      const time = SetClock.make(Date.UTC(2026, 2, 17, 11, 0))
      const first = yield* openAbandoned(site, { disk }).pipe(Effect.withClock(time.clock))
      yield* first.store.adoptRuns(noRuns)
      yield* first.store.post(body("a", "shown"))
      disk.hold()
      const posted = yield* Effect.fork(first.store.post(body("a", "hidden", { make_current: false })))
      yield* Effect.sleep("20 millis")
      const saved = yield* Effect.fork(first.store.checkpoint)
      yield* Effect.sleep("50 millis")
      // The day turns while the batch is still on its way: there is something to save again.
      time.now = Date.UTC(2026, 2, 17, 13, 0)
      const later = yield* Effect.fork(first.store.post(body("b", 1)))
      yield* Effect.sleep("20 millis")
      const again = yield* Effect.fork(first.store.checkpoint)
      yield* Effect.sleep("50 millis")
      disk.release()
      yield* Effect.all([Fiber.join(posted), Fiber.join(saved), Fiber.join(later), Fiber.join(again)])
      const second = yield* open(site).pipe(Effect.withClock(time.clock))
      yield* second.adoptRuns(noRuns)
      assert.strictEqual(dataOf(yield* second.currentOf("a")), "shown")
    })
  )

  it.scopedLive("the record of a run's start is durable before its events, that of its end behind them", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const [record, run] = [join(site, ".outpost", "runs.jsonl"), runAt(site, "001")]
      const disk = new HeldDisk()
      const { store } = yield* openAbandoned(site, { disk })
      yield* store.adoptRuns(noRuns)
      // Each time an event holds the disk, so that all behind it is one batch.
      const inOneBatch = (...steps: ReadonlyArray<Effect.Effect<unknown, unknown>>) =>
        Effect.gen(function* () {
          disk.synced.length = 0
          disk.hold()
          const fibers = []
          for (const step of [store.post(body("before", 0)), ...steps]) {
            fibers.push(yield* Effect.fork(step))
            yield* Effect.sleep("20 millis")
          }
          disk.release()
          yield* Fiber.joinAll(fibers)
          return disk.synced.filter((path) => path === record || path === run.path)
        })
      const started = yield* inOneBatch(
        store.openRun(run, record, () => "opened\n"),
        store.post(body("a", 1))
      )
      assert.deepStrictEqual(started, [record, run.path])
      const ended = yield* inOneBatch(
        store.post(body("a", 2)),
        store.closeRun(record, () => "closed\n")
      )
      assert.deepStrictEqual(ended.slice(-2), [run.path, record])
    })
  )

  it.scopedLive("a stop does not wait for ever for a disk that hangs, not even in a checkpoint", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const disk = new HeldDisk()
      const first = yield* openAbandoned(site, { disk, checkpointInterval: "50 millis" })
      yield* first.store.adoptRuns(noRuns)
      yield* first.store.post(body("a", 1))
      disk.hold()
      const posted = yield* Effect.fork(first.store.post(body("a", 2)))
      yield* Effect.sleep("200 millis")
      const closed = yield* Effect.timeoutOption(Effect.disconnect(first.close), "1 minute")
      disk.release()
      yield* Fiber.await(posted)
      assert.isTrue(Option.isSome(closed))
      const second = yield* open(site)
      yield* second.adoptRuns(noRuns)
      assert.deepStrictEqual(seqs(siteLines(site)), [1, 2])
    })
  )

  it.scopedLive("an index that SQLite can't read is set aside and made anew", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site, { blockBytes: 4_096 })
      yield* first.store.postLines(
        Stream.make(Buffer.from(Array.from({ length: 2_000 }, (_, i) => `{"type":"t${i % 3}","data":${i}}`).join("\n")))
      )
      yield* first.close
      const index = join(site, ".outpost", "index.sqlite")
      for (const suffix of ["-wal", "-shm"]) fs.rmSync(index + suffix, { force: true })
      const sound = fs.readFileSync(index)
      for (const damage of [
        (bytes: Buffer) => bytes.fill(0xa5, 4_096),
        (bytes: Buffer) => bytes.fill(0, 100, 8_192),
        (bytes: Buffer) => bytes.subarray(0, 5_000),
        (bytes: Buffer) => bytes.fill(0x20, 0, 50)
      ]) {
        fs.writeFileSync(index, damage(Buffer.from(sound)))
        const { close, store } = yield* openAbandoned(site)
        yield* store.adoptRuns(noRuns)
        assert.strictEqual((yield* store.figures).position.site, 2_000)
        assert.strictEqual(
          (yield* store.query({ types: ["t1"] }, { limit: 1_000, descending: false })).lines.length,
          667
        )
        assert.deepStrictEqual((yield* store.verify({ repair: false })).findings, [])
        yield* close
        const aside = fs.readdirSync(join(site, ".outpost")).filter((name) => name.includes(".unreadable-"))
        assert.isAbove(aside.length, 0)
        for (const name of fs.readdirSync(join(site, ".outpost")))
          if (/index\.sqlite/.test(name)) fs.rmSync(join(site, ".outpost", name))
      }
    })
  )

  it.scopedLive("a start whose state can't be saved comes up all the same", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site)
      yield* first.store.adoptRuns(noRuns)
      yield* first.store.post(body("a", "shown"))
      yield* first.store.post(body("a", "hidden", { make_current: false }))
      const full = new StorageFailed({ operation: "fdatasync", path: "index", reason: "ENOSPC" })
      const second = yield* openAbandoned(site, {
        database: (database) => ({ ...database, durable: Effect.fail(full) })
      })
      yield* second.store.adoptRuns(noRuns)
      assert.strictEqual(dataOf(yield* second.store.currentOf("a")), "shown")
      yield* second.store.post(body("b", 1))
      const third = yield* open(site)
      yield* third.adoptRuns(noRuns)
      assert.strictEqual(dataOf(yield* third.currentOf("a")), "shown")
      assert.strictEqual(dataOf(yield* third.currentOf("b")), 1)
    })
  )

  it.scopedLive("types beyond the dictionary are current again after a start", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site, { currentLimit: 100_000 })
      const many = Array.from({ length: 65_600 }, (_, i) => `{"type":"t${i}","data":${i}}`).join("\n")
      yield* first.store.postLines(Stream.make(Buffer.from(many)))
      const second = yield* open(site, { currentLimit: 100_000 })
      yield* second.adoptRuns(noRuns)
      assert.strictEqual(Object.keys(parse(yield* second.current)["current"]).length, 65_600)
    })
  )

  it.scopedLive("lines that were read back are durable before the index speaks of them", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site)
      yield* first.store.post(body("a", 1))
      const disk = new HeldDisk()
      yield* open(site, { disk })
      assert.isTrue(disk.synced.some((path) => path.endsWith(".ndjson")))
    })
  )

  it.scopedLive("torn tails of runs and of the system stream are set aside too", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const record = join(site, ".outpost", "runs.jsonl")
      const first = yield* openAbandoned(site)
      yield* first.store.adoptRuns(noRuns)
      yield* first.store.postSystem("site.started", {})
      yield* first.store.openRun(runAt(site, "001"), record, () => "opened\n")
      yield* first.store.post(body("a", 1))
      const system = join(site, ".outpost", "system")
      const daily = join(system, fs.readdirSync(system)[0] ?? "")
      fs.appendFileSync(daily, '{"seq":2,"ts')
      fs.appendFileSync(
        runAt(site, "001").path,
        '{"seq":2,"ts":"2026-01-01T00:00:00.000Z","stream":"run","type":"a","data":{"x\n'
      )
      const notices: Array<Notice> = []
      const second = yield* open(site, { notices })
      yield* second.adoptRuns({
        files: [{ path: runAt(site, "001").path, afterSeq: 0, lastSeq: undefined }],
        active: { ...runAt(site, "001"), afterSeq: 0 }
      })
      assert.deepStrictEqual(
        notices.map((notice) => (notice.kind === "torn" ? notice.path : notice.kind)),
        [daily, runAt(site, "001").path]
      )
      assert.strictEqual(parse(yield* second.post(body("a", 2)))["seq"], 2)
      yield* second.postSystem("x", {})
      assert.deepStrictEqual(seqs(fs.readFileSync(daily, "utf8").trim().split("\n")), [1, 2])
      assert.deepStrictEqual(seqs(fs.readFileSync(runAt(site, "001").path, "utf8").trim().split("\n")), [1, 2])
    })
  )
})
