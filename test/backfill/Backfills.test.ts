import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { join } from "node:path"
import { ChunkBooks } from "../../src/backfill/ChunkBook.js"
import * as CoverageReport from "../../src/backfill/CoverageReport.js"
import type { TimeRange } from "../../src/domain/TimeRange.js"
import { Series } from "../../src/domain/Series.js"
import { Outgoing } from "../../src/outgoing/Outgoing.js"
import { HttpHistory } from "../../src/plugins/history/HttpHistory.js"
import { Secrets } from "../../src/site/Secrets.js"
import { job, open } from "../support/BackfillSite.js"
import { ScriptedHistory } from "../support/ScriptedHistory.js"
import * as SecretsDouble from "../support/SecretsDouble.js"
import { temporaryDirectory } from "../support/Store.js"

const series = Series.make({ source: "scripted", type: "ohlc", pair: "BTC-USDT", span: 60 })
const minute = 60_000
const ten = 10 * minute
const begin = Date.parse("2026-01-01T00:00:00Z")
const end = Date.parse("2026-01-01T10:00:00Z")
/** Ten hours in pages of ten minutes. */
const windows = 60

/** A life that ends as a crash leaves it: its scope is closed without anyone having said why. */
const life = (directory: string, history: ScriptedHistory, jobs = [job()]) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const site = yield* open(directory, [history.history], jobs).pipe(Scope.extend(scope))
    return { ...site, close: Scope.close(scope, Exit.void) }
  })

const rowTimes = (site: Effect.Effect.Success<ReturnType<typeof open>>) =>
  Effect.map(Stream.runCollect(site.dataset.read({ series })), (rows) =>
    [...rows].map(({ TS }) => Number(BigInt(String(TS)) / 1_000_000n))
  )

const minutes = (ranges: ReadonlyArray<TimeRange>) =>
  ranges.flatMap(({ end, start }) => Array.from({ length: (end - start) / minute }, (_, k) => start + k * minute))

const whole = minutes([{ start: begin, end }])

/** No window was asked for twice. */
const assertOnce = (asked: ReadonlyArray<TimeRange>) =>
  assert.strictEqual(new Set(asked.map(({ start }) => start)).size, asked.length)

const ledgerText = (directory: string) => fs.readFileSync(join(directory, "ledgers", `${series.slug}.csv`), "utf8")

describe("Backfills", () => {
  it.scopedLive("fetches every window once, with bounded concurrency, and ends complete", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const history = new ScriptedHistory(undefined, { answerAfter: 20 })
      const site = yield* open(directory, [history.history], [job()])
      const record = yield* Effect.flatMap(site.backfills.start({}), ({ id }) => site.backfills.await(id))
      assert.deepInclude({ ...record }, { status: "done", complete: true, failed: 0, rows: 600, error: null })
      assert.deepStrictEqual(record.progress, { "BTC/USDT": { done: windows, total: windows } })
      assert.deepStrictEqual(yield* rowTimes(site), whole)
      assert.strictEqual(history.asked.length, windows)
      assertOnce(history.asked)
      assert.strictEqual(history.mostAtOnce, 4)
      const parts = fs.readdirSync(join(directory, "parts"), { recursive: true, withFileTypes: true })
      assert.deepStrictEqual(
        parts.filter((entry) => entry.isFile()).map(({ name }) => name),
        []
      )
      const again = yield* Effect.flatMap(site.backfills.start({}), ({ id }) => site.backfills.await(id))
      assert.deepInclude({ ...again }, { status: "done", complete: true, rows: 0 })
      assert.strictEqual(history.asked.length, windows)
      assert.include(again.log.join("\n"), "already up to date")
    })
  )

  it.scopedLive("windows without rows are confirmed empty and not asked for again", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const history = new ScriptedHistory(({ start }) => ((start / ten) % 3 === 0 ? "none" : "rows"))
      const site = yield* open(directory, [history.history], [job()])
      const record = yield* Effect.flatMap(site.backfills.start({}), ({ id }) => site.backfills.await(id))
      assert.strictEqual(record.series[0]?.empty, 20)
      assert.strictEqual(record.complete, true)
      yield* Effect.flatMap(site.backfills.start({ retry_failed: true }), ({ id }) => site.backfills.await(id))
      assert.strictEqual(history.asked.length, windows)
      const book = yield* site.books.open(series, { ledger: Option.none(), runId: "" })
      const { empty, fetched } = yield* book.coverage
      assert.deepStrictEqual([minutes(empty).length, minutes(fetched).length], [200, 400])
    })
  )

  it.scopedLive("a window whose rows can't be read is failed, not confirmed empty", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      let mended = false
      const history = new ScriptedHistory(({ start }) => (!mended && start === begin ? "unreadable" : "rows"))
      const site = yield* open(directory, [history.history], [job()])
      const record = yield* Effect.flatMap(site.backfills.start({}), ({ id }) => site.backfills.await(id))
      assert.deepInclude({ ...record }, { complete: false, failed: 1 })
      assert.include(ledgerText(directory), "none of the 10 rows of the answer could be read")
      mended = true
      const again = yield* Effect.flatMap(site.backfills.start({ retry_failed: true }), ({ id }) =>
        site.backfills.await(id)
      )
      assert.deepInclude({ ...again }, { complete: true, failed: 0 })
      assert.deepStrictEqual(yield* rowTimes(site), whole)
    })
  )

  it.scopedLive("dccd weak point 4: a window that fails is in the record with its reason, and retried when asked", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      let mended = false
      const history = new ScriptedHistory(({ start }) =>
        !mended && start === begin + 5 * ten ? { fail: "Malformed" } : "rows"
      )
      const site = yield* open(directory, [history.history], [job()])
      const record = yield* Effect.flatMap(site.backfills.start({}), ({ id }) => site.backfills.await(id))
      assert.deepInclude({ ...record }, { status: "done", complete: false, failed: 1 })
      assert.strictEqual(history.asked.filter(({ start }) => start === begin + 5 * ten).length, 3)
      assert.include(record.log.join("\n"), "attempt 1/3 failed: scripted Malformed, retrying in")
      const { chunks } = yield* Effect.map(
        site.books.open(series, { ledger: Option.none(), runId: "" }),
        (book) => book
      ).pipe(
        Effect.flatMap((book) => book.chunks({ from: -Infinity, to: Infinity, limit: 100, status: "FAILED" })),
        Effect.map((chunks) => ({ chunks }))
      )
      assert.deepInclude(chunks[0] ?? {}, { start: begin + 5 * ten, attempts: 3, error_type: "Malformed" })

      // Without being asked to, it is left alone.
      const before = history.asked.length
      const left = yield* Effect.flatMap(site.backfills.start({}), ({ id }) => site.backfills.await(id))
      assert.strictEqual(history.asked.length, before)
      assert.strictEqual(left.status, "done")
      mended = true
      const healed = yield* Effect.flatMap(site.backfills.retryFailed(record.id), ({ id }) => site.backfills.await(id))
      assert.deepInclude({ ...healed }, { status: "done", complete: true, rows: 10 })
      assert.strictEqual(history.asked.length, before + 1)
      assert.deepStrictEqual(yield* rowTimes(site), whole)
    })
  )

  it.scopedLive("dccd weak point 13: told to wait, it waits, and the attempts are not used up", () =>
    Effect.gen(function* () {
      const history = new ScriptedHistory((_, attempt) =>
        attempt < 6 ? { fail: "RetryAfter", retryAfter: 5 } : "rows"
      )
      const one = job({ end: Option.some("2026-01-01 00:10") })
      const site = yield* open(yield* temporaryDirectory, [history.history], [one])
      const record = yield* Effect.flatMap(site.backfills.start({}), ({ id }) => site.backfills.await(id))
      assert.deepInclude({ ...record }, { status: "done", complete: true, rows: 10 })
      assert.strictEqual(history.asked.length, 6)
    })
  )

  it.scopedLive(
    "dccd weak point 13: a server that says later is waited for by those who ask it, and by no others",
    () =>
      Effect.gen(function* () {
        const refused = yield* Deferred.make<void>()
        const answer = (status: number, headers: Readonly<Record<string, string>>) => ({
          status,
          headers,
          body: Buffer.from("[]")
        })
        const outgoing = Outgoing.of({
          send: ({ url }) =>
            url.startsWith("https://busy.example/")
              ? Effect.as(Deferred.succeed(refused, undefined), answer(429, { "retry-after": "3600" }))
              : Effect.succeed(answer(200, {}))
        })
        const of = (name: string) =>
          job({
            name,
            source: "http",
            pairs: [name],
            span: Option.none(),
            settings: { url: `https://${name}.example/{pair}`, columns: { v: "v" } }
          })
        const jobs = [of("busy"), of("idle"), { ...of("busy"), name: "beside", pairs: ["beside"] }]
        const prepare = (settings: unknown) =>
          Effect.provideService(HttpHistory.prepare(settings), Secrets, SecretsDouble.make())
        const history = { ...HttpHistory, prepare }
        const { backfills } = yield* open(yield* temporaryDirectory, [history], jobs, Layer.succeed(Outgoing, outgoing))
        yield* backfills.start({ jobs: ["busy"] })
        yield* Deferred.await(refused)
        const { id } = yield* backfills.start({ jobs: ["idle"] })
        assert.deepInclude({ ...(yield* backfills.await(id)) }, { status: "done", complete: true })
        const beside = yield* backfills.start({ jobs: ["beside"] })
        assert.isTrue(Option.isNone(yield* Effect.timeoutOption(backfills.await(beside.id), "300 millis")))
      })
  )

  it.scopedLive("a source that fails everything is given up without three tries for each window", () =>
    Effect.gen(function* () {
      const history = new ScriptedHistory(() => ({ fail: "Disconnected" }))
      const many = job({ end: Option.some("2026-01-04"), retryDelay: job().retryDelay, concurrency: 16 })
      const site = yield* open(yield* temporaryDirectory, [history.history], [many])
      const record = yield* Effect.flatMap(site.backfills.start({}), ({ id }) => site.backfills.await(id))
      const total = 3 * 24 * 6
      assert.deepInclude({ ...record }, { status: "done", complete: false, failed: total })
      assert.isAtMost(history.asked.length, total + 100)
    })
  )

  it.scopedLive(
    "dccd weak point 9: cut off anywhere, it is interrupted in the next life and goes on from the ledger",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const first = new ScriptedHistory((window) => (window.start === begin + 20 * ten ? "hang" : "rows"))
        const one = yield* life(directory, first)
        const { id } = yield* one.backfills.start({})
        yield* Deferred.await(first.hanging)
        yield* one.close
        assert.strictEqual(first.aborted, 1)
        assert.include(ledgerText(directory), "Interrupted")

        const second = new ScriptedHistory()
        const two = yield* life(directory, second)
        assert.strictEqual((yield* two.backfills.get(id)).status, "interrupted")
        const [resumed] = yield* two.backfills.resumeInterrupted
        assert.strictEqual(resumed?.id, id)
        const record = yield* two.backfills.await(id)
        assert.deepInclude({ ...record }, { status: "done", complete: true })
        assert.deepStrictEqual(record.progress, { "BTC/USDT": { done: windows, total: windows } })
        assert.deepStrictEqual(yield* rowTimes(two), whole)
        // Asked twice are at most those that were under way.
        const asked = [...first.asked, ...second.asked]
        assert.isAtMost(asked.length - new Set(asked.map(({ start }) => start)).size, 4)
        yield* two.close
      })
  )

  it.scopedLive("rows that were lost between two lives are fetched again, and counted once", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const first = new ScriptedHistory((window) => (window.start === begin + 20 * ten ? "hang" : "rows"))
      const one = yield* life(directory, first, [job({ concurrency: 1 })])
      const { id } = yield* one.backfills.start({})
      yield* Deferred.await(first.hanging)
      while ((yield* one.backfills.get(id)).rows < 200) yield* Effect.sleep("5 millis")
      yield* one.close
      fs.rmSync(join(directory, "parts"), { recursive: true })

      const second = new ScriptedHistory()
      const two = yield* life(directory, second)
      yield* two.backfills.resume(id)
      const record = yield* two.backfills.await(id)
      assert.strictEqual(second.asked.length, windows)
      assert.deepInclude({ ...record }, { status: "done", complete: true, rows: 600 })
      assert.deepInclude({ ...record.series[0] }, { fetched: windows, empty: 0, done: windows, total: windows })
      assert.deepStrictEqual(yield* rowTimes(two), whole)
      yield* two.close
    })
  )

  it.scopedLive("a window that waits for its next attempt at the end of a life is not given up", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const waiting = job({ end: Option.some("2026-01-01 00:10"), retryDelay: Duration.hours(1) })
      const first = new ScriptedHistory(() => ({ fail: "Disconnected" }))
      const one = yield* life(directory, first, [waiting])
      const { id } = yield* one.backfills.start({})
      while (!(yield* one.backfills.get(id)).log.some((line) => line.includes("retrying in"))) {
        yield* Effect.sleep("10 millis")
      }
      yield* one.close
      const second = new ScriptedHistory()
      const two = yield* life(directory, second, [waiting])
      yield* two.backfills.resumeInterrupted
      assert.deepInclude({ ...(yield* two.backfills.await(id)) }, { status: "done", complete: true, rows: 10 })
      yield* two.close
    })
  )

  it.scopedLive("one that was cancelled goes on only where it is asked for by its id", () =>
    Effect.gen(function* () {
      const history = new ScriptedHistory((_, attempt) => (attempt === 1 ? "hang" : "rows"))
      const site = yield* open(yield* temporaryDirectory, [history.history], [job({ concurrency: 1 })])
      const { id } = yield* site.backfills.start({})
      yield* Deferred.await(history.hanging)
      yield* site.backfills.cancel(id)
      yield* site.backfills.await(id)
      assert.deepStrictEqual(yield* site.backfills.resumeInterrupted, [])
      assert.deepStrictEqual(yield* site.backfills.resumeUnfinished, [])
      assert.strictEqual((yield* site.backfills.resume(id)).status, "running")
      yield* site.backfills.cancel(id)
    })
  )

  it.scopedLive("cancelling aborts the request under way, keeps what is fetched, and stays cancelled", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const history = new ScriptedHistory((window) => (window.start >= begin + 20 * ten ? "hang" : "rows"))
      const site = yield* open(directory, [history.history], [job({ concurrency: 1 })])
      const { id } = yield* site.backfills.start({})
      yield* Deferred.await(history.hanging)
      assert.isTrue(yield* site.backfills.cancel(id))
      const record = yield* site.backfills.await(id)
      assert.strictEqual(record.status, "cancelled")
      assert.deepStrictEqual(
        record.series.map(({ state }) => state),
        ["waiting"]
      )
      assert.strictEqual(history.aborted, 1)
      assert.deepStrictEqual(yield* rowTimes(site), minutes([{ start: begin, end: begin + 20 * ten }]))
      assert.isFalse(yield* site.backfills.cancel(id))
      assert.strictEqual((yield* site.backfills.get(id)).status, "cancelled")
      const error = yield* Effect.flip(site.backfills.cancel("none"))
      assert.strictEqual(error._tag, "BackfillNotFound")
    })
  )

  it.scopedLive("a pause lasts over a restart, and resume goes on where it was", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const first = new ScriptedHistory((window) => (window.start >= begin + 30 * ten ? "hang" : "rows"))
      const one = yield* life(directory, first)
      const { id } = yield* one.backfills.start({})
      yield* Deferred.await(first.hanging)
      assert.strictEqual((yield* one.backfills.pause(id)).status, "paused")
      const busy = yield* Effect.flip(one.backfills.pause(id))
      assert.strictEqual(busy._tag, "BackfillBusy")
      yield* one.close
      const second = new ScriptedHistory()
      const two = yield* life(directory, second)
      assert.strictEqual((yield* two.backfills.get(id)).status, "paused")
      // As the daemon tells it, also of one that this life has not begun.
      assert.deepStrictEqual((yield* two.backfills.get(id)).progress, { "BTC/USDT": { done: 30, total: windows } })
      assert.deepStrictEqual(yield* two.backfills.resumeInterrupted, [])
      yield* two.backfills.resume(id)
      assert.strictEqual((yield* two.backfills.await(id)).complete, true)
      assert.deepStrictEqual(yield* rowTimes(two), whole)
      // What was under way at the pause is asked for again.
      assert.isAtMost(second.asked.length, 30 + 4)
      yield* two.close
    })
  )

  it.scopedLive(
    "dccd weak point 12: a request for series that are being fetched is the backfill that fetches them",
    () =>
      Effect.gen(function* () {
        const history = new ScriptedHistory(() => "hang")
        const site = yield* open(yield* temporaryDirectory, [history.history], [job()])
        const first = yield* site.backfills.start({})
        yield* Deferred.await(history.hanging)
        assert.strictEqual((yield* site.backfills.start({})).id, first.id)
        yield* site.backfills.cancel(first.id)
        yield* site.backfills.await(first.id)
        assert.notStrictEqual((yield* site.backfills.start({})).id, first.id)
      })
  )

  it.scopedLive("what asks for more than the one under way, or after it was cancelled, is a backfill of its own", () =>
    Effect.gen(function* () {
      const history = new ScriptedHistory(() => "hang")
      const { backfills } = yield* open(yield* temporaryDirectory, [history.history], [job()])
      const narrow = yield* backfills.start({ limit: 1 })
      yield* Deferred.await(history.hanging)
      assert.strictEqual((yield* backfills.start({ limit: 1 })).id, narrow.id)
      const whole = yield* backfills.start({})
      assert.notStrictEqual(whole.id, narrow.id)
      assert.strictEqual((yield* backfills.start({ collect: true })).id, whole.id)
      assert.notStrictEqual((yield* backfills.start({ retry_failed: true })).id, whole.id)
      yield* backfills.cancel(narrow.id)
      assert.notStrictEqual((yield* backfills.start({ limit: 1 })).id, narrow.id)
    })
  )

  it.scopedLive("a start is carried out also where whoever asked is gone before the answer", () =>
    Effect.gen(function* () {
      const history = new ScriptedHistory()
      const { backfills } = yield* open(yield* temporaryDirectory, [history.history], [job()])
      const asking = yield* Effect.fork(backfills.start({}))
      const isThere = Effect.zipLeft(backfills.list, Effect.yieldNow())
      const [record] = yield* Effect.repeat(isThere, { until: (list) => list.length > 0 })
      yield* Fiber.interrupt(asking)
      assert.strictEqual((yield* backfills.await(record?.id ?? "")).complete, true)
      assert.deepInclude({ ...(yield* backfills.get(record?.id ?? "")) }, { status: "done", rows: 600 })
    })
  )

  it.scopedLive("one that is being cancelled is not paused any more", () =>
    Effect.gen(function* () {
      const history = new ScriptedHistory(() => "hang")
      const { backfills } = yield* open(yield* temporaryDirectory, [history.history], [job()])
      const { id } = yield* backfills.start({})
      yield* Deferred.await(history.hanging)
      assert.isTrue(yield* backfills.cancel(id))
      assert.strictEqual((yield* Effect.flip(backfills.pause(id)))._tag, "BackfillBusy")
      assert.strictEqual((yield* backfills.await(id)).status, "cancelled")
    })
  )

  it.scopedLive("another start and another window size fetch only what is missing", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const history = new ScriptedHistory()
      const site = yield* open(directory, [history.history], [job()])
      const run = (request: Parameters<typeof site.backfills.start>[0]) =>
        Effect.flatMap(site.backfills.start(request), ({ id }) => site.backfills.await(id))
      yield* run({ start: "2026-01-01 02:00", end: "2026-01-01 03:00" })
      yield* run({ start: "2026-01-01 05:05", end: "2026-01-01 05:25" })
      assert.strictEqual(history.asked.length, 6 + 2)
      yield* run({ window: "25m" })
      assert.deepStrictEqual(
        minutes(history.asked).sort((a, b) => a - b),
        whole
      )
      assert.deepStrictEqual(yield* rowTimes(site), whole)
    })
  )

  it.scopedLive("a plan says what would be done, and does nothing", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const history = new ScriptedHistory()
      const site = yield* open(directory, [history.history], [job()])
      const [plan] = yield* site.backfills.plan({ limit: 7 })
      assert.deepInclude(plan ?? {}, { series: series.key, windows: 7, missing: end - begin, first: begin, last: end })
      assert.strictEqual(history.asked.length, 0)
      const limited = yield* Effect.flatMap(site.backfills.start({ limit: 7 }), ({ id }) => site.backfills.await(id))
      assert.deepStrictEqual(limited.progress, { "BTC/USDT": { done: 7, total: 7 } })
      assert.strictEqual(history.asked.length, 7)
    })
  )

  it.scopedLive("a start where nothing is missing leaves no record", () =>
    Effect.gen(function* () {
      const history = new ScriptedHistory()
      const site = yield* open(yield* temporaryDirectory, [history.history], [job()])
      const started = Option.getOrThrow(yield* site.backfills.startMissing({}))
      assert.strictEqual((yield* site.backfills.await(started.id)).complete, true)
      assert.isTrue(Option.isNone(yield* site.backfills.startMissing({})))
      assert.deepStrictEqual(
        (yield* site.backfills.list).map(({ id }) => id),
        [started.id]
      )
    })
  )

  it.scopedLive("windows are told page by page, whatever the series are called", () =>
    Effect.gen(function* () {
      const jobs = [job({ pairs: ["A@B", "BTC/USDT"], window: Option.some(Duration.hours(4)) })]
      const site = yield* open(yield* temporaryDirectory, [new ScriptedHistory().history], jobs)
      const record = yield* Effect.flatMap(site.backfills.start({}), ({ id }) => site.backfills.await(id))
      const catalogue = yield* site.catalogue
      const found: Array<string> = []
      for (let after: string | undefined, pages = 0; pages < 9; pages++) {
        const page = yield* Effect.provideService(
          CoverageReport.chunks(record, { after, limit: 2 }, catalogue),
          ChunkBooks,
          site.books
        )
        found.push(...page.chunks.map(({ series, start }) => `${series} ${(start - begin) / (60 * minute)}`))
        if (page.next === null) break
        after = page.next
      }
      const of = (pair: string) => [0, 4, 8].map((hour) => `scripted/ohlc/${pair}/1m ${hour}`)
      assert.deepStrictEqual(found, [...of("A@B"), ...of("BTC-USDT")])
    })
  )

  it.scopedLive("what can't be done is said before any work", () =>
    Effect.gen(function* () {
      const history = new ScriptedHistory()
      const jobs = [
        job({ type: "trades", span: Option.none(), name: "trades" }),
        job({ source: "nobody", name: "lost" })
      ]
      const site = yield* open(yield* temporaryDirectory, [history.history], jobs)
      const refused = yield* Effect.flip(site.backfills.start({ jobs: ["trades"] }))
      assert.deepInclude(refused, { _tag: "BackfillRefused", reason: "has ohlc only" })
      const unknown = yield* Effect.flip(site.backfills.start({ jobs: ["lost"] }))
      assert.include(unknown.message, "there are scripted")
      assert.strictEqual((yield* Effect.flip(site.backfills.start({ exchange: "kraken" })))._tag, "NoMatchingJob")
      const start = yield* Effect.flip(site.backfills.start({ start: "yesterday noon" }))
      assert.deepInclude(start, { _tag: "BackfillRefused", field: "start" })
      assert.deepStrictEqual(yield* site.backfills.list, [])
    })
  )

  it.scopedLive("a series that has files and no ledger is not fetched again", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const first = yield* life(directory, new ScriptedHistory())
      yield* Effect.flatMap(first.backfills.start({ end: "2026-01-01 04:00" }), ({ id }) => first.backfills.await(id))
      yield* first.close
      fs.rmSync(join(directory, "ledgers"), { recursive: true })
      const history = new ScriptedHistory()
      const second = yield* life(directory, history)
      yield* Effect.flatMap(second.backfills.start({}), ({ id }) => second.backfills.await(id))
      assert.strictEqual(history.asked.length, 36)
      assert.deepStrictEqual(yield* rowTimes(second), whole)
      yield* second.close
    })
  )
})
