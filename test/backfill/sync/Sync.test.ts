import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import { join } from "node:path"
import { StorageSettings } from "../../../src/backfill/Settings.js"
import * as RealRclone from "../../support/RealRclone.js"
import * as S3Server from "../../support/S3Server.js"
import * as SyncSite from "../../support/SyncSite.js"

const change = (site: SyncSite.SyncSite, storage: Partial<StorageSettings>) => {
  site.settings.now = new StorageSettings({ ...site.settings.now, ...storage })
}

const below = (directory: string) =>
  fs.existsSync(directory)
    ? fs
        .readdirSync(directory, { recursive: true, encoding: "utf8" })
        .filter((name) => fs.statSync(join(directory, name)).isFile())
        .sort()
    : []

describe("Sync", () => {
  it.scopedLive("copies to every remote, records each, and calls it a sync when all of them hold everything", () =>
    Effect.gen(function* () {
      const server = yield* S3Server.make
      const site = yield* SyncSite.make({ s3: [SyncSite.bucket(server.endpoint)] })
      RealRclone.write(site.root, { "b/ohlc/A-B/1h/2026.parquet": "rows", ".dccd/metrics.json": "{}" })
      const { sync } = yield* SyncSite.open(site)
      const results = yield* sync.sync
      assert.deepStrictEqual(
        results.map(({ bytes, error, files, ok, remote }) => ({ remote, ok, files, bytes, error })),
        ["backup:site", "s3://station/site-1"].map((remote) => ({ remote, ok: true, files: 1, bytes: 4, error: null }))
      )
      assert.deepStrictEqual(below(site.target), ["b/ohlc/A-B/1h/2026.parquet"])
      assert.deepStrictEqual([...server.objects.keys()], ["station/site-1/b/ohlc/A-B/1h/2026.parquet"])
      const status = yield* sync.status
      assert.deepStrictEqual(status.remotes, [
        { provider: "rclone", remote: "backup:site" },
        { provider: "s3", remote: "s3://station/site-1" }
      ])
      assert.deepStrictEqual(status.last_sync?.remotes, ["backup:site", "s3://station/site-1"])
      assert.include(status, { rclone_available: true, running: false, sync_interval: 3600, free_bytes: 1000 })
      assert.deepStrictEqual(
        status.history.map(({ remote }) => remote),
        ["s3://station/site-1", "backup:site"]
      )
      assert.deepStrictEqual(site.told, [])
    }).pipe(RealRclone.withRclone)
  )

  it.scopedLive(
    "dccd weak point 24: a push that failed is no sync, the reason stands in the history, and both survive a restart",
    () =>
      Effect.gen(function* () {
        const site = yield* SyncSite.make({ remotes: [SyncSite.remote("nosuch:x"), SyncSite.remote("backup:site")] })
        RealRclone.write(site.root, { "b/ohlc/A-B/1h/2026.parquet": "rows", ".dccd/metrics.json": "{}" })
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { sync } = yield* SyncSite.open(site)
            const [failed, copied] = yield* sync.sync
            assert.include(failed, { remote: "nosuch:x", ok: false, files: null })
            assert.include(failed?.error, "didn't find section in config file")
            // The failure of one remote does not keep the others from their copy.
            assert.include(copied, { remote: "backup:site", ok: true, files: 1 })
            assert.isNull((yield* sync.status).last_sync)
          })
        )
        assert.deepStrictEqual(
          site.told.map(({ type }) => type),
          ["sync.failed"]
        )
        // Neither our own state nor the daemon's is copied.
        assert.deepStrictEqual(below(site.target), ["b/ohlc/A-B/1h/2026.parquet"])

        change(site, { remotes: [SyncSite.remote("backup:site")] })
        const { sync } = yield* SyncSite.open(site)
        assert.deepStrictEqual(
          (yield* sync.status).history.map(({ ok }) => ok),
          [true, false]
        )
        yield* sync.sync
        assert.deepStrictEqual((yield* sync.status).last_sync?.remotes, ["backup:site"])
      }).pipe(RealRclone.withRclone)
  )

  it.scopedLive(
    "dccd weak point 24: how long a copy may take is a matter of config, a day unless it is said, and its end is told",
    () =>
      Effect.gen(function* () {
        assert.strictEqual(Duration.toHours(new StorageSettings({}).sync_time_limit), 24)
        const site = yield* SyncSite.make({ sync_time_limit: Duration.millis(200) })
        const { sync } = yield* SyncSite.open(site, { rclone: SyncSite.imitation(site.directory, "sleep 100") })
        const [result] = yield* sync.sync
        assert.include(result, { ok: false, error: "not done within 200ms (storage.sync_time_limit)" })
      })
  )

  it.scopedLive("a missing rclone is told with its remedy, and every result of a run without it is a failure", () =>
    Effect.gen(function* () {
      const site = yield* SyncSite.make()
      const { sync } = yield* SyncSite.open(site, { rclone: RealRclone.absent })
      const [result] = yield* sync.sync
      assert.include(result?.error, "apt-get install rclone")
      assert.include(yield* sync.status, { rclone_available: false, last_sync: null })
    })
  )

  it.scopedLive("a call while a copy goes on joins it; one that goes away does not stop it", () =>
    Effect.gen(function* () {
      const site = yield* SyncSite.make()
      const rclone = SyncSite.imitation(
        site.directory,
        `cat >/dev/null; [ "$1" = copy ] && echo run >> ${site.directory}/runs && while [ ! -e ${site.directory}/go ]; do sleep 0.05; done; exit 0`
      )
      const { sync } = yield* SyncSite.open(site, { rclone })
      const calls = yield* Effect.forEach([1, 2, 3], () => Effect.fork(sync.sync))
      while (Option.isNone(yield* sync.progress)) yield* Effect.sleep("20 millis")
      assert.isTrue((yield* sync.status).running)
      assert.strictEqual(Option.getOrThrow(yield* sync.progress).remote, "backup:site")
      yield* Fiber.interrupt(calls[0]!)
      fs.writeFileSync(join(site.directory, "go"), "")
      const [a, b] = yield* Effect.all([Fiber.join(calls[1]!), Fiber.join(calls[2]!)])
      assert.strictEqual(a, b)
      assert.strictEqual(a[0]?.ok, true)
      assert.strictEqual(fs.readFileSync(join(site.directory, "runs"), "utf8"), "run\n")
      assert.isFalse((yield* sync.status).running)
      yield* sync.sync
      assert.strictEqual(fs.readFileSync(join(site.directory, "runs"), "utf8"), "run\nrun\n")
    })
  )

  it.scopedLive("what the end of the site cuts off stands in the history as that", () =>
    Effect.gen(function* () {
      const site = yield* SyncSite.make()
      const rclone = SyncSite.imitation(site.directory, '[ "$1" = version ] || sleep 100')
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { sync } = yield* SyncSite.open(site, { rclone })
          yield* Effect.fork(sync.sync)
          while (Option.isNone(yield* sync.progress)) yield* Effect.sleep("20 millis")
        })
      )
      const { sync } = yield* SyncSite.open(site, { rclone })
      assert.include((yield* sync.status).history[0], { ok: false, error: "it was interrupted" })
    })
  )

  it.scopedLive("never replaces a whole copy by less: what was set aside as unreadable holds its successor back", () =>
    Effect.gen(function* () {
      const site = yield* SyncSite.make()
      const year = "b/ohlc/A-B/1h/2025.parquet"
      RealRclone.write(site.root, { [year]: "a whole year of rows" })
      const { sync } = yield* SyncSite.open(site)
      yield* sync.sync
      fs.renameSync(join(site.root, year), join(site.root, `${year}.unreadable-20260101T000000Z`))
      RealRclone.write(site.root, { [year]: "one new row" })
      const [result] = yield* sync.sync
      assert.isFalse(result?.ok)
      assert.include(result?.error, `${year} (held back: its former content was set aside as unreadable)`)
      assert.strictEqual(fs.readFileSync(join(site.target, year), "utf8"), "a whole year of rows")
    }).pipe(RealRclone.withRclone)
  )

  it.scopedLive("files that a remote has otherwise afterwards are named", () =>
    Effect.gen(function* () {
      const site = yield* SyncSite.make()
      RealRclone.write(site.root, Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`f${n}`, "x"])))
      const script = `cat > ${site.directory}/list; [ "$1" = check ] && sed 's/^/* /' ${site.directory}/list && exit 1; exit 0`
      const { sync } = yield* SyncSite.open(site, { rclone: SyncSite.imitation(site.directory, script) })
      const [result] = yield* sync.sync
      assert.strictEqual(
        result?.error,
        "5 files are not there as on this machine: f1 (it is not the same there), f2 (it is not the same there), " +
          "f3 (it is not the same there) and 2 more"
      )
    })
  )

  it.scopedLive("is due by itself with remotes and an interval, for the first time after one interval", () =>
    Effect.gen(function* () {
      const site = yield* SyncSite.make({ sync_interval: 60 })
      const { sync } = yield* SyncSite.open(site)
      assert.include(Option.getOrThrow(yield* sync.entry), { id: "sync", missed: "skip", fingerprint: "sync 60" })
      yield* sync.sync
      assert.include(Option.getOrThrow(yield* sync.entry), { missed: "once" })
      change(site, { sync_interval: 0 })
      assert.deepStrictEqual(yield* sync.entry, Option.none())
      change(site, { sync_interval: 60, remotes: [] })
      assert.deepStrictEqual(yield* sync.entry, Option.none())
      assert.strictEqual((yield* Effect.flip(sync.sync))._tag, "NoRemotes")
      assert.isFalse((yield* sync.status).rclone_available)
    }).pipe(RealRclone.withRclone)
  )
})
