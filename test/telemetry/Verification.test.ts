import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { join } from "node:path"
import { HeldDisk } from "../support/HeldDisk.js"
import * as SetClock from "../support/SetClock.js"
import type { Database } from "../../src/database/Database.js"
import { body, open, openAbandoned, siteLines, temporaryDirectory } from "../support/Store.js"

const dayFile = (site: string) => join(site, fs.readdirSync(site).find((name) => name.startsWith("site_")) ?? "")
const many = (from: number, to: number) =>
  Buffer.from(Array.from({ length: to - from }, (_, i) => `{"type":"a","data":"${from + i}"}`).join("\n"))

describe("verify", () => {
  it.scopedLive("finds nothing wrong with a store that is being written, and repairs nothing of it", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const disk = new HeldDisk()
      // Each write takes two steps: in between the file ends in half a line.
      disk.halfway = () => new Promise((resolve) => setTimeout(resolve, 3))
      const store = yield* open(site, { disk, blockBytes: 4_096 })
      const acked: Array<number> = []
      const writer = yield* Effect.forEach(
        Array.from({ length: 60 }, (_, i) => i),
        (i) =>
          Effect.map(store.postLines(Stream.make(many(i * 20, i * 20 + 20))), ({ accepted }) =>
            acked.push(...accepted.map(({ seq }) => seq))
          ),
        { discard: true }
      ).pipe(Effect.fork)
      for (let look = 0; look < 12; look++) {
        yield* Effect.sleep("7 millis")
        const report = yield* store.verify({ repair: look % 2 === 0 })
        assert.deepStrictEqual(report.findings, [], `look ${look}`)
      }
      yield* Fiber.join(writer)
      assert.deepStrictEqual(
        siteLines(site).map((line) => JSON.parse(line).seq as number),
        acked
      )
      assert.deepStrictEqual(
        fs.readdirSync(site).filter((name) => name.includes("torn")),
        []
      )
      const report = yield* store.verify({ repair: false })
      assert.deepStrictEqual([report.findings, report.events], [[], 1_200])
    })
  )

  it.scopedLive("a repair between two writes loses nothing of either", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const disk = new HeldDisk()
      const store = yield* open(site, { disk, blockBytes: 4_096 })
      yield* store.postLines(Stream.make(many(0, 500)))
      const bytes = fs.readFileSync(dayFile(site))
      bytes[1_000] = (bytes[1_000] ?? 0) ^ 0x80
      fs.writeFileSync(dayFile(site), bytes)
      const runtime = yield* Effect.runtime()
      const repairs: Array<Promise<unknown>> = []
      disk.halfway = async () => {
        if (repairs.length === 0) repairs.push(Runtime.runPromise(runtime)(store.verify({ repair: true })))
        await new Promise((resolve) => setTimeout(resolve, 40))
      }
      yield* Effect.forEach([1, 2, 3, 4, 5, 6], () => store.postLines(Stream.make(many(0, 50))))
      yield* Effect.promise(() => Promise.all(repairs))
      const whole = fs.readFileSync(dayFile(site), "utf8").trim().split("\n")
      assert.strictEqual(whole.length, 800)
      assert.strictEqual(JSON.parse(whole[799] ?? "").seq, 800)
      const { findings } = yield* store.verify({ repair: false })
      assert.deepStrictEqual([...new Set(findings.map((finding) => finding.message))], ["a line that is no event"])
    })
  )

  it.scopedLive("checks runs that began and ended in this life, and misses files that are gone", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const time = SetClock.make(Date.UTC(2026, 2, 17, 15))
      const store = yield* open(site).pipe(Effect.withClock(time.clock))
      const record = join(site, ".outpost", "runs.jsonl")
      const path = join(site, "001", "telemetry.ndjson")
      yield* store.post(body("a", 1))
      yield* store.openRun({ runId: "001", path }, record, () => "opened\n")
      for (let i = 0; i < 5; i++) yield* store.post(body("a", i))
      yield* store.closeRun(record, () => "closed\n")
      time.now += 86_400_000
      yield* store.post(body("a", 2))
      assert.deepStrictEqual((yield* store.verify({ repair: false })).files, 3)
      fs.writeFileSync(path, fs.readFileSync(path, "latin1").replace('"data":3', '"data":7'))
      fs.rmSync(join(site, "site_20260317.ndjson"))
      const { findings } = yield* store.verify({ repair: false })
      assert.deepStrictEqual(
        findings.map(({ firstSeq, kind, lastSeq, path }) => [kind, path.slice(site.length), firstSeq, lastSeq]).sort(),
        [
          ["corrupt", "/001/telemetry.ndjson", 1, 5],
          ["missing-file", "/site_20260317.ndjson", 1, 1]
        ]
      )
    })
  )

  it.scopedLive("names file, offset and events of every flipped bit, wherever it is", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const { close, store } = yield* openAbandoned(site, { blockBytes: 4_096 })
      yield* store.postLines(Stream.make(many(0, 400)))
      yield* close
      const path = dayFile(site)
      const sound = fs.readFileSync(path)
      const starts = [0, ...[...sound.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at + 1] : []))]
      const seqAt = (at: number) => starts.filter((start) => start <= at).length
      const again = yield* open(site, { blockBytes: 4_096 })
      for (let k = 0; k < 200; k++) {
        const at = (k * 7_919) % sound.length
        const bytes = Buffer.from(sound)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (k % 8))
        fs.writeFileSync(path, bytes)
        const { findings } = yield* again.verify({ repair: false })
        const [block] = findings
        assert.deepStrictEqual([block?.kind, block?.path], ["corrupt", path], `bit ${k % 8} of byte ${at}`)
        const { firstSeq = 0, lastSeq = 0, length = 0, offset = -1 } = block ?? {}
        assert.isTrue(offset <= at && at < offset + length, `byte ${at}`)
        assert.isTrue(firstSeq <= seqAt(at) && seqAt(at) <= lastSeq, `event ${seqAt(at)}`)
      }
      fs.writeFileSync(path, sound)
      assert.deepStrictEqual((yield* again.verify({ repair: false })).findings, [])
    })
  )

  it.scopedLive("a half-written line that the opening set aside is told, once, with where it is now", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site)
      for (let i = 0; i < 3; i++) yield* first.store.post(body("a", i))
      yield* first.close
      const path = dayFile(site)
      const offset = fs.statSync(path).size
      fs.appendFileSync(path, '{"seq":4,"ts"')
      const store = yield* open(site)
      const aside = join(site, fs.readdirSync(site).find((name) => name.includes(".torn-")) ?? "none")
      assert.deepStrictEqual((yield* store.verify({ repair: false })).findings, [
        {
          kind: "torn",
          path,
          offset,
          length: 13,
          message: `a half-written last line was set aside as ${aside} when the site was opened`,
          repaired: true
        }
      ])
      assert.deepStrictEqual((yield* store.verify({ repair: false })).findings, [])
    })
  )

  it.scopedLive("a file that was cut at a line end between two lives is told, with the events behind", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site, { blockBytes: 4_096 })
      yield* first.store.postLines(Stream.make(many(0, 400)))
      yield* first.close
      const path = dayFile(site)
      const size = fs.statSync(path).size
      const offset = fs.readFileSync(path).indexOf(0x0a, size - 500) + 1
      fs.truncateSync(path, offset)
      const store = yield* open(site, { blockBytes: 4_096 })
      const { findings } = yield* store.verify({ repair: false })
      const [cut] = findings
      assert.deepStrictEqual(
        [findings.length, cut?.kind, cut?.path, cut?.offset, cut?.length, cut?.lastSeq, cut?.repaired],
        [1, "corrupt", path, offset, size - offset, 400, false]
      )
    })
  )

  it.scopedLive("runs to its end where the state can't be saved", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      let full = false
      const filling = (database: Database): Database => ({
        ...database,
        transaction: (work) =>
          full ? Effect.fail(new SqlError({ cause: "disk is full" })) : database.transaction(work)
      })
      const store = yield* open(site, { blockBytes: 4_096, database: filling })
      yield* store.postLines(Stream.make(many(0, 300)))
      full = true
      const report = yield* store.verify({ repair: false })
      assert.deepStrictEqual([report.findings, report.events], [[], 300])
      full = false
    })
  )

  it.scopedLive("where the index was lost: lines that are missing are gaps, and a copied file is damage", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site)
      for (let i = 0; i < 10; i++) yield* first.store.post(body("a", i))
      yield* first.store.post(body("a", 10, { store_permanently: false }))
      yield* first.store.post(body("a", 11))
      assert.deepStrictEqual((yield* first.store.verify({ repair: false })).findings, [])
      yield* first.close
      const path = dayFile(site)
      const lines = siteLines(site)
      const kept = lines.filter((_, index) => index !== 4 && index !== 5)
      fs.writeFileSync(path, kept.map((line) => `${line}\n`).join(""))
      fs.copyFileSync(path, join(site, "site_20990101.ndjson"))
      for (const name of fs.readdirSync(join(site, ".outpost")).filter((name) => name.startsWith("index.sqlite")))
        fs.rmSync(join(site, ".outpost", name))
      const second = yield* openAbandoned(site)
      const offsetOf = (seq: number) => fs.readFileSync(path, "latin1").indexOf(`{"seq":${seq},`)
      const size = fs.statSync(path).size
      const { findings } = yield* second.store.verify({ repair: false })
      assert.deepStrictEqual(
        findings.map((finding) => [finding.kind, finding.path, finding.offset, finding.firstSeq, finding.lastSeq]),
        [
          ["repeat", join(site, "site_20990101.ndjson"), 0, 1, 4],
          ["repeat", join(site, "site_20990101.ndjson"), offsetOf(7), 7, 10],
          ["repeat", join(site, "site_20990101.ndjson"), offsetOf(12), 12, 12],
          ["gap", path, offsetOf(7), 5, 6],
          ["gap", path, offsetOf(12), 11, 11]
        ]
      )
      assert.strictEqual(
        findings.filter(({ kind }) => kind === "repeat").reduce((sum, { length = 0 }) => sum + length, 0),
        size
      )
      assert.include(findings[0]?.message, path)
      const repaired = (yield* second.store.verify({ repair: true })).findings
      assert.isTrue(repaired.every((finding) => !finding.repaired))
      yield* second.close
      // It is known for good that the index can't tell, and what goes without a line from now on is none of it.
      const third = yield* open(site)
      yield* third.post(body("a", 12, { store_permanently: false }))
      yield* third.post(body("a", 13))
      const again = (yield* third.verify({ repair: false })).findings.filter(({ kind }) => kind === "gap")
      assert.deepStrictEqual(
        again.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq]),
        [
          [5, 6],
          [11, 11]
        ]
      )
    })
  )

  it.scopedLive("numbers that stand twice, or out of order, are found", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site)
      for (let i = 0; i < 3; i++) yield* first.store.post(body("a", i))
      const [line = ""] = siteLines(site)
      yield* first.close
      fs.appendFileSync(dayFile(site), `${line}\n`)
      const store = yield* open(site)
      const { findings } = yield* store.verify({ repair: false })
      assert.deepStrictEqual(
        findings.map(({ firstSeq, kind }) => [kind, firstSeq]),
        [["repeat", 1]]
      )
    })
  )
})
