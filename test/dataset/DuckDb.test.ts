import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Either, Fiber, Stream } from "effect"
import { mkdirSync, readdirSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as DuckDb from "../../src/dataset/DuckDb.js"

/** Takes hours, unless it is told to stop. */
const endless = "select count(*) as n from range(1000000) a, range(1000000) b where hash(a.range + b.range) = 1"

describe("DuckDB", () => {
  it.scopedLive("stops a statement when its fiber is interrupted, and goes on with the next", () =>
    Effect.gen(function* () {
      const duck = yield* DuckDb.make()
      const session = yield* duck.session("work")
      for (const wait of [0, 1, 50]) {
        const fiber = yield* Effect.fork(session.rows(endless))
        yield* Effect.sleep(wait)
        yield* Fiber.interrupt(fiber)
      }
      assert.deepStrictEqual(yield* session.rows("select 1::bigint as n"), [{ n: 1n }])
    })
  )

  it.scopedLive("gives its places back, however a session ends", () =>
    Effect.gen(function* () {
      const duck = yield* DuckDb.make({ work: 1 })
      const use = Effect.scoped(Effect.flatMap(duck.session("work"), (session) => session.rows("select 1 as n")))
      const fails = Effect.scoped(Effect.flatMap(duck.session("work"), (session) => session.run("no such statement")))
      assert.isTrue(Either.isLeft(yield* Effect.either(fails)))
      yield* use
      const held = yield* Deferred.make<void>()
      const holder = yield* Effect.fork(
        Effect.scoped(
          duck.session("work").pipe(Effect.zipRight(Deferred.succeed(held, undefined)), Effect.zipRight(Effect.never))
        )
      )
      yield* Deferred.await(held)
      const waiting = yield* Effect.fork(use)
      assert.isTrue((yield* Effect.timeoutOption(Fiber.join(waiting), "50 millis"))._tag === "None")
      yield* Fiber.interrupt(waiting)
      // Readers have places of their own.
      yield* Effect.scoped(duck.session("read"))
      yield* Fiber.interrupt(holder)
      assert.strictEqual((yield* use).length, 1)
    })
  )

  it.scopedLive("streams no further than it is asked", () =>
    Effect.gen(function* () {
      const session = yield* (yield* DuckDb.make()).session("read")
      const first = yield* Stream.runHead(session.columns("select range as n from range(1000000000000)"))
      assert.strictEqual(first._tag, "Some")
    })
  )

  it.scopedLive("tries again to start after a start that failed, and removes its directory", () =>
    Effect.gen(function* () {
      const before = process.env["TMPDIR"]
      const place = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "outpost-start-"))),
        (path) =>
          Effect.promise(() => {
            if (before === undefined) delete process.env["TMPDIR"]
            else process.env["TMPDIR"] = before
            return rm(path, { recursive: true, force: true })
          })
      )
      process.env["TMPDIR"] = join(place, "later")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const duck = yield* DuckDb.make()
          const failed = yield* Effect.flip(Effect.scoped(duck.session("work")))
          assert.strictEqual(failed._tag, "StorageFailed")
          mkdirSync(join(place, "later"))
          yield* Effect.scoped(duck.session("work"))
          assert.strictEqual(readdirSync(join(place, "later")).length, 1)
        })
      )
      assert.deepStrictEqual(readdirSync(join(place, "later")), [])
    })
  )

  it("quotes what users write", () => {
    assert.strictEqual(DuckDb.identifier('a"b'), '"a""b"')
    assert.strictEqual(DuckDb.literal("it's"), "'it''s'")
    assert.strictEqual(DuckDb.pathLiteral("/a[1]/*?.parquet"), "'/a[[]1]/[*][?].parquet'")
  })
})
