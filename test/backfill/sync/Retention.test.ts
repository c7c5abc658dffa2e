import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import { join } from "node:path"
import { RetentionSettings } from "../../../src/backfill/Settings.js"
import { removeExactly, sweep } from "../../../src/backfill/sync/internal/removal.js"
import * as RetentionPlan from "../../../src/backfill/sync/RetentionPlan.js"
import * as RealRclone from "../../support/RealRclone.js"
import { temporaryDirectory } from "../../support/Store.js"
import * as SyncSite from "../../support/SyncSite.js"

const after = (days: number) => new RetentionSettings({ after: Option.some(Duration.days(days)) })
const atMost = (bytes: number) => new RetentionSettings({ max_bytes: Option.some(bytes) })
const file = (path: string, size = 10) => RetentionPlan.ofFile({ path, size, modified: 0 })
const files = (...paths: ReadonlyArray<string>) => paths.flatMap((path) => file(path) ?? [])
const chosen = (of: ReadonlyArray<RetentionPlan.PeriodFile>, settings: RetentionSettings, now: number) =>
  RetentionPlan.candidates(of, settings, now).map(({ path }) => path)

describe("RetentionPlan", () => {
  it("knows files of series by their place, and the end of their period", () => {
    assert.strictEqual(file("b/ohlc/A-B/1h/2025.parquet")?.end, Date.UTC(2026, 0))
    assert.strictEqual(file("b/trades/A-B/2025-12-31.parquet")?.end, Date.UTC(2026, 0))
    assert.strictEqual(file("w/hourly/berlin/2025-12.parquet")?.end, Date.UTC(2026, 0))
    for (const other of [
      "notes.txt",
      "2025.parquet",
      "b/ohlc/A-B/1h/x.parquet",
      "b/ohlc/A-B/1h/2025.csv",
      "a/b/c/d/e/2025.parquet"
    ])
      assert.isUndefined(file(other), other)
  })

  it("by age: periods that ended so long ago, but never the newest of a series", () => {
    const days = files(
      "b/trades/A-B/2026-01-01.parquet",
      "b/trades/A-B/2026-01-02.parquet",
      "b/trades/C-D/2026-01-01.parquet"
    )
    assert.deepStrictEqual(chosen(days, after(1), Date.UTC(2027, 0)), ["b/trades/A-B/2026-01-01.parquet"])
    assert.deepStrictEqual(chosen(days, after(1), Date.UTC(2026, 0, 3)), ["b/trades/A-B/2026-01-01.parquet"])
    assert.deepStrictEqual(chosen(days, after(1), Date.UTC(2026, 0, 3) - 1), [])
  })

  it("by size: the oldest of all series, until it is enough", () => {
    const all = files(
      "b/ohlc/A-B/1h/2023.parquet",
      "b/ohlc/A-B/1h/2024.parquet",
      "b/ohlc/A-B/1h/2025.parquet",
      "b/ohlc/C-D/1h/2022.parquet",
      "b/ohlc/C-D/1h/2024.parquet"
    )
    assert.deepStrictEqual(chosen(all, atMost(50), 0), [])
    assert.deepStrictEqual(chosen(all, atMost(45), 0), ["b/ohlc/C-D/1h/2022.parquet"])
    assert.deepStrictEqual(chosen(all, atMost(0), 0), [
      "b/ohlc/C-D/1h/2022.parquet",
      "b/ohlc/A-B/1h/2023.parquet",
      "b/ohlc/A-B/1h/2024.parquet"
    ])
  })

  it("is off by default", () => {
    assert.isFalse(RetentionPlan.isOn(new RetentionSettings({})))
    assert.deepStrictEqual(
      chosen(files("b/ohlc/A-B/1h/1999.parquet", "b/ohlc/A-B/1h/2025.parquet"), new RetentionSettings({}), 1e15),
      []
    )
  })

  it.prop(
    "what is left of a series is never empty and begins where its candidates end",
    {
      years: FastCheck.uniqueArray(
        FastCheck.tuple(FastCheck.integer({ min: 2000, max: 2020 }), FastCheck.constantFrom("A-B", "C-D")),
        { maxLength: 30, selector: String }
      ),
      days: FastCheck.integer({ min: 0, max: 9000 }),
      bytes: FastCheck.integer({ min: 0, max: 400 })
    },
    ({ bytes, days, years }) => {
      const all = years.flatMap(([year, pair]) => file(`b/ohlc/${pair}/1h/${year}.parquet`) ?? [])
      const settings = new RetentionSettings({ after: Option.some(Duration.days(days)), max_bytes: Option.some(bytes) })
      const gone = new Set(chosen(all, settings, Date.UTC(2020, 0)))
      for (const pair of ["A-B", "C-D"]) {
        const own = all.filter(({ series }) => series.pair === pair).sort((a, b) => a.end - b.end)
        const left = own.filter(({ path }) => !gone.has(path))
        assert.deepStrictEqual(left, own.slice(own.length - left.length))
        assert.isTrue(own.length === 0 || left.length > 0)
      }
    }
  )
})

const old = ["b/ohlc/A-B/1h/2001.parquet", "b/ohlc/A-B/1h/2002.parquet", "b/ohlc/A-B/1h/2003.parquet"] as const
const written = Object.fromEntries(old.map((path) => [path, `rows of ${path}`]))
const there = (site: SyncSite.SyncSite) => old.filter((path) => fs.existsSync(join(site.root, path)))

describe("Retention", () => {
  it.scopedLive("removes what every remote holds, after its ledger knows it, and records it", () =>
    Effect.gen(function* () {
      const site = yield* SyncSite.make({ retention: after(30) })
      RealRclone.write(site.root, written)
      const { store, sync } = yield* SyncSite.open(site)
      yield* sync.sync
      assert.deepStrictEqual(there(site), [old[2]])
      assert.deepStrictEqual(site.remembered, ["b/ohlc/A-B/1h"])
      assert.deepStrictEqual(
        (yield* store.purged).map(({ path, remotes }) => [path, ...remotes]),
        [
          [old[0], "backup:site"],
          [old[1], "backup:site"]
        ]
      )
      assert.strictEqual(fs.readFileSync(join(site.target, old[0]), "utf8"), written[old[0]])
      assert.deepStrictEqual(
        site.told.map(({ type }) => type),
        ["storage.purged"]
      )
      // The next copy removes nothing there, and is a success.
      const [again] = yield* sync.sync
      assert.isTrue(again?.ok)
      assert.isTrue(fs.existsSync(join(site.target, old[0])))
    }).pipe(RealRclone.withRclone)
  )

  it.scopedLive("a smaller file under the name of a removed one is never copied over the one the remote holds", () =>
    Effect.gen(function* () {
      const site = yield* SyncSite.make({ retention: after(30) })
      RealRclone.write(site.root, written)
      const { sync } = yield* SyncSite.open(site)
      yield* sync.sync
      RealRclone.write(site.root, { [old[0]]: "one row" })
      const [result] = yield* sync.sync
      assert.include(result?.error, "held back: retention removed a larger one of this name")
      assert.strictEqual(fs.readFileSync(join(site.target, old[0]), "utf8"), written[old[0]])
    }).pipe(RealRclone.withRclone)
  )

  it.scopedLive("stays where a remote holds other content, and so does all that is newer of the series", () =>
    Effect.gen(function* () {
      const site = yield* SyncSite.make({ retention: after(30) })
      RealRclone.write(site.root, written)
      const { sync } = yield* SyncSite.open(site)
      RealRclone.write(site.target, { [old[0]]: written[old[0]]!.replace("rows", "ROWS") })
      for (const directory of [site.root, site.target])
        fs.utimesSync(join(directory, old[0]), 1_000_000_000, 1_000_000_000)
      const [result] = yield* sync.sync
      // By size and time it is the same; before a removal the content is compared.
      assert.isTrue(result?.ok)
      assert.deepStrictEqual(there(site), [...old])
    }).pipe(RealRclone.withRclone)
  )

  it.scopedLive(
    "removes nothing after a copy that failed, nor without a ledger that knows it, nor when it is off",
    () =>
      Effect.gen(function* () {
        const site = yield* SyncSite.make({
          retention: after(30),
          remotes: [SyncSite.remote("backup:site"), SyncSite.remote("nosuch:")]
        })
        RealRclone.write(site.root, written)
        yield* Effect.flatMap(SyncSite.open(site), ({ sync }) => sync.sync).pipe(Effect.scoped)
        assert.deepStrictEqual(there(site), [...old])
        const known = yield* SyncSite.make({ retention: after(30) })
        RealRclone.write(known.root, written)
        yield* Effect.flatMap(SyncSite.open(known, { remember: () => false }), ({ sync }) => sync.sync).pipe(
          Effect.scoped
        )
        assert.deepStrictEqual(there(known), [...old])
        const off = yield* SyncSite.make()
        RealRclone.write(off.root, written)
        yield* Effect.flatMap(SyncSite.open(off), ({ sync }) => sync.sync).pipe(Effect.scoped)
        assert.deepStrictEqual(there(off), [...old])
        assert.deepStrictEqual(off.remembered, [])
      }).pipe(RealRclone.withRclone)
  )
})

describe("removal", () => {
  const scene = Effect.map(temporaryDirectory, (root) => {
    RealRclone.write(root, { "a.parquet": "verified" })
    const { mtimeMs, size } = fs.statSync(join(root, "a.parquet"))
    return { root, file: { path: "a.parquet", size, modified: mtimeMs } }
  })

  it.scoped("removes the very file that was looked at, and no other that took its name", () =>
    Effect.gen(function* () {
      const { file, root } = yield* scene
      RealRclone.write(root, { "a.parquet": "newer rows" })
      assert.isFalse(yield* removeExactly(root, file))
      assert.strictEqual(fs.readFileSync(join(root, "a.parquet"), "utf8"), "newer rows")
      assert.deepStrictEqual(fs.readdirSync(root), ["a.parquet"])
      const second = yield* scene
      assert.isTrue(yield* removeExactly(second.root, second.file))
      assert.deepStrictEqual(fs.readdirSync(second.root), [])
      assert.isFalse(yield* removeExactly(second.root, second.file))
    })
  )

  it.scoped("a crash between name and file is made up for", () =>
    Effect.gen(function* () {
      const { file, root } = yield* scene
      fs.renameSync(join(root, "a.parquet"), join(root, ".a.parquet.purged"))
      yield* sweep(root, [file])
      assert.deepStrictEqual(fs.readdirSync(root), [])
    })
  )
})
