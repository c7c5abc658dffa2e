import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { join } from "node:path"
import { SimulatedDisk } from "../support/SimulatedDisk.js"
import { body, open, openAbandoned, siteLines, temporaryDirectory } from "../support/Store.js"

const parse = (text: string) => JSON.parse(text) as Record<string, any>
const run = (site: string, id: string) => ({ runId: id, path: join(site, id, "telemetry.ndjson") })

describe("TelemetryStore", () => {
  it.scopedLive("acknowledges what stands in the file, in the spelling of the contract", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site)
      const ack = yield* store.post(
        Buffer.from('{"data": {"t": 1.50, "é": [90071992547409931234]}, "meta": {"b":1, "10":2}, "type":"weather"}')
      )
      assert.match(
        ack,
        /^\{"seq":1,"ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","type":"weather","data":\{"t":1\.50,"é":\[90071992547409931234\]\},"meta":\{"b":1,"10":2\}\}$/
      )
      const ts = parse(ack)["ts"] as string
      assert.deepStrictEqual(siteLines(site), [
        `{"seq":1,"ts":"${ts}","stream":"site","type":"weather","data":{"t":1.50,"\\u00e9":[90071992547409931234]},"meta":{"b":1,"10":2}}`
      ])
      assert.strictEqual(yield* store.current, `{"current":{"weather":${ack}}}`)
      assert.strictEqual(Option.getOrNull(yield* store.currentOf("weather")), ack)
      assert.isTrue(Option.isNone(yield* store.currentOf("constructor")))
    })
  )

  it.scopedLive("a refused event leaves no trace and uses no number", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site, { eventBytes: 1_000 })
      for (const bad of [
        "",
        "{}",
        '{"type":"a","data":NaN}',
        '{"type":"a","data":"\\ud800"}',
        `{"type":"a","data":"${"x".repeat(2_000)}"}`
      ]) {
        yield* Effect.flip(store.post(Buffer.from(bad)))
      }
      assert.strictEqual((yield* Effect.flip(store.post(Buffer.from([0x7b, 0xff, 0x7d]))))._tag, "UnreadableBody")
      assert.deepStrictEqual(siteLines(site), [])
      assert.strictEqual(parse(yield* store.post(body("a", null)))["seq"], 1)
    })
  )

  it.scopedLive("numbers, current view and active run survive a crash; exceptions too", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const runs = join(site, ".outpost", "runs.jsonl")
      const first = yield* openAbandoned(site)
      yield* first.store.post(body("a", 1))
      yield* first.store.post(body("b", 2, { make_current: false }))
      yield* first.store.post(body("c", 3, { store_permanently: false }))
      yield* first.store.post(body("b", 4))
      yield* first.store.post(body("b", 5, { make_current: false }))
      yield* first.store.openRun(run(site, "001"), runs, () => "opened\n")
      yield* first.store.post(body("a", 6))
      const second = yield* open(site)
      yield* second.adoptRuns({
        files: [{ path: run(site, "001").path, afterSeq: 0, lastSeq: undefined }],
        active: { ...run(site, "001"), afterSeq: 0 }
      })
      const current = parse(yield* second.current)["current"]
      assert.deepStrictEqual(
        Object.entries<any>(current)
          .map(([type, event]) => [type, event.seq, event.data])
          .sort(),
        [
          ["a", 1, 6],
          ["b", 4, 4],
          ["c", 3, 3]
        ]
      )
      const ack = parse(yield* second.post(body("d", 0)))
      assert.strictEqual(ack["seq"], 2)
      assert.deepStrictEqual(ack["meta"], { run_id: "001" })
      yield* second.closeRun(runs, () => "closed\n")
      assert.strictEqual(parse(yield* second.post(body("d", 0)))["seq"], 6)
      assert.strictEqual(fs.readFileSync(runs, "utf8"), "opened\nclosed\n")
      assert.deepStrictEqual(
        siteLines(site).map((line) => parse(line)["seq"]),
        [1, 2, 4, 5, 6]
      )
    })
  )

  it.scopedLive("sets run_id in its place, or last", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site)
      yield* store.openRun(run(site, 'r"é'), join(site, "runs"), () => "\n")
      const meta = (text: string) =>
        Effect.map(
          store.post(Buffer.from(`{"type":"a","data":0,"meta":${text}}`)),
          (ack) => /"meta":(.*)\}$/.exec(ack)?.[1]
        )
      assert.strictEqual(yield* meta("{}"), '{"run_id":"r\\"é"}')
      assert.strictEqual(yield* meta("{ }"), '{"run_id":"r\\"é"}')
      assert.strictEqual(yield* meta('{"a":{"run_id":1}}'), '{"a":{"run_id":1},"run_id":"r\\"é"}')
      assert.strictEqual(
        yield* meta('{"run_id":{"x":[1]},"z":"\\"run_id\\""}'),
        '{"run_id":"r\\"é","z":"\\"run_id\\""}'
      )
      assert.strictEqual(yield* meta('{"b":1,"\\u0072un_id":5}'), '{"b":1,"run_id":"r\\"é"}')
    })
  )

  it.scopedLive("batches: each line on its own, numbers in order, nothing lost", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site, { eventBytes: 300 })
      const text = `{"type":"a","data":1}\n\nnonsense\n{"type":"b","data":"${"x".repeat(400)}"}\n{"type":"c","data":"é"}`
      const chunks = Array.from(Buffer.from(text)).map((byte) => new Uint8Array([byte]))
      const result = yield* store.postLines(Stream.fromIterable(chunks))
      assert.deepStrictEqual(result.accepted, [
        { line: 1, seq: 1 },
        { line: 5, seq: 2 }
      ])
      assert.deepStrictEqual(
        result.refused.map((r) => [r.line, (r.error as any)._tag]),
        [
          [3, "InvalidInput"],
          [4, "TooLarge"]
        ]
      )
      const array = yield* store.postArray(Buffer.from('[{"type":"a","data":1}, 5, {"type":"b","data":2}]'))
      assert.deepStrictEqual(array.accepted, [
        { line: 1, seq: 3 },
        { line: 3, seq: 4 }
      ])
      assert.strictEqual((yield* Effect.flip(store.postArray(Buffer.from("[1,2]"))))._tag, "InvalidInput")
      assert.strictEqual((yield* Effect.flip(store.postArray(Buffer.from("[1,"))))._tag, "InvalidInput")
      assert.strictEqual((yield* Effect.flip(store.postLines(Stream.make(Buffer.from("x\ny\n")))))._tag, "InvalidInput")
      assert.deepStrictEqual(
        siteLines(site).map((line) => parse(line)["seq"]),
        [1, 2, 3, 4]
      )
    })
  )

  it.scopedLive("finds lines by type, time and number, saved or not, both ways", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site, { blockBytes: 4_096 })
      const lines = Array.from({ length: 1_000 }, (_, i) =>
        JSON.stringify({
          type: i % 100 === 7 ? "rare" : `t${i % 5}`,
          data: i,
          ts: new Date(1_700_000_000_000 + i * 1_000).toISOString()
        })
      )
      yield* store.postLines(Stream.make(Buffer.from(lines.slice(0, 600).join("\n"))))
      yield* store.checkpoint
      yield* store.postLines(Stream.make(Buffer.from(lines.slice(600).join("\n"))))
      const data = (found: ReadonlyArray<{ line: string }>) => found.map((f) => parse(f.line)["data"] as number)
      const all = yield* store.query({ stream: "site" }, { limit: 2_000, descending: false })
      assert.deepStrictEqual(
        data(all.lines),
        Array.from({ length: 1_000 }, (_, i) => i)
      )
      const rare = yield* store.query({ types: ["rare"] }, { limit: 3, descending: true })
      assert.deepStrictEqual(data(rare.lines), [907, 807, 707])
      assert.isTrue(rare.more)
      const rest = yield* store.query({ types: ["rare"] }, { limit: 10, descending: true, cursor: rare.next })
      assert.deepStrictEqual(data(rest.lines), [607, 507, 407, 307, 207, 107, 7])
      const span = yield* store.query(
        { since: 1_700_000_100_000, until: 1_700_000_103_000 },
        { limit: 10, descending: false }
      )
      assert.deepStrictEqual(data(span.lines), [100, 101, 102])
      const paged = yield* store.query({ types: ["t1", "rare"], afterSeq: 590 }, { limit: 10_000, descending: false })
      assert.deepStrictEqual(
        data(paged.lines),
        Array.from({ length: 1_000 }, (_, i) => i).filter((i) => i >= 590 && (i % 100 === 7 || i % 5 === 1))
      )
      assert.deepStrictEqual(yield* store.query({ types: ["never"] }, { limit: 1, descending: false }), {
        lines: [],
        next: {},
        more: false
      })
      const read = yield* Stream.runCollect(store.read({ stream: "site" }, { descending: true }))
      assert.deepStrictEqual(
        data(Chunk.toReadonlyArray(read)),
        Array.from({ length: 1_000 }, (_, i) => 999 - i)
      )
    })
  )

  it.scopedLive("a follower gets every line once, from the log and then live", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site)
      const many = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, i) => `{"type":"n","data":${from + i}}`).join("\n")
      yield* store.postLines(Stream.make(Buffer.from(many(0, 2_500))))
      const fiber = yield* store.tail({}, {}).pipe(Stream.take(5_000), Stream.runCollect, Effect.fork)
      for (let i = 2_500; i < 5_000; i += 100) yield* store.postLines(Stream.make(Buffer.from(many(i, i + 100))))
      const items = Chunk.toReadonlyArray(yield* Fiber.join(fiber))
      assert.deepStrictEqual(
        items.map((item) => parse(item.line)["data"]),
        Array.from({ length: 5_000 }, (_, i) => i)
      )
      assert.deepStrictEqual(items[4_999]?.cursor, { site: 5_000, run: 0 })
    })
  )

  it.scopedLive("lines of the run stream come in order, however many runs and blocks they are in", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site, { blockBytes: 4_096 })
      const runs = join(site, "runs.jsonl")
      for (const [id, events] of [
        ["001", 3],
        ["002", 200],
        ["003", 1],
        ["001", 100]
      ] as const) {
        yield* store.openRun(run(site, id), runs, () => "opened\n")
        const lines = Array.from({ length: events }, () => '{"type":"n","data":0}').join("\n")
        yield* store.postLines(Stream.make(Buffer.from(lines)))
        yield* store.closeRun(runs, () => "closed\n")
      }
      yield* store.checkpoint
      const found = yield* store.query({ stream: "run" }, { limit: 1_000, descending: false })
      assert.deepStrictEqual(
        found.lines.map((line) => line.seq),
        Array.from({ length: 304 }, (_, i) => i + 1)
      )
    })
  )

  it.scopedLive("a day file that is renamed away is made anew; the moved one stays whole", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site)
      yield* store.post(body("a", 1))
      const name = fs.readdirSync(site).find((file) => file.endsWith(".ndjson")) ?? ""
      fs.renameSync(join(site, name), join(site, "moved"))
      yield* store.post(body("a", 2))
      assert.deepStrictEqual(
        siteLines(site).map((line) => parse(line)["seq"]),
        [2]
      )
      assert.strictEqual(fs.readFileSync(join(site, "moved"), "utf8").split("\n").length, 2)
      fs.rmSync(site, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
      assert.strictEqual(parse(yield* store.post(body("a", 3)))["seq"], 3)
    })
  )

  it.scopedLive("a batch the disk refused takes the numbers back: the next event gets them", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const disk = new SimulatedDisk()
      const store = yield* open(site, { disk })
      yield* store.post(body("a", 1))
      let refusals = 1
      disk.fault = (call, path) =>
        call === "sync" && path.includes("site_") && refusals-- > 0 ? { code: "EIO" } : undefined
      const refused = yield* Effect.flip(store.post(body("a", 2)))
      assert.strictEqual(refused._tag, "StorageFailed")
      const next = yield* store
        .post(body("a", 3))
        .pipe(Effect.retry({ times: 50, schedule: Schedule.spaced("20 millis") }))
      assert.strictEqual(parse(next)["seq"], 2)
    })
  )

  it.scopedLive(
    "pages and the current view are bounded in bytes too: long events make short pages, silent types leave",
    () =>
      Effect.gen(function* () {
        const site = yield* temporaryDirectory
        const store = yield* open(site)
        const pad = "x".repeat(1_900_000)
        for (let k = 0; k < 40; k++) yield* store.post(body(`long-${k}`, pad))
        const first = yield* store.query({ stream: "site" }, { limit: 1_000, descending: false })
        assert.isTrue(first.more)
        assert.isBelow(first.lines.length, 12)
        let cursor = first.next
        let seen = first.lines.length
        for (let more: boolean = first.more; more;) {
          const page = yield* store.query({ stream: "site" }, { limit: 1_000, descending: false, cursor })
          seen += page.lines.length
          cursor = page.next
          more = page.more
        }
        assert.strictEqual(seen, 40)
        const current = yield* store.current
        assert.isBelow(current.length, 70_000_000)
        assert.include(current, '"long-39"')
        assert.notInclude(current, '"long-0"')
      })
  )

  it.scopedLive("a torn tail is set aside and the numbering goes on", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site)
      for (let i = 0; i < 5; i++) yield* first.store.post(body("a", i))
      const name = fs.readdirSync(site).find((file) => file.endsWith(".ndjson")) ?? ""
      fs.appendFileSync(join(site, name), '{"seq":6,"ts":"2026')
      const notices: Array<any> = []
      const second = yield* open(site, { notices })
      assert.strictEqual(parse(yield* second.post(body("a", 9)))["seq"], 6)
      assert.deepStrictEqual(
        siteLines(site).map((line) => parse(line)["seq"]),
        [1, 2, 3, 4, 5, 6]
      )
      const aside = fs.readdirSync(site).filter((file) => file.includes(".torn-"))
      assert.strictEqual(aside.length, 1)
      assert.strictEqual(fs.readFileSync(join(site, aside[0] ?? ""), "utf8"), '{"seq":6,"ts":"2026')
      assert.strictEqual(notices[0]?.kind, "torn")
      const { findings } = yield* second.verify({ repair: false })
      assert.deepStrictEqual(
        findings.map(({ kind, repaired }) => [kind, repaired]),
        [["torn", true]]
      )
    })
  )

  it.scopedLive("a flipped bit is found, with file, offset and events", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const store = yield* open(site, { blockBytes: 4_096 })
      yield* store.postLines(
        Stream.make(Buffer.from(Array.from({ length: 200 }, (_, i) => `{"type":"a","data":${i}}`).join("\n")))
      )
      assert.deepStrictEqual(yield* store.verify({ repair: false }), {
        files: 1,
        bytes: (yield* store.figures).bytesWritten,
        events: 200,
        findings: []
      })
      const path = join(site, fs.readdirSync(site).find((file) => file.endsWith(".ndjson")) ?? "")
      const bytes = fs.readFileSync(path)
      bytes[5_000] = (bytes[5_000] ?? 0) ^ 1
      fs.writeFileSync(path, bytes)
      const report = yield* store.verify({ repair: false })
      assert.strictEqual(report.findings[0]?.kind, "corrupt")
      assert.strictEqual(report.findings[0]?.path, path)
      const { length = 0, offset = 0 } = report.findings[0] ?? {}
      assert.isTrue(offset <= 5_000 && 5_000 < offset + length)
      assert.isAbove(report.findings[0]?.firstSeq ?? 0, 1)
    })
  )

  it.scopedLive("a lost index is rebuilt from the files", () =>
    Effect.gen(function* () {
      const site = yield* temporaryDirectory
      const first = yield* openAbandoned(site, { blockBytes: 4_096 })
      yield* first.store.postLines(
        Stream.make(Buffer.from(Array.from({ length: 300 }, (_, i) => `{"type":"t${i % 3}","data":${i}}`).join("\n")))
      )
      yield* first.close
      for (const name of fs.readdirSync(join(site, ".outpost")))
        if (name.startsWith("index")) fs.rmSync(join(site, ".outpost", name))
      const second = yield* open(site)
      assert.strictEqual((yield* second.figures).position.site, 300)
      const found = yield* second.query({ types: ["t1"] }, { limit: 1_000, descending: false })
      assert.strictEqual(found.lines.length, 100)
      assert.strictEqual(parse(yield* second.current)["current"]["t2"]["seq"], 300)
    })
  )
})
