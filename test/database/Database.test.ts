import { SqlClient } from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fs from "node:fs"
import { join } from "node:path"
import * as Database from "../../src/database/Database.js"
import { temporaryDirectory } from "../support/Store.js"

const migrations: Database.Migrations = {
  "0001_numbers": Effect.flatMap(SqlClient, (sql) =>
    sql.unsafe(
      "create table numbers (n integer primary key, of integer references numbers (n) deferrable initially deferred, text text)"
    )
  ).pipe(Effect.asVoid)
}

const open = Effect.fnUntraced(function* (path: string) {
  const database = yield* Database.make(path, migrations, "T")
  const insert = (n: number, text = "") =>
    database.writer.unsafe("insert into numbers (n, text) values (?, ?)", [n, text])
  const all = Effect.map(database.reader.unsafe<{ n: number }>("select n from numbers order by n"), (rows) =>
    rows.map(({ n }) => n)
  )
  return { ...database, insert, all }
})

const fresh = Effect.flatMap(temporaryDirectory, (directory) => open(join(directory, "test.sqlite")))

describe("Database", () => {
  it.scopedLive("a transaction is all or nothing, and the writer is usable after either", () =>
    Effect.gen(function* () {
      const { all, insert, transaction } = yield* fresh
      yield* transaction(Effect.zipRight(insert(1), insert(2)))
      const failed = yield* Effect.exit(transaction(Effect.zipRight(insert(3), Effect.fail("no"))))
      assert.deepStrictEqual(failed, Exit.fail("no"))
      const died = yield* Effect.exit(transaction(Effect.zipRight(insert(4), Effect.die("bug"))))
      assert.isTrue(Exit.isFailure(died))
      yield* Effect.flip(transaction(insert(1)))
      yield* transaction(insert(5))
      assert.deepStrictEqual(yield* all, [1, 2, 5])
    })
  )

  it.scopedLive("a commit that is refused is a failure, not a defect, and leaves nothing open", () =>
    Effect.gen(function* () {
      const { all, insert, transaction, writer } = yield* fresh
      yield* writer.unsafe("pragma foreign_keys = on")
      const dangling = writer.unsafe("insert into numbers (n, of) values (7, 99)")
      const error = yield* Effect.flip(transaction(dangling))
      assert.strictEqual(error._tag, "SqlError")
      yield* transaction(insert(1))
      assert.deepStrictEqual(yield* all, [1])
    })
  )

  it.scopedLive("a database that is full refuses what does not fit and goes on when it has room", () =>
    Effect.gen(function* () {
      const { all, insert, transaction, writer } = yield* fresh
      yield* writer.unsafe("pragma max_page_count = 8")
      const error = yield* Effect.flip(transaction(Effect.zipRight(insert(1), insert(2, "x".repeat(100_000)))))
      assert.strictEqual(error._tag, "SqlError")
      yield* transaction(insert(3))
      yield* writer.unsafe("pragma max_page_count = 1000000")
      yield* transaction(insert(4, "x".repeat(100_000)))
      assert.deepStrictEqual(yield* all, [3, 4])
    })
  )

  it.scopedLive("transactions come one after the other, and other statements wait", () =>
    Effect.gen(function* () {
      const { all, insert, transaction } = yield* fresh
      const slow = (n: number) =>
        transaction(insert(n).pipe(Effect.zipRight(Effect.sleep("5 millis")), Effect.zipRight(insert(n + 1))))
      yield* Effect.all([slow(10), slow(20), slow(30), insert(1)], { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* all, [1, 10, 11, 20, 21, 30, 31])
    })
  )

  it.scopedLive("an interrupted transaction leaves nothing", () =>
    Effect.gen(function* () {
      const { all, insert, transaction } = yield* fresh
      yield* transaction(Effect.zipRight(insert(1), Effect.never)).pipe(Effect.timeoutOption("20 millis"))
      yield* transaction(insert(2))
      assert.deepStrictEqual(yield* all, [2])
    })
  )

  it.scopedLive("what was committed is there at the next opening; migrations run once", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "test.sqlite")
      yield* Effect.scoped(
        Effect.flatMap(open(path), ({ durable, insert, transaction }) =>
          Effect.zipRight(transaction(insert(1)), durable)
        )
      )
      const { all } = yield* open(path)
      assert.deepStrictEqual(yield* all, [1])
    })
  )

  it.scopedLive(
    "a damaged file is set aside with its log and made anew; one that can't be opened is not called damaged",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const path = join(directory, "test.sqlite")
        yield* Effect.scoped(
          Effect.flatMap(open(path), ({ insert, transaction }) =>
            transaction(
              Effect.forEach(
                Array.from({ length: 500 }, (_, n) => n),
                (n) => insert(n, "x".repeat(100)),
                { discard: true }
              )
            )
          )
        )
        const bytes = fs.readFileSync(path)
        fs.writeFileSync(path, Buffer.from(bytes).fill(0xff, 6_000, 20_000))
        yield* Effect.scoped(
          Effect.flatMap(open(path), ({ all }) => Effect.map(all, (rows) => assert.deepStrictEqual(rows, [])))
        )
        assert.include(fs.readdirSync(directory), "test.sqlite.unreadable-T")
        fs.rmSync(path)
        fs.mkdirSync(path)
        const error = yield* Effect.flip(Effect.scoped(open(path)))
        assert.strictEqual(error._tag, "DatabaseUnusable")
        assert.isTrue(fs.statSync(path).isDirectory())
      })
  )
})
