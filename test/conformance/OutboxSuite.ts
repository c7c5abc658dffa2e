/** What `Outbox` promises, whatever keeps the queue. Each test has an outbox of its own, full at five messages. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope, Stream, TestClock } from "effect"
import type { Context } from "effect"
import type { OutboxSettings } from "../../src/outbox/Settings.js"
import type { Outbox } from "../../src/outbox/Outbox.js"
import { data, drainAll, numbered, numberOf } from "../support/OutboxSite.js"

type Service = Context.Tag.Service<Outbox>
type Open = (settings: ConstructorParameters<typeof OutboxSettings>[0]) => Effect.Effect<Service, unknown, Scope.Scope>

/** `live`: its disk takes real time, which the clock of a test does not know. */
export const suite = (name: string, open: Open) =>
  describe(`Outbox ${name}`, () => {
    const small = { max_messages: 5, receipts: 4 }

    it.scoped("each uplink drains the queue for itself, in order, and the last one empties it", () =>
      Effect.gen(function* () {
        const outbox = yield* open({})
        yield* outbox.register("a")
        yield* outbox.register("b")
        const ids = yield* outbox.putAll([1, 2, 3].map((n) => numbered(n)))
        assert.deepStrictEqual(
          ids,
          [...ids].sort((x, y) => x - y)
        )
        assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("a"), 2), [1, 2, 3])
        assert.strictEqual((yield* outbox.stats).messages, 3)
        assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("b"), 2), [1, 2, 3])
        const { bytes, messages, uplinks } = yield* outbox.stats
        assert.deepStrictEqual([messages, bytes], [0, 0])
        assert.deepStrictEqual(
          uplinks.map(({ delivered, name, waiting }) => ({ name, waiting, delivered })),
          [
            { name: "a", waiting: 0, delivered: 3 },
            { name: "b", waiting: 0, delivered: 3 }
          ]
        )
      })
    )

    it.scoped("urgent goes before normal before bulk, within a priority the older one", () =>
      Effect.gen(function* () {
        const outbox = yield* open({})
        yield* outbox.register("a")
        yield* outbox.put(numbered(1, { priority: "bulk" }))
        yield* outbox.put(numbered(2))
        const drain = yield* outbox.drain("a")
        const [first] = yield* drain.take(1)
        assert.deepStrictEqual(first && numberOf(first), 2)
        yield* outbox.put(numbered(3, { priority: "urgent" }))
        yield* outbox.put(numbered(4))
        assert.deepStrictEqual((yield* drain.take(10)).concat(yield* drain.take(10)).map(numberOf), [3, 4, 1])
      })
    )

    it.scoped("what is in flight is given to nobody else, may be confirmed out of order, and comes back first", () =>
      Effect.gen(function* () {
        const outbox = yield* open({})
        yield* outbox.register("a")
        yield* outbox.putAll([1, 2, 3, 4].map((n) => numbered(n)))
        const [one, two] = [yield* outbox.drain("a"), yield* outbox.drain("a")]
        const first = yield* one.take(3)
        assert.deepStrictEqual(first.map(numberOf), [1, 2, 3])
        assert.deepStrictEqual((yield* two.take(3)).map(numberOf), [4])
        yield* one.ack(first.slice(1, 2).map(({ id }) => id))
        assert.strictEqual(yield* one.waiting, 3)
        yield* one.giveBack(first.slice(0, 1).map(({ id }) => id))
        assert.deepStrictEqual((yield* two.take(9)).map(numberOf), [1])
        assert.strictEqual((yield* outbox.stats).uplinks[0]?.in_flight, 3)
      })
    )

    it.scoped("a drain that ends gives back what it has not settled", () =>
      Effect.gen(function* () {
        const outbox = yield* open({})
        yield* outbox.register("a")
        yield* outbox.putAll([1, 2].map((n) => numbered(n)))
        const scope = yield* Scope.make()
        const dying = yield* Scope.extend(outbox.drain("a"), scope)
        const [taken] = yield* dying.take(1)
        const next = yield* outbox.drain("a")
        assert.deepStrictEqual((yield* next.take(9)).map(numberOf), [2])
        yield* Scope.close(scope, Exit.void)
        const [again] = yield* next.take(9)
        assert.deepStrictEqual(again, taken)
      })
    )

    it.scoped("who waits for work is woken by a put, a return, a retry and a start", () =>
      Effect.gen(function* () {
        const outbox = yield* open({})
        yield* outbox.register("a")
        const drain = yield* outbox.drain("a")
        const woken = yield* Effect.fork(drain.awaitWork)
        const id = yield* outbox.put(numbered(1))
        yield* Fiber.join(woken)
        assert.lengthOf(yield* drain.take(1), 1)
        const returned = yield* Effect.fork(drain.awaitWork)
        yield* Effect.yieldNow()
        yield* drain.giveBack([id])
        yield* Fiber.join(returned)
        assert.lengthOf(yield* drain.take(1), 1)
        yield* drain.reject(id, "unsendable")
        const retried = yield* Effect.fork(drain.awaitWork)
        assert.strictEqual(yield* outbox.retry({ uplink: "a" }), 1)
        yield* Fiber.join(retried)
        yield* outbox.stop(0)
        assert.lengthOf(yield* drain.take(1), 0)
        const started = yield* Effect.fork(drain.awaitWork)
        yield* Effect.yieldNow()
        assert.isNull(started.unsafePoll())
        yield* outbox.start
        yield* Fiber.join(started)
        assert.lengthOf(yield* drain.take(1), 1)
      })
    )

    it.scoped(
      "a message that can't be sent is set aside with its reason, the rest goes on, and retry brings it back",
      () =>
        Effect.gen(function* () {
          const outbox = yield* open({})
          yield* outbox.register("a")
          yield* outbox.register("b")
          yield* outbox.putAll([1, 2].map((n) => numbered(n)))
          const poison = yield* outbox.put(numbered(3))
          const drain = yield* outbox.drain("a")
          const taken = yield* drain.take(3)
          yield* drain.reject(poison, "too long for the broker")
          yield* drain.ack(taken.filter(({ id }) => id !== poison).map(({ id }) => id))
          assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("b")), [1, 2, 3])
          const { messages } = yield* outbox.list({ setAside: true })
          assert.deepStrictEqual(
            messages.map(({ id, set_aside, waiting_for }) => [id, waiting_for, set_aside.map((each) => each.reason)]),
            [[poison, [], ["too long for the broker"]]]
          )
          assert.deepStrictEqual(yield* drainAll(drain), [])
          assert.strictEqual(yield* outbox.retry({ ids: [] }), 0)
          assert.strictEqual(yield* outbox.retry({ uplink: "b" }), 0)
          assert.strictEqual(yield* outbox.retry({}), 1)
          assert.deepStrictEqual(yield* drainAll(drain), [3])
          assert.strictEqual((yield* outbox.stats).messages, 0)
        })
    )

    it.scoped("without an uplink messages are archived and nothing is queued for ever", () =>
      Effect.gen(function* () {
        const outbox = yield* open(small)
        yield* outbox.putAll([1, 2, 3, 4, 5, 6, 7].map((n) => numbered(n)))
        assert.strictEqual((yield* outbox.stats).messages, 0)
        yield* outbox.register("a")
        yield* outbox.put(numbered(8))
        assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("a")), [8])
        const archived = yield* Stream.runCollect(outbox.archived({}))
        assert.deepStrictEqual([...archived].map(numberOf), [1, 2, 3, 4, 5, 6, 7, 8])
      })
    )

    it.scoped("an uplink that is forgotten holds nothing back; one that comes again begins anew", () =>
      Effect.gen(function* () {
        const outbox = yield* open({})
        yield* outbox.register("a")
        yield* outbox.register("b")
        yield* outbox.putAll([1, 2].map((n) => numbered(n)))
        const abandoned = yield* outbox.drain("b")
        assert.lengthOf(yield* abandoned.take(1), 1)
        yield* outbox.retain(["a"])
        assert.lengthOf(yield* abandoned.take(9), 0)
        assert.strictEqual((yield* Effect.flip(Effect.scoped(outbox.drain("b"))))._tag, "UplinkUnknown")
        assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("a")), [1, 2])
        assert.strictEqual((yield* outbox.stats).messages, 0)
        yield* outbox.register("b")
        yield* outbox.register("b")
        assert.lengthOf((yield* outbox.stats).uplinks, 2)
        assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("b")), [])
      })
    )

    it.scoped("what has expired is not sent, and counted", () =>
      Effect.gen(function* () {
        const outbox = yield* open({})
        yield* outbox.register("a")
        yield* outbox.put(numbered(1, { expiresAfter: 1_000 }))
        yield* outbox.put(numbered(2, { expiresAfter: 60_000 }))
        yield* outbox.put(numbered(3))
        const drain = yield* outbox.drain("a")
        yield* drain.giveBack((yield* drain.take(1)).map(({ id }) => id))
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual((yield* drain.take(1)).map(numberOf), [2])
        const { expired, messages } = yield* outbox.stats
        assert.deepStrictEqual([expired, messages], [1, 2])
      })
    )

    it.scoped("full: the oldest bulk makes room, then the oldest normal, never an urgent one, and it is counted", () =>
      Effect.gen(function* () {
        const outbox = yield* open(small)
        yield* outbox.register("a")
        yield* outbox.putAll([
          numbered(1, { priority: "urgent" }),
          numbered(2),
          numbered(3, { priority: "bulk" }),
          numbered(4, { priority: "bulk" }),
          numbered(5)
        ])
        yield* outbox.put(numbered(6))
        yield* outbox.putAll([numbered(7), numbered(8)])
        assert.strictEqual((yield* Effect.flip(outbox.put(numbered(9, { priority: "bulk" }))))._tag, "OutboxFull")
        const { dropped, messages } = yield* outbox.stats
        assert.deepStrictEqual([dropped, messages], [3, 5])
        assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("a")), [1, 5, 6, 7, 8])
        yield* outbox.putAll([1, 2, 3, 4, 5].map((n) => numbered(n, { priority: "urgent" })))
        assert.strictEqual((yield* Effect.flip(outbox.put(numbered(6, { priority: "urgent" }))))._tag, "OutboxFull")
      })
    )

    it.scoped("full, where it refuses: the sender is told, and nothing of the message is left", () =>
      Effect.gen(function* () {
        const outbox = yield* open({ ...small, when_full: "refuse" })
        yield* outbox.register("a")
        yield* outbox.putAll([1, 2, 3, 4].map((n) => numbered(n)))
        const error = yield* Effect.flip(outbox.putAll([5, 6].map((n) => numbered(n))))
        assert.strictEqual(error._tag, "OutboxFull")
        yield* outbox.put(numbered(7))
        assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("a")), [1, 2, 3, 4, 7])
        const archived = yield* Stream.runCollect(outbox.archived({}))
        assert.deepStrictEqual([...archived].map(numberOf), [1, 2, 3, 4, 7])
      })
    )

    it.scoped("what is no message is refused with its field, and a list as a whole", () =>
      Effect.gen(function* () {
        const outbox = yield* open({})
        yield* outbox.register("a")
        const refused = (input: Parameters<Service["put"]>[0]) =>
          Effect.map(Effect.flip(outbox.put(input)), (error) => (error._tag === "MessageRefused" ? error.field : ""))
        assert.strictEqual(yield* refused(data({ t: NaN })), "data.t")
        assert.strictEqual(yield* refused(data({ logging: 1 })), "data.logging")
        assert.strictEqual(yield* refused(numbered(1, { at: Infinity })), "at")
        assert.strictEqual(yield* refused(numbered(1, { expiresAfter: -1 })), "expiresAfter")
        const config = { variant: "config", status: "startup", config: { deep: { x: Infinity } } } as const
        assert.strictEqual(yield* refused({ body: config }), "config")
        const all = yield* Effect.flip(outbox.putAll([numbered(1), data({ t: Infinity })]))
        assert.strictEqual(all._tag === "MessageRefused" && all.field, "1.data.t")
        assert.strictEqual((yield* outbox.stats).messages, 0)
        assert.deepStrictEqual([...(yield* Stream.runCollect(outbox.archived({})))], [])
      })
    )

    it.scoped("each message has its own time and the revision of its creation; no two times are the same", () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(1_795_304_058_026)
        const outbox = yield* open({})
        yield* outbox.register("a")
        yield* outbox.putAll([numbered(1), numbered(2), numbered(3, { at: 1_795_304_000_500 })])
        yield* TestClock.adjust("10 seconds")
        const messages = yield* (yield* outbox.drain("a")).take(9)
        assert.deepStrictEqual(
          messages.map(({ micros }) => micros),
          [1_795_304_058_026_000, 1_795_304_058_026_001, 1_795_304_000_500_000]
        )
        assert.deepStrictEqual([...new Set(messages.map(({ revision }) => revision))], [7])
      })
    )

    it.scoped("receipts say what was confirmed and when, the newest so many", () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(1_000_000)
        const outbox = yield* open(small)
        yield* outbox.register("a")
        yield* outbox.register("b")
        const first = yield* outbox.put(numbered(1))
        yield* outbox.putAll([2, 3].map((n) => numbered(n)))
        yield* TestClock.adjust("5 seconds")
        yield* drainAll(yield* outbox.drain("a"))
        assert.deepStrictEqual(
          (yield* outbox.receipts({ id: first })).map(({ at, confirmed_at, uplink }) => [uplink, at, confirmed_at]),
          [["a", 1_000, 1_005]]
        )
        yield* drainAll(yield* outbox.drain("b"), 1)
        const receipts = yield* outbox.receipts({})
        assert.deepStrictEqual(
          receipts.map(({ uplink }) => uplink),
          ["b", "b", "b", "a"]
        )
        assert.lengthOf(yield* outbox.receipts({ uplink: "a", limit: 9 }), 1)
      })
    )

    it.scoped("the queue is listed page by page", () =>
      Effect.gen(function* () {
        const outbox = yield* open({})
        yield* outbox.register("a")
        yield* outbox.putAll([1, 2, 3].map((n) => numbered(n, n === 2 ? { priority: "bulk" } : {})))
        const first = yield* outbox.list({ limit: 2 })
        assert.deepStrictEqual(first.messages.map(numberOf), [1, 2])
        const second = yield* outbox.list({ limit: 2, after: first.next ?? 0 })
        assert.deepStrictEqual([second.messages.map(numberOf), second.next], [[3], null])
        assert.deepStrictEqual((yield* outbox.list({ priority: "bulk" })).messages.map(numberOf), [2])
        assert.deepStrictEqual((yield* outbox.list({ uplink: "nobody" })).messages, [])
        assert.deepStrictEqual(first.messages[0]?.waiting_for, ["a"])
      })
    )

    it.scoped(
      "ivy 14.2, 14.24: settling waits for the whole queue, not for what is in flight, and tells what is left",
      () =>
        Effect.gen(function* () {
          const outbox = yield* open({})
          yield* outbox.register("a")
          yield* outbox.putAll([1, 2, 3].map((n) => numbered(n)))
          const drain = yield* outbox.drain("a")
          const stopping = yield* Effect.fork(outbox.stop("10 seconds"))
          yield* drain.ack((yield* drain.take(2)).map(({ id }) => id))
          yield* Effect.yieldNow()
          assert.isNull(stopping.unsafePoll())
          yield* TestClock.adjust("11 seconds")
          const left = yield* Fiber.join(stopping)
          assert.deepStrictEqual([left.stopped, left.uplinks[0]?.waiting], [true, 1])
          assert.lengthOf(yield* drain.take(9), 0)
          yield* outbox.start
          const settling = yield* Effect.fork(outbox.settle("10 seconds"))
          assert.deepStrictEqual(yield* drainAll(drain), [3])
          yield* Fiber.join(settling)
        })
    )
  })
