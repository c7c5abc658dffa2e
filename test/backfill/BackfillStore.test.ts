/** The records of backfills as they outlive the process, however it ends. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { join } from "node:path"
import * as BackfillStore from "../../src/backfill/BackfillStore.js"
import * as Database from "../../src/database/Database.js"
import { BackfillRecord } from "../../src/domain/Backfill.js"
import { temporaryDirectory } from "../support/Store.js"

const record = (n: number, more: Partial<BackfillRecord> = {}) =>
  new BackfillRecord({
    id: `okx_all_${n}`,
    exchange: "okx",
    pairs: null,
    start: "",
    status: "done",
    progress: {},
    log: Array.from({ length: 100 }, (_, line) => `[OKX BTC/USDT 1m] line ${line} of backfill ${n}`),
    started_at: n,
    error: null,
    finished_at: n + 1,
    complete: true,
    rows: n,
    failed: 0,
    series: [],
    request: {},
    ...more
  })

const open = (directory: string) =>
  Effect.map(Database.make(join(directory, "outpost.sqlite"), BackfillStore.migrations, "test"), (database) =>
    BackfillStore.make(database)
  )

const sizes = (directory: string) =>
  fs.readdirSync(directory).reduce((sum, name) => sum + fs.statSync(join(directory, name)).size, 0)

const kept = 50

describe("dccd weak point 10: the history of backfills", () => {
  it.scopedLive("is not written anew with every tick, however long it is", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const store = yield* open(directory)
      const one = (rows: number) => record(0, { status: "running", log: [], complete: null, finished_at: null, rows })
      const growth = Effect.fnUntraced(function* () {
        const before = sizes(directory)
        for (let tick = 0; tick < 10; tick++) yield* store.note(one(tick))
        return (sizes(directory) - before) / 10
      })
      yield* store.save(one(0))
      const alone = yield* growth()
      for (let n = 1; n <= kept; n++) yield* store.save(record(n))
      const history = JSON.stringify(yield* store.load).length
      const among = yield* growth()
      assert.isAbove(history, 200_000)
      assert.isAbove(alone, 0)
      assert.isAtMost(among, alone + 16_384)
      assert.isBelow(among, history / 5)
    })
  )

  it.scopedLive("is whole after a death in the middle of any write", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const store = yield* open(directory)
      for (let n = 1; n <= 5; n++) yield* store.save(record(n))
      const wal = join(directory, "outpost.sqlite-wal")
      const settled = fs.statSync(wal).size
      for (let n = 6; n <= 8; n++) yield* store.save(record(n))
      const length = fs.statSync(wal).size
      assert.isAbove(length, settled)
      for (let cut = settled; cut <= length; cut += Math.ceil((length - settled) / 20)) {
        const copy = yield* temporaryDirectory
        fs.copyFileSync(join(directory, "outpost.sqlite"), join(copy, "outpost.sqlite"))
        fs.writeFileSync(join(copy, "outpost.sqlite-wal"), fs.readFileSync(wal).subarray(0, cut))
        const found = yield* Effect.scoped(Effect.flatMap(open(copy), ({ load }) => load))
        assert.isAtLeast(found.length, 5, `cut at ${cut}`)
        found.forEach((one, k) => assert.deepStrictEqual(one, record(k + 1), `cut at ${cut}`))
      }
    })
  )
})
