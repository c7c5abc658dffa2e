import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { join } from "node:path"
import * as LocalFiles from "../../../src/backfill/sync/LocalFiles.js"
import { write } from "../../support/RealRclone.js"
import { temporaryDirectory } from "../../support/Store.js"

const none = { never: [], purged: new Map<string, number>() }
const paths = ({ files }: LocalFiles.Listing) => files.map(({ path }) => path)

describe("LocalFiles", () => {
  it.scopedLive("finds finished files; no state, no files being written, nothing that was set aside, no links", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      write(root, {
        "a/ohlc/B-C/1h/2026.parquet": "1",
        "a/ohlc/B-C/1h/.2026.parquet.new": "half",
        "a/ohlc/B-C/1h/2025.parquet.unreadable-20260101T000000Z": "x",
        "notes.txt": "2",
        ".dccd/metrics.json": "{}",
        ".outpost/lock.sqlite": "x",
        "secrets/token": "x"
      })
      fs.symlinkSync("/etc/passwd", join(root, "linked"))
      const found = yield* LocalFiles.list(root, { ...none, never: [join(root, "secrets")] })
      assert.deepStrictEqual(paths(found), ["a/ohlc/B-C/1h/2026.parquet", "notes.txt"])
      assert.strictEqual(found.heldBack.size, 0)
    })
  )

  it.scopedLive("holds back what is less than a remote may hold under its name", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      write(root, {
        "s/2024.parquet": "small",
        "s/2025.parquet": "new rows",
        "s/2025.parquet.unreadable-20260101T000000Z": "damaged",
        "s/2026.parquet": "whole again"
      })
      const purged = new Map([
        ["s/2024.parquet", 100],
        ["s/2026.parquet", 5]
      ])
      const found = yield* LocalFiles.list(root, { never: [], purged })
      assert.deepStrictEqual(paths(found), ["s/2026.parquet"])
      assert.deepStrictEqual([...found.heldBack.keys()], ["s/2024.parquet", "s/2025.parquet"])
      const picked = yield* LocalFiles.pick(root, ["s/2025.parquet", "s/2026.parquet", "s/gone.parquet"], {
        never: [],
        purged
      })
      assert.deepStrictEqual(paths(picked), ["s/2026.parquet"])
      assert.deepStrictEqual([...picked.heldBack.keys()], ["s/2025.parquet"])
    })
  )

  it.scopedLive("tells which files are still what they were", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      write(root, { a: "1", b: "1", c: "1" })
      const { files } = yield* LocalFiles.list(root, none)
      write(root, { b: "22" })
      fs.rmSync(join(root, "c"))
      assert.deepStrictEqual(
        (yield* LocalFiles.unchanged(root, files)).map(({ path }) => path),
        ["a"]
      )
    })
  )

  it.scopedLive("a directory that is not there is no empty one", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(LocalFiles.list("/nonexistent/data", none))
      assert.strictEqual(error._tag, "StorageFailed")
    })
  )
})
