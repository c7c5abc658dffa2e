import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { join } from "node:path"
import { type Disk, nodeDisk } from "../../src/journal/Disk.js"
import * as RunContext from "../../src/run/RunContext.js"
import { TelemetryStore } from "../../src/telemetry/TelemetryStore.js"
import { body, openAbandoned, siteLines, temporaryDirectory, type TestOptions } from "../support/Store.js"

/** A life on a site; its store is left as a crash leaves it, unless it is closed. */
const life = (site: string, options: TestOptions = {}) =>
  Effect.gen(function* () {
    const { close, store } = yield* openAbandoned(site, options)
    const runs = yield* RunContext.make({
      siteDirectory: site,
      recordPath: join(site, ".outpost", "runs.jsonl"),
      allowAbsolute: true
    }).pipe(Effect.provideService(TelemetryStore, store))
    return { close, store, runs }
  })

const runLines = (directory: string) =>
  fs
    .readFileSync(join(directory, "telemetry.ndjson"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
const records = (site: string) =>
  fs.existsSync(join(site, ".outpost", "runs.jsonl"))
    ? fs.readFileSync(join(site, ".outpost", "runs.jsonl"), "utf8").split("\n").length - 1
    : 0
const idOf = (run: Option.Option<{ readonly run_id: string }>) =>
  Option.match(run, { onNone: () => "none", onSome: ({ run_id }) => run_id })

describe("RunContext", () => {
  it.scopedLive("one run at a time; a refused start leaves no trace", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const { runs } = yield* life(site)
      assert.strictEqual((yield* Effect.flip(runs.stop))._tag, "NoActiveRun")
      const first = yield* runs.start({})
      assert.deepStrictEqual(
        [first.run_id, first.run_dir, first.metaJson],
        ["001", join(site, "001"), '{"run_id":"001"}']
      )
      assert.match(first.started_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.strictEqual((yield* Effect.flip(runs.start({ runId: "other" })))._tag, "RunAlreadyActive")
      const before = records(site)
      yield* runs.stop
      for (const request of [
        { runId: "../x" },
        { runDir: "../x" },
        { metaJson: "[]" },
        { metaJson: '{"run_id":{"a":1}}' }
      ]) {
        yield* Effect.flip(runs.start(request))
      }
      assert.strictEqual(records(site), before + 1)
      assert.deepStrictEqual(
        fs.readdirSync(site).filter((name) => !name.startsWith(".")),
        ["001"]
      )
      assert.strictEqual((yield* runs.start({})).run_id, "002")
    })
  )

  it.scopedLive("does not start where no event could be written", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const { runs } = yield* life(site)
      fs.mkdirSync(join(site, "taken", "telemetry.ndjson"), { recursive: true })
      const tooLong = "d/".repeat(Math.floor((4_090 - site.length) / 2))
      for (const runDir of ["taken", tooLong]) {
        const refused = yield* Effect.flip(runs.start({ runId: "a", runDir }))
        assert.strictEqual(refused._tag, "RunRefused")
        assert.match(refused.message, /^run_dir .* can't take events: /)
      }
      assert.isFalse(fs.existsSync(join(site, "d")))
      assert.strictEqual(idOf(yield* runs.active), "none")
      assert.strictEqual((yield* runs.start({ runId: "a" })).run_id, "a")
    })
  )

  it.scopedLive("of many starts at once one wins, of many stops one", () =>
    Effect.gen(function* () {
      const { runs } = yield* life(yield* temporaryDirectory)
      const all = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.map(
          Effect.all(
            Array.from({ length: 20 }, () => Effect.either(effect)),
            { concurrency: "unbounded" }
          ),
          (results) => results.filter(({ _tag }) => _tag === "Right").length
        )
      for (let k = 0; k < 5; k++) {
        assert.strictEqual(yield* all(runs.start({})), 1)
        assert.strictEqual(yield* all(runs.stop), 1)
      }
      assert.deepStrictEqual(
        (yield* runs.list).map(({ run_id }) => run_id),
        ["005", "004", "003", "002", "001"]
      )
    })
  )

  it.scopedLive("events belong to the run or to the site, by the order in which they were taken", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const { runs, store } = yield* life(site)
      yield* store.post(body("a", 1))
      const run = yield* runs.start({ runId: "r" })
      const posting = yield* Effect.fork(
        Effect.forEach(
          Array.from({ length: 400 }, (_, i) => i),
          (i) => store.post(body("a", i)),
          { concurrency: 8 }
        )
      )
      yield* Effect.sleep("10 millis")
      const stopped = yield* runs.stop
      yield* Fiber.join(posting)
      const inRun = runLines(run.run_dir)
      assert.deepStrictEqual(
        inRun.map(({ seq }) => seq),
        Array.from({ length: inRun.length }, (_, i) => i + 1)
      )
      assert.strictEqual(stopped.last_seq, inRun.length)
      assert.strictEqual(inRun.length + siteLines(site).length, 401)
      assert.isTrue(inRun.every(({ meta }) => meta.run_id === "r"))
      assert.deepStrictEqual((yield* runs.ranges("r"))(), [{ afterSeq: 0, lastSeq: inRun.length }])
    })
  )

  it.scopedLive("only a stop ends a run: neither a close nor a crash does", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* life(site)
      const run = yield* first.runs.start({ runId: "night", metaJson: '{"n":12345678901234567890}' })
      yield* first.store.post(body("a", 1))
      yield* first.close
      const second = yield* life(site)
      assert.deepStrictEqual(yield* second.runs.active, Option.some(run))
      assert.strictEqual(JSON.parse(yield* second.store.post(body("a", 2))).seq, 2)
      const third = yield* life(site)
      assert.strictEqual(idOf(yield* third.runs.active), "night")
      yield* third.runs.stop
      const fourth = yield* life(site)
      assert.strictEqual(idOf(yield* fourth.runs.active), "none")
      assert.deepStrictEqual(
        runLines(run.run_dir).map(({ seq }) => seq),
        [1, 2]
      )
      assert.strictEqual(JSON.parse(yield* fourth.store.post(body("a", 3))).seq, 1)
    })
  )

  it.scopedLive("an id that is used again appends to its file, and both ranges are its numbers", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const { runs, store } = yield* life(site)
      for (const data of [1, 2]) {
        yield* runs.start({ runId: "r" })
        yield* store.post(body("a", data))
        yield* runs.stop
      }
      assert.deepStrictEqual(
        runLines(join(site, "r")).map(({ seq }) => seq),
        [1, 2]
      )
      const both = [
        { afterSeq: 0, lastSeq: 1 },
        { afterSeq: 1, lastSeq: 2 }
      ]
      assert.deepStrictEqual((yield* runs.ranges("r"))(), both)
      assert.strictEqual((yield* Effect.flip(runs.get("no such")))._tag, "RunNotFound")
      const again = yield* life(site)
      assert.deepStrictEqual((yield* again.runs.ranges("r"))(), both)
      assert.strictEqual((yield* again.store.verify({ repair: false })).findings.length, 0)
    })
  )

  it.scopedLive(
    "bad lines of the record are passed over, an unfinished last one too; the next record is behind it",
    () =>
      Effect.gen(function* () {
        const site = yield* temporaryDirectory
        const first = yield* life(site)
        yield* first.runs.start({ runId: "a" })
        yield* first.runs.stop
        const path = join(site, ".outpost", "runs.jsonl")
        fs.appendFileSync(path, 'rubbish\n{"event":"run.started","run_id":"b","run_dir":"/x"')
        const second = yield* life(site)
        assert.deepStrictEqual(
          (yield* second.runs.list).map(({ run_id }) => run_id),
          ["a"]
        )
        yield* second.runs.start({ runId: "c" })
        const third = yield* life(site)
        assert.strictEqual(idOf(yield* third.runs.active), "c")
        assert.deepStrictEqual(
          (yield* third.runs.list).map(({ run_id }) => run_id),
          ["c", "a"]
        )
        assert.strictEqual(
          fs.readdirSync(join(site, ".outpost")).filter((name) => name.startsWith("runs.jsonl.torn-")).length,
          1
        )
      })
  )

  it.scopedLive("what runs within a run is interrupted when it stops, its finalizers run, and it is told so", () =>
    Effect.gen(function* () {
      const { runs } = yield* life(yield* temporaryDirectory)
      assert.strictEqual((yield* Effect.flip(runs.within(Effect.void)))._tag, "NoActiveRun")
      yield* runs.start({})
      assert.strictEqual(yield* runs.within(Effect.succeed(5)), 5)
      const started = yield* Deferred.make<void>()
      const released = yield* Deferred.make<string>()
      const fiber = yield* Deferred.succeed(started, undefined).pipe(
        Effect.zipRight(Effect.never),
        Effect.onInterrupt(() => Deferred.succeed(released, "interrupted")),
        runs.within,
        Effect.fork
      )
      yield* Deferred.await(started)
      yield* runs.stop
      const exit = yield* Fiber.await(fiber)
      assert.strictEqual(yield* Deferred.await(released), "interrupted")
      assert.isTrue(Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error._tag === "NoActiveRun")
      // A run that follows at once is another one.
      yield* runs.start({ runId: "same" })
      const second = yield* Effect.fork(runs.within(Effect.never))
      yield* Effect.sleep("10 millis")
      yield* runs.stop
      yield* runs.start({ runId: "same" })
      assert.isTrue(Exit.isFailure(yield* Fiber.await(second).pipe(Effect.timeout("2 minutes"))))
    })
  )

  it.scopedLive("who follows sees each start and stop", () =>
    Effect.gen(function* () {
      const { runs } = yield* life(yield* temporaryDirectory)
      const seen = yield* runs.changes.pipe(Stream.map(idOf), Stream.take(4), Stream.runCollect, Effect.fork)
      yield* Effect.sleep("10 millis")
      yield* runs.start({ runId: "a" })
      yield* runs.stop
      yield* runs.start({ runId: "b" })
      assert.deepStrictEqual([...(yield* Fiber.join(seen))], ["none", "a", "none", "b"])
    })
  )

  it.scopedLive("a start or a stop that the disk refuses changes nothing, and can be asked again", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      let full = false
      const disk: Disk = {
        ...nodeDisk,
        append: (...args) => (full ? Promise.reject(new Error("ENOSPC")) : nodeDisk.append(...args))
      }
      const { runs, store } = yield* life(site, { disk })
      full = true
      assert.strictEqual((yield* Effect.flip(runs.start({})))._tag, "StorageFailed")
      assert.strictEqual(idOf(yield* runs.active), "none")
      assert.deepStrictEqual(
        fs.readdirSync(site).filter((name) => !name.startsWith(".")),
        []
      )
      full = false
      assert.strictEqual((yield* runs.start({})).run_id, "001")
      yield* store.post(body("a", 1))
      full = true
      assert.strictEqual((yield* Effect.flip(runs.stop))._tag, "StorageFailed")
      assert.strictEqual(idOf(yield* runs.active), "001")
      full = false
      assert.strictEqual(JSON.parse(yield* store.post(body("a", 2))).meta.run_id, "001")
      assert.strictEqual((yield* runs.stop).last_seq, 2)
      assert.strictEqual(records(site), 2)
      const again = yield* life(site)
      assert.strictEqual(idOf(yield* again.runs.active), "none")
    })
  )

  it.scopedLive("the disk of a run that is over may be gone at the next start", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const elsewhere = yield* temporaryDirectory
      const first = yield* life(site)
      yield* first.runs.start({ runDir: join(elsewhere, "r") })
      yield* first.store.post(body("a", 1))
      yield* first.runs.stop
      const path = join(elsewhere, "r", "telemetry.ndjson")
      const disk: Disk = {
        ...nodeDisk,
        status: (at) => {
          if (at === path) throw new Error("EIO: i/o error, stat")
          return nodeDisk.status(at)
        }
      }
      const second = yield* life(site, { disk })
      yield* second.runs.start({})
      assert.strictEqual(JSON.parse(yield* second.store.post(body("a", 2))).seq, 2)
    })
  )
})
