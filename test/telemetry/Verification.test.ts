import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { join } from "node:path"
import { HeldDisk } from "../support/HeldDisk.js"
import * as SetClock from "../support/SetClock.js"
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
