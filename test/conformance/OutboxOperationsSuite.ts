/** What `OutboxOperations` promises, whoever carries it out. The layer begins as `OutboxDouble` says. */
import { OutboxOperations } from "../../src/operations/OutboxOperations.js"
import { assert } from "@effect/vitest"
import { Chunk, Duration, Effect, Layer, Stream } from "effect"
import { MessageId } from "../../src/domain/Outbox.js"
import { layer as testLayer } from "../support/SharedLayer.js"

export const suite = <E>(name: string, layer: Layer.Layer<OutboxOperations, E>) =>
  testLayer(layer, { excludeTestServices: true })(`OutboxOperations ${name}`, (it) => {
    it.effect("messages are listed with who waits for them, and why they were set aside", () =>
      Effect.gen(function* () {
        const outbox = yield* OutboxOperations
        const { messages, next } = yield* outbox.list({ limit: 2 })
        assert.deepStrictEqual([messages.map(({ id }) => Number(id)), Number(next)], [[1, 2], 2])
        const [first, second] = messages
        assert.deepStrictEqual(
          [first?.priority, first?.at, first?.expires_at, first?.body, first?.waiting_for],
          ["urgent", Date.UTC(2026, 10, 21, 12) / 1000, null, { variant: "data", data: { n: 1 } }, ["office"]]
        )
        assert.deepStrictEqual(
          second?.set_aside.map(({ reason, uplink }) => [uplink, reason]),
          [["office", "the broker refused it"]]
        )
        const rest = yield* outbox.list({ after: next ?? 0 })
        assert.deepStrictEqual([rest.messages.map(({ id }) => Number(id)), rest.next], [[4], null])
        const ids = (query: Parameters<typeof outbox.list>[0]) =>
          Effect.map(outbox.list(query), (page) => page.messages.map(({ id }) => Number(id)))
        assert.deepStrictEqual(yield* ids({ setAside: true }), [2])
        assert.deepStrictEqual(yield* ids({ priority: "bulk", uplink: "office" }), [4])
        assert.deepStrictEqual(yield* ids({ uplink: "elsewhere" }), [])
      })
    )

    it.effect("the figures and the receipts", () =>
      Effect.gen(function* () {
        const outbox = yield* OutboxOperations
        const stats = yield* outbox.stats
        assert.deepStrictEqual([stats.messages, stats.dropped, stats.stopped], [3, 0, false])
        const [office] = stats.uplinks
        assert.deepStrictEqual(
          [office?.name, office?.waiting, office?.set_aside, office?.delivered, office?.in_flight],
          ["office", 2, 1, 1, 0]
        )
        const receipts = yield* outbox.receipts({ uplink: "office" })
        assert.deepStrictEqual(
          receipts.map(({ id, uplink }) => [Number(id), uplink]),
          [[3, "office"]]
        )
        assert.deepStrictEqual(yield* outbox.receipts({ id: MessageId.make(1) }), [])
      })
    )

    it.effect("the uplinks tell how they are connected", () =>
      Effect.gen(function* () {
        const [office, ...others] = yield* Effect.flatMap(OutboxOperations, (outbox) => outbox.uplinks)
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual(
          [office?.name, office?.use, office?.state, office?.waiting, office?.last_error?.message],
          ["office", "tenta", "waiting", 2, "connection refused"]
        )
      })
    )

    it.effect("the archive is exported whole or by time, as NDJSON and as CSV", () =>
      Effect.gen(function* () {
        const outbox = yield* OutboxOperations
        const text = (...request: Parameters<typeof outbox.export>) =>
          Effect.flatMap(outbox.export(...request), (bytes) =>
            Effect.map(Stream.runCollect(Stream.decodeText(bytes)), (parts) => Chunk.join(parts, ""))
          )
        assert.deepStrictEqual(
          (yield* text("ndjson", {}))
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line).message_body.data.n),
          [1, 2, 3, 4]
        )
        const noon = Date.UTC(2026, 10, 21, 12)
        assert.strictEqual(
          yield* text("csv", { since: noon, until: noon + 1_000 }),
          `timestamp,message_body\n${noon / 1000}.0,"{""variant"":""data"",""data"":{""n"":1}}"\n` +
            `${noon / 1000}.5,"{""variant"":""data"",""data"":{""n"":2}}"\n`
        )
      })
    )

    it.effect("stopping tells what is left, starting goes on", () =>
      Effect.gen(function* () {
        const outbox = yield* OutboxOperations
        const left = yield* outbox.stop(Duration.zero)
        assert.deepStrictEqual([left.stopped, left.uplinks[0]?.waiting], [true, 2])
        yield* outbox.start
        assert.isFalse((yield* outbox.stats).stopped)
      })
    )

    it.effect("what was set aside is tried again", () =>
      Effect.gen(function* () {
        const outbox = yield* OutboxOperations
        assert.strictEqual(yield* outbox.retry({ uplink: "elsewhere" }), 0)
        assert.strictEqual(yield* outbox.retry({ ids: [MessageId.make(1)] }), 0)
        assert.strictEqual(yield* outbox.retry({ ids: [MessageId.make(2)] }), 1)
        assert.deepStrictEqual((yield* outbox.list({ setAside: true })).messages, [])
      })
    )
  })
