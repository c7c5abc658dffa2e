/** The engine's own ledger: what is acknowledged is on the disk and in the fold, and in the fold of the next opening. */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope, TestClock } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import type { ChunkState } from "../../src/ledger/ChunkState.js"
import * as Ledger from "../../src/ledger/Ledger.js"
import { encode, header } from "../../src/ledger/LedgerCsv.js"
import { columns, type LedgerRow, make } from "../../src/ledger/LedgerRow.js"
import * as Ledgers from "../../src/ledger/Ledgers.js"
import * as LedgerText from "../../src/ledger/LedgerText.js"
import { HeldDisk } from "../support/HeldDisk.js"
import { hasPython, python } from "../support/Python.js"
import { SimulatedDisk } from "../support/SimulatedDisk.js"

const series = "binance/ohlc/BTC-USDT/1h"
const hour = 3_600_000
const epoch = Date.UTC(2026, 0, 1)
const window = (n: number) => ({ start: epoch + n * hour, end: epoch + (n + 1) * hour })
const row = (n: number, status: string, second: number, fields: Partial<LedgerRow> = {}) =>
  make({
    run_id: "r",
    chunk_date_utc: LedgerText.date(window(n).start),
    window_start_utc: LedgerText.edge(window(n).start),
    window_end_utc: LedgerText.edge(window(n).end),
    sensor_id: series,
    started_at_utc: LedgerText.instant(epoch + second * 1000),
    status,
    ...fields
  })

const place = Effect.flatMap(FileSystem.FileSystem, (system) =>
  system.makeTempDirectoryScoped({ prefix: "outpost-ledger-" })
).pipe(Effect.map((directory) => join(directory, "ledgers/x.csv")))

const file = (content: string) =>
  Effect.map(place, (path) => {
    fs.mkdirSync(join(path, ".."), { recursive: true })
    fs.writeFileSync(path, content)
    return path
  })

const all = (ledger: Ledger.LedgerView, name = series): Effect.Effect<ReadonlyArray<ChunkState>> =>
  Effect.map(ledger.chunks(name), (chunks) => [...chunks])

const statuses = (ledger: Ledger.LedgerView) =>
  Effect.map(all(ledger), (chunks) =>
    chunks.map(({ download, process, upload }) =>
      [download, process, upload].map((phase) => phase?.status ?? "-").join(" ")
    )
  )

const check = <E>(name: string, body: Effect.Effect<void, E, NodeContext.NodeContext | Scope.Scope>) =>
  it.scoped(name, () => Effect.provide(body, NodeContext.layer))

describe("a ledger", () => {
  check(
    "writes nothing before its first row; then the file is made, with a header",
    Effect.gen(function* () {
      const path = yield* place
      const ledger = yield* Ledger.make(path)
      assert.deepStrictEqual(yield* ledger.series, [])
      assert.isFalse(fs.existsSync(path))
      yield* ledger.append(row(0, "DOWNLOAD_PENDING", 1))
      assert.strictEqual(fs.readFileSync(path, "utf8"), header + encode(row(0, "DOWNLOAD_PENDING", 1)))
      assert.deepStrictEqual(yield* ledger.series, [series])
    })
  )

  check(
    "keeps the latest row of each phase, attempts and figures; and reads the same again",
    Effect.gen(function* () {
      const path = yield* place
      const ledger = yield* Ledger.make(path)
      yield* ledger.appendAll([
        row(0, "DOWNLOAD_PENDING", 1),
        row(0, "FAILED", 1, { download_seconds: "1.000", error_type: "HTTP 503", error_message: "busy, later" }),
        row(0, "DOWNLOAD_PENDING", 2),
        row(0, "DOWNLOADED", 2, { records_downloaded: "60", csv_path: 'a "b".csv', csv_size_mb: "0.0100" }),
        row(1, "DOWNLOAD_PENDING", 3),
        row(0, "PROCESS_PENDING", 4),
        row(0, "PROCESSED", 4, { cdf_path: "2026.parquet" }),
        row(0, "FAILED", 1, { download_seconds: "9.000" })
      ])
      for (const view of [ledger, yield* Ledger.read(path)]) {
        const [first, second] = yield* all(view)
        assert.deepStrictEqual(first?.download, {
          status: "DOWNLOADED",
          attempts: 2,
          startedAt: "2026-01-01T00:00:02.000000+00:00",
          reason: undefined
        })
        assert.deepStrictEqual([first?.process?.status, first?.upload], ["PROCESSED", undefined])
        assert.deepStrictEqual(
          [first?.figures.csv_path, first?.figures.records_downloaded, first?.cdfPath],
          ['a "b".csv', "60", "2026.parquet"]
        )
        assert.deepStrictEqual(second?.window, window(1))
        assert.deepStrictEqual(yield* view.chunk(series, window(0)), Option.fromNullable(first))
        assert.deepStrictEqual(yield* view.chunk(series, window(7)), Option.none())
        assert.deepStrictEqual(yield* view.chunk("other", window(0)), Option.none())
      }
    })
  )

  check(
    "says why a window failed",
    Effect.gen(function* () {
      const ledger = yield* Ledger.make(yield* place)
      yield* ledger.append(
        row(0, "FAILED", 1, { error_type: "HTTP 503", error_message: "busy, later", download_seconds: "1" })
      )
      const [chunk] = yield* all(ledger)
      assert.deepStrictEqual(chunk?.download?.reason, { type: "HTTP 503", message: "busy, later" })
    })
  )

  check(
    "compares starts that are written in other ways as text",
    Effect.gen(function* () {
      const ledger = yield* Ledger.make(yield* place)
      const at = (started_at_utc: string, status: string) => ledger.append(row(0, status, 0, { started_at_utc }))
      yield* at("2026-01-01T00:00:05.000001+00:00", "DOWNLOAD_PENDING")
      yield* at("2026-01-01T00:00:05+00:00", "DOWNLOADED")
      assert.deepStrictEqual(yield* statuses(ledger), ["DOWNLOAD_PENDING - -"])
      yield* at("2026-01-01T00:00:05Z", "DOWNLOADED")
      yield* at("2026-01-01T00:00:05.9+00:00", "DOWNLOAD_PENDING")
      assert.deepStrictEqual(yield* statuses(ledger), ["DOWNLOADED - -"])
      yield* at("2026-01-01T00:00:06.000000+00:00", "SKIPPED_NO_DATA")
      assert.deepStrictEqual(yield* statuses(ledger), ["SKIPPED_NO_DATA - -"])
    })
  )

  check(
    "passes over rows without window, status or start",
    Effect.gen(function* () {
      const path = yield* file(
        header +
          [
            row(0, "", 1),
            row(0, "odd", 1),
            row(0, "DOWNLOADED", 1, { started_at_utc: "" }),
            row(0, "DOWNLOADED", 1, { window_end_utc: "tomorrow" }),
            row(0, "DOWNLOADED", 1, { window_end_utc: LedgerText.edge(epoch) })
          ]
            .map(encode)
            .join("") +
          "x,2026-01-01\r\n"
      )
      assert.deepStrictEqual(yield* statuses(yield* Ledger.make(path)), [])
    })
  )

  check(
    "a start is later than every one of its window, also where the clock was set back",
    Effect.gen(function* () {
      const ledger = yield* Ledger.make(yield* place)
      yield* TestClock.setTime(epoch + 5_000)
      assert.strictEqual(yield* ledger.startedAt(series, window(0)), "2026-01-01T00:00:05.000000+00:00")
      yield* ledger.append(row(0, "PROCESS_PENDING", 90))
      assert.strictEqual(yield* ledger.startedAt(series, window(0)), "2026-01-01T00:01:30.000001+00:00")
      assert.strictEqual(yield* ledger.startedAt(series, window(1)), "2026-01-01T00:00:05.000000+00:00")
      yield* ledger.append(row(1, "DOWNLOADED", 0, { started_at_utc: "2026-01-01T00:00:07Z" }))
      assert.strictEqual(yield* ledger.startedAt(series, window(1)), "2026-01-01T00:00:07.001000+00:00")
    })
  )

  check(
    "more rows than fit into a commit are all written, in order; one that is too long is refused and nothing is",
    Effect.gen(function* () {
      const path = yield* place
      const ledger = yield* Ledger.make(path)
      const rows = Array.from({ length: 12_000 }, (_, n) => row(n, "DOWNLOAD_PENDING", n))
      yield* ledger.appendAll(rows)
      assert.strictEqual(fs.readFileSync(path, "utf8"), header + rows.map(encode).join(""))
      const long = row(0, "FAILED", 1, { error_message: "x".repeat(Ledger.batchBytes) })
      const failure = yield* Effect.flip(ledger.appendAll([row(1, "FAILED", 1), long]))
      assert.include(failure.message, "a row of")
      assert.strictEqual((yield* all(ledger)).filter(({ download }) => download?.status === "FAILED").length, 0)
    })
  )

  check(
    "a million rows load",
    Effect.gen(function* () {
      const path = yield* file(header)
      const windows = 333_334
      const out = fs.openSync(path, "a")
      let text = ""
      for (let n = 0; n < windows; n++) {
        const [start, end] = [LedgerText.edge(window(n).start), LedgerText.edge(window(n).end)]
        const line = (status: string, figures: string) =>
          `r,${start.slice(0, 10)},${start},${end},${status},${figures},${series},ohlc,parquet,,,${start},,,,,,,\r\n`
        const done = `60,,,0.100,,parts/${n}.part`
        text += line("DOWNLOAD_PENDING", ",,,,,") + line("DOWNLOADED", done) + line("PROCESSED", done)
        if (text.length > 4_000_000 || n === windows - 1) {
          fs.writeSync(out, text)
          text = ""
        }
      }
      fs.closeSync(out)
      const ledger = yield* Ledger.make(path)
      let seen = 0
      for (const { download, figures, process, window: each } of yield* ledger.chunks(series)) {
        if (download?.status !== "DOWNLOADED" || process?.status !== "PROCESSED") break
        if (each.start !== window(seen).start || figures.csv_path !== `parts/${seen}.part`) break
        seen++
      }
      assert.strictEqual(seen, windows)
    })
  )

  if (hasPython)
    check(
      "what is written here loads there, and what is written there loads here",
      Effect.gen(function* () {
        const path = yield* place
        const ledger = yield* Ledger.make(path)
        yield* ledger.appendAll([
          row(0, "DOWNLOAD_PENDING", 1, { error_message: 'a,"b"\r\né' }),
          row(0, "DOWNLOADED", 1, { records_downloaded: "7" })
        ])
        const loaded = python(
          `path, more = data
with open(path, newline="", encoding="utf-8") as fh:
    rows = list(csv.DictReader(fh))
with open(path, "a", newline="", encoding="utf-8") as fh:
    csv.DictWriter(fh, fieldnames=list(more)).writerow(more)
print(json.dumps(rows))`,
          [path, row(1, "SKIPPED_NO_DATA", 2, { error_message: 'no "data"' })]
        )
        assert.deepStrictEqual(loaded[0], row(0, "DOWNLOAD_PENDING", 1, { error_message: 'a,"b"\r\né' }))
        assert.deepStrictEqual(yield* statuses(yield* Ledger.read(path)), ["DOWNLOADED - -", "SKIPPED_NO_DATA - -"])
      })
    )
})

describe("one writer", () => {
  check(
    'udl case "two writers": two who open a path share one ledger, however they spell it; the last one closes it',
    Effect.gen(function* () {
      const path = yield* file("")
      const link = `${path}.link`
      fs.symlinkSync(path, link)
      const ledgers = yield* Ledgers.make()
      const scope = yield* Scope.make()
      const one = yield* Scope.extend(ledgers.open(path), scope)
      const two = yield* ledgers.open(join(path, "../../ledgers/x.csv"))
      const three = yield* ledgers.open(link)
      assert.strictEqual(one, two)
      assert.strictEqual(one, three)
      yield* Effect.all([one.append(row(0, "DOWNLOADED", 1)), two.append(row(1, "DOWNLOADED", 1))], {
        concurrency: "unbounded"
      })
      yield* Scope.close(scope, Exit.void)
      yield* two.append(row(2, "DOWNLOADED", 1))
      assert.strictEqual(fs.readFileSync(path, "utf8").split("\r\n").length, 5)
      assert.lengthOf(yield* all(two), 3)
    })
  )

  check(
    "an opening that failed is tried anew; a ledger that was let go is read anew",
    Effect.gen(function* () {
      const path = yield* file("x;y\n")
      const ledgers = yield* Ledgers.make()
      const failure = yield* Effect.flip(Effect.scoped(ledgers.open(path)))
      assert.strictEqual(failure._tag, "LedgerUnusable")
      fs.writeFileSync(path, header + encode(row(0, "DOWNLOADED", 1)))
      assert.deepStrictEqual(yield* Effect.scoped(Effect.flatMap(ledgers.open(path), statuses)), ["DOWNLOADED - -"])
      fs.appendFileSync(path, encode(row(1, "DOWNLOADED", 1)))
      assert.lengthOf(yield* Effect.scoped(Effect.flatMap(ledgers.open(path), statuses)), 2)
    })
  )

  check(
    "rows that others append meanwhile are kept and folded with the next row, a torn one among them too",
    Effect.gen(function* () {
      const path = yield* place
      const ledger = yield* Ledger.make(path)
      yield* ledger.append(row(0, "DOWNLOADED", 1))
      fs.appendFileSync(path, encode(row(1, "DOWNLOADED", 1)))
      yield* ledger.append(row(2, "DOWNLOADED", 1))
      fs.appendFileSync(path, encode(row(3, "DOWNLOADED", 1)) + 'x,2026-01-01,"open')
      yield* ledger.append(row(4, "DOWNLOADED", 1))
      fs.appendFileSync(path, encode(row(5, "DOWNLOADED", 1)))
      yield* ledger.append(row(6, "DOWNLOADED", 1))
      assert.lengthOf(yield* all(ledger), 7)
      assert.deepStrictEqual(yield* all(yield* Ledger.read(path)), yield* all(ledger))
    })
  )

  check(
    "a file that was replaced is what counts from then on; one that is no ledger any more takes no row",
    Effect.gen(function* () {
      const path = yield* place
      const ledger = yield* Ledger.make(path)
      yield* ledger.append(row(0, "DOWNLOADED", 1))
      fs.writeFileSync(`${path}.edited`, header + encode(row(8, "UPLOADED", 1)))
      fs.renameSync(`${path}.edited`, path)
      yield* ledger.append(row(9, "DOWNLOADED", 1))
      assert.deepStrictEqual(yield* statuses(ledger), ["- - UPLOADED", "DOWNLOADED - -"])
      fs.rmSync(path)
      yield* ledger.append(row(1, "DOWNLOADED", 1))
      assert.strictEqual(fs.readFileSync(path, "utf8"), header + encode(row(1, "DOWNLOADED", 1)))
      assert.lengthOf(yield* all(ledger), 1)
      fs.writeFileSync(`${path}.edited`, "a;b\n")
      fs.renameSync(`${path}.edited`, path)
      for (const n of [2, 3]) {
        const failure = yield* Effect.flip(ledger.append(row(n, "DOWNLOADED", 1)))
        assert.include(failure.message, "no ledger")
      }
      assert.strictEqual(fs.readFileSync(path, "utf8"), "a;b\n")
    })
  )
})

describe("durability", () => {
  check(
    "a row counts when it is on the device, not before; who is interrupted does not un-write it",
    Effect.gen(function* () {
      const disk = new HeldDisk()
      const path = yield* place
      const ledger = yield* Ledger.make(path, disk)
      yield* ledger.append(row(0, "DOWNLOADED", 1))
      disk.hold()
      const fiber = yield* Effect.fork(ledger.append(row(1, "DOWNLOADED", 1)))
      const other = yield* Effect.fork(ledger.append(row(2, "DOWNLOADED", 1)))
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      assert.lengthOf(yield* all(ledger), 1)
      yield* Fiber.interrupt(other)
      disk.release()
      yield* Fiber.join(fiber)
      yield* ledger.append(row(3, "DOWNLOADED", 1))
      assert.lengthOf(yield* all(ledger), 4)
    })
  )

  check(
    "all who wait share a sync",
    Effect.gen(function* () {
      const disk = new HeldDisk()
      const ledger = yield* Ledger.make(yield* place, disk)
      yield* ledger.append(row(0, "DOWNLOADED", 1))
      const before = disk.synced.length
      yield* Effect.forEach(Array.from({ length: 200 }), (_, n) => ledger.append(row(n, "DOWNLOADED", 2)), {
        concurrency: "unbounded"
      })
      assert.isAtMost(disk.synced.length - before, 2)
      assert.lengthOf(yield* all(ledger), 200)
    })
  )

  check(
    "who waits for room can be interrupted, and everyone else gets it",
    Effect.gen(function* () {
      const disk = new HeldDisk()
      const ledger = yield* Ledger.make(yield* place, disk)
      yield* ledger.append(row(0, "DOWNLOADED", 1))
      disk.hold()
      const big = (n: number) => row(n, "FAILED", 1, { error_message: "x".repeat(400_000) })
      const fibers = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], (n) => Effect.fork(ledger.append(big(n))))
      yield* Effect.yieldNow()
      yield* Effect.forEach(fibers.slice(-2), Fiber.interrupt)
      disk.release()
      yield* Effect.forEach(fibers.slice(0, -2), Fiber.join)
      assert.deepStrictEqual(
        (yield* all(ledger)).map(({ window: { start } }) => (start - epoch) / hour).filter((n) => n > 6),
        []
      )
    })
  )

  check(
    "after a failed write or sync nothing of the batch counts, and the next append goes on by itself",
    Effect.gen(function* () {
      for (const call of ["append", "sync", "open", "status"] as const) {
        const disk = new SimulatedDisk()
        const ledger = yield* Ledger.make("/site/x.csv", disk)
        yield* ledger.append(row(0, "DOWNLOADED", 1))
        disk.foreign("/site/x.csv", "")
        disk.fault = (each) => (each === call ? { code: "EIO", written: 40 } : undefined)
        const exit = yield* Effect.exit(ledger.append(row(1, "DOWNLOADED", 1)))
        disk.fault = () => undefined
        if (call === "append" || call === "sync") assert.isTrue(Exit.isFailure(exit), call)
        yield* ledger.append(row(2, "DOWNLOADED", 1))
        const again = yield* Ledger.read("/site/x.csv", disk)
        assert.deepStrictEqual(yield* all(again), yield* all(ledger), call)
        if (Exit.isFailure(exit)) assert.lengthOf(yield* all(ledger), 2, call)
        assert.strictEqual(disk.text("/site/x.csv").split(header).length, 2)
      }
    })
  )

  check(
    "a first append whose header could not be written is made up for by the next",
    Effect.gen(function* () {
      for (const written of [0, 5, header.length - 1, header.length]) {
        const disk = new SimulatedDisk()
        const ledger = yield* Ledger.make("/site/x.csv", disk)
        disk.fault = (call) => (call === "append" ? { code: "ENOSPC", written } : undefined)
        yield* Effect.flip(ledger.append(row(0, "DOWNLOADED", 1)))
        disk.fault = () => undefined
        yield* ledger.append(row(1, "DOWNLOADED", 1))
        assert.strictEqual(disk.text("/site/x.csv"), header + encode(row(1, "DOWNLOADED", 1)), String(written))
      }
    })
  )

  check(
    "a file cut at every byte of its last two rows: the whole rows stay, the cut one is filled up, the next one survives",
    Effect.gen(function* () {
      const rows = [
        row(0, "DOWNLOADED", 1),
        row(1, "FAILED", 2, { download_seconds: "1.000", error_message: 'é "x",\r\n漢' }),
        row(2, "PROCESSED", 3, { cdf_path: "a,b" })
      ].map((each) => Buffer.from(encode(each)))
      const whole = Buffer.concat([Buffer.from(header), ...rows])
      const from = whole.length - (rows[1]?.length ?? 0) - (rows[2]?.length ?? 0)
      for (let cut = from; cut <= whole.length; cut++) {
        const disk = new SimulatedDisk()
        const handle = yield* Effect.promise(() => disk.open("/x.csv"))
        yield* Effect.promise(() => disk.append(handle, whole, 0, cut))
        const ledger = yield* Ledger.make("/x.csv", disk)
        yield* ledger.append(row(9, "UPLOADED", 9))
        const lines = Buffer.from(disk.text("/x.csv"), "latin1")
        assert.isTrue(lines.subarray(0, cut).equals(whole.subarray(0, cut)), `${cut}`)
        const found = yield* all(yield* Ledger.read("/x.csv", disk))
        assert.deepStrictEqual(found, yield* all(ledger), `cut at ${cut}`)
        assert.strictEqual(found.at(-1)?.upload?.status, "UPLOADED", `cut at ${cut}`)
        assert.strictEqual(found[0]?.download?.status, "DOWNLOADED")
        if (cut >= from + (rows[1]?.length ?? 0)) assert.strictEqual(found[1]?.download?.status, "FAILED", `${cut}`)
        if (cut < whole.length) assert.deepStrictEqual(disk.paths(), ["/x.csv"])
      }
    })
  )

  if (hasPython)
    check(
      "no reader that takes a missing field for an error stops at a row that was cut and ended",
      Effect.gen(function* () {
        const whole = header + encode(row(0, "FAILED", 1, { error_message: "a,b" }))
        const texts: Array<string> = []
        for (let cut = header.length; cut <= whole.length; cut++) {
          const disk = new SimulatedDisk()
          disk.foreign("/x.csv", whole.slice(0, cut))
          yield* Effect.flatMap(Ledger.make("/x.csv", disk), (ledger) => ledger.append(row(9, "UPLOADED", 9)))
          texts.push(disk.text("/x.csv"))
        }
        const lengths = python(
          `print(json.dumps(sorted({len(r) for t in data for r in csv.reader(io.StringIO(t, newline=""))})))`,
          texts
        )
        assert.deepStrictEqual(lengths, [24])
      })
    )
})

describe("other columns", () => {
  const old = (content: string) =>
    Effect.gen(function* () {
      const path = yield* file(content)
      const ledger = yield* Ledger.make(path)
      const beside = fs.readdirSync(join(path, "..")).filter((name) => name !== "x.csv")
      return { path, ledger, beside }
    })

  check(
    'udl case "old 18-column header, new rows of 24": all rows are kept under the 24, the old file beside',
    Effect.gen(function* () {
      const before = encode(row(0, "DOWNLOADED", 1))
        .split(",")
        .slice(0, 18)
        .join(",")
      const content = `${columns.slice(0, 18).join(",")}\r\n${before}\r\n${encode(row(0, "PROCESSED", 2, { cdf_path: "a.cdf" }))}`
      const { beside, ledger, path } = yield* old(content)
      assert.deepStrictEqual(yield* statuses(ledger), ["DOWNLOADED PROCESSED -"])
      assert.strictEqual((yield* all(ledger))[0]?.cdfPath, "a.cdf")
      assert.strictEqual(
        fs.readFileSync(path, "utf8"),
        header + encode(row(0, "DOWNLOADED", 1)) + encode(row(0, "PROCESSED", 2, { cdf_path: "a.cdf" }))
      )
      assert.lengthOf(beside, 1)
      assert.strictEqual(fs.readFileSync(join(path, "..", beside[0] ?? ""), "utf8"), content)
      yield* ledger.append(row(1, "DOWNLOADED", 1))
      assert.lengthOf(yield* all(yield* Ledger.read(path)), 2)
    })
  )

  check(
    "columns in another order, more of them, or no header at all",
    Effect.gen(function* () {
      const shuffled = ["extra", ...columns.toReversed()]
      const values = { ...row(0, "UPLOADED", 1, { s3_key: "k" }), extra: "x" } as Record<string, string>
      const reordered = `${shuffled.join(",")}\n${shuffled.map((name) => values[name]).join(",")}\n`
      for (const content of [reordered, encode(row(0, "UPLOADED", 1, { s3_key: "k" }))]) {
        const { beside, ledger, path } = yield* old(content)
        assert.strictEqual(fs.readFileSync(path, "utf8"), header + encode(row(0, "UPLOADED", 1, { s3_key: "k" })))
        assert.deepStrictEqual(yield* statuses(ledger), ["- - UPLOADED"])
        assert.lengthOf(beside, 1)
      }
    })
  )

  check(
    "a header like ours is left alone: with a BOM, behind blank lines, without a line end, cut",
    Effect.gen(function* () {
      for (const content of [`\ufeff${header}`, `\r\n${header}`, header.trim(), header.slice(0, 99), "", "\n"]) {
        const { beside, ledger, path } = yield* old(content)
        assert.deepStrictEqual(beside, [], JSON.stringify(content))
        yield* ledger.append(row(0, "UPLOADED", 1))
        assert.isTrue(fs.readFileSync(path, "utf8").startsWith(content))
        assert.deepStrictEqual(yield* statuses(yield* Ledger.read(path)), ["- - UPLOADED"], JSON.stringify(content))
      }
    })
  )

  check(
    'udl case "UTF-16 file": the engine refuses it and touches nothing, as every file that is no ledger',
    Effect.gen(function* () {
      for (const content of [
        '"run_id","chunk_da',
        "a,b,c\n1,2,3\n",
        `${header}`.replaceAll(",", ";"),
        `\ufeff${header}`
      ]) {
        const path = yield* file("")
        const bytes = content.startsWith("\ufeff") ? Buffer.from(content, "utf16le") : Buffer.from(content)
        fs.writeFileSync(path, bytes)
        for (const opening of [Ledger.make(path), Ledger.read(path)]) {
          const failure = yield* Effect.flip(opening)
          assert.strictEqual(failure._tag, "LedgerUnusable")
        }
        assert.isTrue(fs.readFileSync(path).equals(bytes))
        assert.lengthOf(fs.readdirSync(join(path, "..")), 1)
      }
      const directory = yield* Effect.flip(Ledger.make(join(yield* file(""), "..")))
      assert.include(directory.message, "not a regular file")
    })
  )

  check(
    "a look at an old file changes nothing",
    Effect.gen(function* () {
      const content = `${columns.slice(0, 18).join(",")}\r\n${encode(row(0, "PROCESSED", 2))}`
      const path = yield* file(content)
      assert.deepStrictEqual(yield* statuses(yield* Ledger.read(path)), ["- PROCESSED -"])
      assert.strictEqual(fs.readFileSync(path, "utf8"), content)
      assert.lengthOf(fs.readdirSync(join(path, "..")), 1)
      assert.deepStrictEqual(yield* (yield* Ledger.read(`${path}-`)).series, [])
    })
  )
})
