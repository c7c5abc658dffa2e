import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { join } from "node:path"
import * as SeriesFiles from "../../src/backfill/SeriesFiles.js"
import { SyncStore } from "../../src/backfill/sync/SyncStore.js"
import { layoutOf } from "../../src/dataset/MarketLayout.js"
import type { StartBackfill } from "../../src/domain/Backfill.js"
import { Series } from "../../src/domain/Series.js"
import { job, open } from "../support/BackfillSite.js"
import { ScriptedHistory } from "../support/ScriptedHistory.js"
import { temporaryDirectory } from "../support/Store.js"

const series = Series.make({ source: "scripted", type: "ohlc", pair: "BTC-USDT", span: 60 })
const minute = 60_000
const newYear = Date.parse("2026-01-01T00:00:00Z")
const hours = (n: number) => newYear + n * 60 * minute

/** Two hours of the old year and two of the new: two files. */
const acrossNewYear = job({ start: "2025-12-31 22:00", end: Option.some("2026-01-01 02:00"), concurrency: 1 })

type Site = Effect.Effect.Success<ReturnType<typeof open>>

/** One life of a site, and what its source was asked for. */
const life = <A, E>(
  directory: string,
  body: (site: Site, history: ScriptedHistory) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const history = new ScriptedHistory()
    const site = yield* open(directory, [history.history], [acrossNewYear]).pipe(Scope.extend(scope))
    return yield* Effect.scoped(body(site, history)).pipe(Effect.ensuring(Scope.close(scope, Exit.void)))
  })

const run = (site: Site, request: StartBackfill = {}) =>
  Effect.flatMap(site.backfills.start(request), ({ id }) => site.backfills.await(id))

const missing = (site: Site) =>
  Effect.map(site.backfills.plan({}), ([plan]) => [plan?.first ?? null, plan?.last ?? null])

const rows = (site: Site) => Effect.map(Stream.runCollect(site.dataset.read({ series })), ({ length }) => length)

const fileOf = (directory: string, year: number) => join(directory, "data", series.key, `${year}.parquet`)
const ledgerOf = (directory: string) => join(directory, "ledgers", `${series.slug}.csv`)

const fetched = (directory: string, request: StartBackfill = {}) => life(directory, (site) => run(site, request))

describe("files that the ledger knows nothing of", () => {
  it.scopedLive("are read once, also where a live stream began the ledger", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* fetched(directory)
      fs.rmSync(ledgerOf(directory))
      const live = { start: hours(0), end: hours(1) }
      yield* life(directory, (site, history) =>
        Effect.gen(function* () {
          const book = yield* site.books.open(series, { ledger: Option.none(), runId: "live" })
          yield* book.noteCovered([live], "live stream")
          assert.deepStrictEqual(yield* missing(site), [hours(1), hours(2)])
          assert.isNotEmpty((yield* run(site)).log.filter((line) => line.includes("found 1 ranges")))
          assert.isTrue(history.asked.every(({ start }) => start >= hours(1)))
          assert.strictEqual(history.asked.length, 6)
          yield* run(site)
        })
      )
      const seeds = fs.readFileSync(ledgerOf(directory), "utf8").split(",files,")
      assert.lengthOf(seeds, 2)
    })
  )

  it.scopedLive("count only as far as they show their holes: of trades, what is older than all that is known", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const trades = Series.make({ source: "scripted", type: "trades", pair: "BTC-USDT" })
      const layout = Option.getOrThrow(Option.fromNullable(layoutOf("trades", "s")))
      yield* life(directory, (site) =>
        Effect.gen(function* () {
          const trade = (at: number) => ({ TS: BigInt(at) * 1_000_000n, tid: String(at), price: 1, amount: 1 })
          // A stream, a hole, and the stream again on the third day, which no ledger tells yet.
          const times = [hours(1), hours(2), hours(25), hours(49), hours(60)]
          const part = yield* site.dataset.writePart(trades, layout, { start: 0, end: hours(72) }, times.map(trade))
          yield* site.dataset.merge(trades, layout, [part])
          const book = yield* site.books.open(trades, { ledger: Option.none(), runId: "live" })
          yield* book.noteCovered([{ start: hours(24), end: hours(26) }], "live stream")
          const held = { series: trades, layout, book, dataset: site.dataset }
          const look = Effect.provideService(SeriesFiles.look(held), SyncStore, site.copies)
          const { found } = yield* look
          assert.deepStrictEqual(
            found.map(({ start }) => start),
            [hours(1)]
          )
          assert.isBelow(found[0]?.end ?? Infinity, hours(3))
        })
      )
    })
  )
})

describe("files that are gone", () => {
  it.scopedLive("are fetched again, they alone, by whatever windows reached into them", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      // The window in the middle holds minutes of both years.
      yield* fetched(directory, { window: "50m" })
      fs.rmSync(fileOf(directory, 2026))
      yield* life(directory, (site, history) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* missing(site), [newYear, hours(2)])
          assert.strictEqual(history.asked.length, 0)
          const record = yield* run(site)
          assert.isNotEmpty(record.log.filter((line) => line.includes("files are gone")))
          assert.deepInclude({ ...record }, { status: "done", complete: true })
          const earliest = Math.min(...history.asked.map(({ start }) => start))
          assert.isTrue(earliest < newYear && earliest > newYear - 50 * minute)
          assert.strictEqual(yield* rows(site), 240)
          history.asked.length = 0
          yield* run(site)
          assert.deepStrictEqual(history.asked, [])
        })
      )
      assert.include(fs.readFileSync(ledgerOf(directory), "utf8"), ",FileLost,")
    })
  )

  it.scopedLive("are also those that a merge could not read: what they held is fetched again by the same run", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* fetched(directory, { end: "2026-01-01 01:00" })
      fs.truncateSync(fileOf(directory, 2026), 100)
      yield* life(directory, (site, history) =>
        Effect.gen(function* () {
          const record = yield* run(site)
          assert.isNotEmpty(record.log.filter((line) => line.includes("set aside")))
          assert.deepInclude({ ...record }, { status: "done", complete: true })
          const [told] = record.series
          assert.deepStrictEqual([told?.done, told?.lost], [told?.total, 0])
          const [name] = told?.set_aside ?? []
          assert.isTrue(name !== undefined && fs.existsSync(name))
          assert.isAtLeast(Math.min(...history.asked.map(({ start }) => start)), newYear)
          assert.deepStrictEqual(yield* missing(site), [null, null])
          assert.strictEqual(yield* rows(site), 240)
          history.asked.length = 0
          yield* run(site)
          assert.deepStrictEqual(history.asked, [])
        })
      )
    })
  )

  it.scopedLive("are told, and the run is not complete, where what they held is not asked for", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* fetched(directory, { end: "2026-01-01 01:00" })
      fs.truncateSync(fileOf(directory, 2026), 100)
      yield* life(directory, (site) =>
        Effect.gen(function* () {
          const record = yield* run(site, { start: "2026-01-01 01:00" })
          assert.deepInclude({ ...record }, { status: "done", complete: false })
          const [told] = record.series
          assert.deepInclude({ ...told }, { lost: 60 * minute, failed: 0 })
          assert.lengthOf(told?.set_aside ?? [], 1)
          assert.deepStrictEqual(yield* missing(site), [newYear, hours(1)])
          assert.isTrue((yield* run(site)).complete)
          assert.strictEqual(yield* rows(site), 240)
        })
      )
    })
  )

  it.scopedLive("stay gone where retention removed them", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* fetched(directory)
      yield* life(directory, (site, history) =>
        Effect.gen(function* () {
          const path = `${series.key}/2025.parquet`
          yield* site.copies.notePurged({ path, size: 1, modified: 1, purgedAt: 1, remotes: ["backup:"] })
          fs.rmSync(fileOf(directory, 2025))
          yield* run(site)
          assert.deepStrictEqual(history.asked, [])
          assert.strictEqual(yield* rows(site), 120)
        })
      )
    })
  )

  it.scopedLive("are not those of a site that has moved", () =>
    Effect.gen(function* () {
      const before = join(yield* temporaryDirectory, "before")
      const after = join(yield* temporaryDirectory, "after")
      yield* fetched(before)
      fs.renameSync(before, after)
      yield* life(after, (site, history) =>
        Effect.gen(function* () {
          yield* run(site)
          assert.deepStrictEqual(history.asked, [])
        })
      )
    })
  )
})
