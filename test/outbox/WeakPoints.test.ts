/** Where ivy 1.1.0 loses, blocks or mixes up messages, and what its tests and its manual say of its queue. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream, TestClock } from "effect"
import Database from "better-sqlite3"
import * as fs from "node:fs"
import { join } from "node:path"
import { data, drainAll, numbered, numberOf, open } from "../support/OutboxSite.js"
import { temporaryDirectory } from "../support/Store.js"

/** An outbox with one uplink, on a directory that outlives it. */
const lives = <A, E, R>(
  directory: string,
  life: (outbox: Effect.Effect.Success<ReturnType<typeof open>>) => Effect.Effect<A, E, R>
) =>
  Effect.scoped(Effect.flatMap(open(directory), (outbox) => Effect.zipRight(outbox.register("office"), life(outbox))))

describe("weak points of ivy's queue", () => {
  it.scoped(
    "ivy 14.3: NaN is refused at its producer; a row that can't be read is set aside and the rest goes on",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* lives(directory, (outbox) =>
          Effect.gen(function* () {
            assert.strictEqual((yield* Effect.flip(outbox.put(data({ t: NaN }))))._tag, "MessageRefused")
            yield* outbox.putAll([1, 2, 3, 4].map((n) => numbered(n)))
          })
        )
        const database = new Database(join(directory, "outbox.sqlite"))
        database.exec(`update messages set text = '{"variant":"data","data":{"n":null}}' where id = 2`)
        database.exec(`update messages set text = '{"varia' where id = 3`)
        database.close()
        yield* lives(directory, (outbox) =>
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("office")), [1, 4])
            const { messages } = yield* outbox.list({ setAside: true })
            assert.deepStrictEqual(
              messages.map(({ id }) => Number(id)),
              [2, 3]
            )
            assert.isTrue(messages.every(({ set_aside }) => set_aside[0]?.reason !== ""))
          })
        )
      })
  )

  it.scoped("ivy 14.6: the queue stands in the site: what one version leaves, the next one sends", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* lives(directory, (outbox) => outbox.putAll([1, 2, 3].map((n) => numbered(n))))
      const left = yield* lives(directory, (outbox) =>
        Effect.flatMap(outbox.drain("office"), (drain) => drainAll(drain))
      )
      assert.deepStrictEqual(left, [1, 2, 3])
    })
  )

  it.scoped(
    "ivy 14.16: everything that was acknowledged is there after a reopen, with the same bytes and numbers",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const look = (outbox: Effect.Effect.Success<ReturnType<typeof open>>) =>
          Effect.scoped(Effect.flatMap(outbox.drain("office"), (drain) => drain.take(9)))
        const before = yield* lives(directory, (outbox) =>
          Effect.zipRight(
            outbox.putAll([numbered(1), numbered(2, { expiresAfter: 1e9, priority: "bulk" })]),
            look(outbox)
          )
        )
        assert.deepStrictEqual(yield* lives(directory, look), before)
        assert.lengthOf(before, 2)
      })
  )

  it.scoped("ivy 14.18: hundreds that put at the same time wait for each other, and none fails", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* lives(directory, (outbox) =>
        Effect.gen(function* () {
          const ids = yield* Effect.forEach(
            Array.from({ length: 300 }, (_, n) => numbered(n)),
            (input) => outbox.put(input),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(new Set(ids).size, 300)
          const archived = yield* Stream.runCollect(outbox.archived({}))
          assert.lengthOf([...archived], 300)
          assert.strictEqual((yield* outbox.stats).messages, 300)
        })
      )
    })
  )

  it.scoped("ivy 14.27: a resend is the same message byte for byte, under the same number, time and revision", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* lives(directory, (outbox) => outbox.put(numbered(1)))
      const sent = []
      for (let restart = 0; restart < 3; restart++) {
        yield* TestClock.adjust("1 second")
        sent.push(yield* lives(directory, (outbox) => Effect.flatMap(outbox.drain("office"), (drain) => drain.take(1))))
      }
      assert.deepStrictEqual([sent[1], sent[2]], [sent[0], sent[0]])
      assert.lengthOf(sent[0] ?? [], 1)
    })
  )

  it.scoped(
    "ivy 5: numbers are never used again, neither after deletion, nor after a restart, nor after the queue was lost",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.UTC(2026, 10, 21))
        const directory = yield* temporaryDirectory
        const one = lives(directory, (outbox) =>
          Effect.gen(function* () {
            const id = yield* outbox.put(numbered(1))
            yield* drainAll(yield* outbox.drain("office"))
            return id
          })
        )
        assert.deepStrictEqual([yield* one, yield* one], [1, 2])
        for (const suffix of ["", "-wal", "-shm"]) fs.rmSync(join(directory, `outbox.sqlite${suffix}`), { force: true })
        assert.isAbove(yield* one, 1_000_000)
      })
  )

  it.scoped("ivy 5: a clock that was set back does not change the order of sending", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* TestClock.setTime(1_000_000)
      yield* lives(directory, (outbox) => outbox.put(numbered(1)))
      yield* TestClock.setTime(500_000)
      const got = yield* lives(directory, (outbox) =>
        Effect.zipRight(
          outbox.put(numbered(2)),
          Effect.flatMap(outbox.drain("office"), (drain) => drainAll(drain))
        )
      )
      assert.deepStrictEqual(got, [1, 2])
    })
  )

  it.scoped("ivy 12: all message types and all exclusion subsets, ascending timestamps", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* lives(directory, (outbox) =>
        Effect.gen(function* () {
          const config = { general: { config_revision: 3 } }
          yield* outbox.putAll([
            data({ temperature: 19.7, label: "abc" }),
            { body: { variant: "log", level: "ERROR", subject: "s", body: "b" } },
            ...(["received", "accepted", "rejected", "startup"] as const).map((status) => ({
              body: { variant: "config", status, config } as const
            }))
          ])
          const drain = yield* outbox.drain("office")
          const all = yield* drain.take(6)
          assert.deepStrictEqual(
            all.map(({ body }) => (body.variant === "config" ? body.status : body.variant)),
            ["data", "log", "received", "accepted", "rejected", "startup"]
          )
          for (let subset = 0; subset < 2 ** all.length; subset++) {
            // What is under way is not given again; the rest is, the oldest first.
            const rest = all.filter((_, place) => (subset & (1 << place)) === 0)
            yield* drain.giveBack(rest.map(({ id }) => id).reverse())
            assert.deepStrictEqual(yield* drain.take(6), rest, `${subset}`)
            assert.isTrue(rest.every(({ micros }, index) => index === 0 || micros > (rest[index - 1]?.micros ?? 0)))
          }
        })
      )
    })
  )

  it.scoped("ivy 12: queue add/get/remove counts and archive line counts", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* lives(directory, (outbox) =>
        Effect.gen(function* () {
          yield* outbox.putAll([1, 2, 3, 4, 5].map((n) => numbered(n)))
          const drain = yield* outbox.drain("office")
          const some = yield* drain.take(2)
          assert.deepStrictEqual(some.map(numberOf), [1, 2])
          assert.isTrue(some.every(({ micros }, index) => index === 0 || micros > (some[index - 1]?.micros ?? 0)))
          yield* drain.ack([])
          yield* drain.ack([...some.map(({ id }) => id), ...some.map(({ id }) => id)])
          assert.strictEqual(yield* drain.waiting, 3)
          const [file = ""] = fs.readdirSync(join(directory, "messages"))
          const lines = fs
            .readFileSync(join(directory, "messages", file), "utf8")
            .trimEnd()
            .split("\n")
          assert.lengthOf(lines, 6)
        })
      )
    })
  )

  it.scoped(
    "a disk that refuses the archive: the sender is told, nothing of it is sent, and putting goes on with the disk",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* lives(directory, (outbox) =>
          Effect.gen(function* () {
            yield* outbox.put(numbered(1))
            const archive = join(directory, "messages")
            fs.renameSync(archive, `${archive}.away`)
            fs.writeFileSync(archive, "in the way")
            assert.strictEqual((yield* Effect.flip(outbox.put(numbered(2))))._tag, "StorageFailed")
            fs.rmSync(archive)
            fs.renameSync(`${archive}.away`, archive)
            yield* outbox.put(numbered(3))
            assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("office")), [1, 3])
          })
        )
      })
  )

  it.scoped("messages that made room are told of, once a minute with their count", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const told: Array<unknown> = []
      const outbox = yield* open(directory, {
        settings: { max_messages: 3 },
        notify: (notice) => void told.push(notice)
      })
      yield* outbox.register("office")
      yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7], (n) => outbox.put(numbered(n)))
      assert.deepStrictEqual(told, [])
      yield* TestClock.adjust("61 seconds")
      assert.deepStrictEqual(told, [{ kind: "dropped", messages: 4 }])
    })
  )

  it.scoped("closing carries out what was asked for, and refuses what comes later", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { outbox, puts } = yield* lives(directory, (outbox) =>
        Effect.gen(function* () {
          const puts = yield* Effect.forkDaemon(outbox.putAll([1, 2].map((n) => numbered(n))))
          yield* Effect.yieldNow()
          return { outbox, puts }
        })
      )
      assert.lengthOf(yield* Fiber.join(puts), 2)
      assert.strictEqual((yield* Effect.flip(outbox.put(numbered(3))))._tag, "StorageFailed")
      const got = yield* lives(directory, (again) => Effect.flatMap(again.drain("office"), (drain) => drainAll(drain)))
      assert.deepStrictEqual(got, [1, 2])
    })
  )
})
