/**
 * An outbox in memory with the uplink `office`: three messages wait (1 urgent, 2, 4 bulk), the second was set aside, number 3
 * was delivered.
 */
import { Context, Effect, Layer, Schema } from "effect"
import * as MemoryOutbox from "../../src/outbox/MemoryOutbox.js"
import { Outbox } from "../../src/outbox/Outbox.js"
import * as LocalOutboxOperations from "../../src/operations/LocalOutboxOperations.js"
import { UplinkStatus } from "../../src/domain/Uplink.js"
import { Uplinks } from "../../src/uplink/Uplinks.js"
import { TelemetryStore } from "../../src/telemetry/TelemetryStore.js"
import { numbered } from "./OutboxSite.js"

const outbox = Layer.scoped(
  Outbox,
  Effect.gen(function* () {
    const outbox = yield* MemoryOutbox.make()
    yield* outbox.register("office")
    const at = Date.UTC(2026, 10, 21, 12)
    yield* outbox.putAll([
      numbered(1, { at, priority: "urgent" }),
      numbered(2, { at: at + 500, expiresAfter: 1e12 }),
      numbered(3, { at: at + 1_000 }),
      numbered(4, { at: at + 86_400_000, priority: "bulk" })
    ])
    yield* Effect.scoped(
      Effect.gen(function* () {
        const drain = yield* outbox.drain("office")
        const messages = yield* drain.take(9)
        for (const { id } of messages) {
          if (id === 2) yield* drain.reject(id, "the broker refused it")
          if (id === 3) yield* drain.ack([id])
        }
      })
    )
    return outbox
  })
)

const quiet = Layer.succeed(TelemetryStore, {
  postSystem: () => Effect.void
} as unknown as Context.Tag.Service<TelemetryStore>)

const asStatus = Schema.validateSync(UplinkStatus)

/** `office` can't be reached; it delivered one message before. */
const uplinks = Layer.succeed(Uplinks, {
  reconcile: () => Effect.void,
  receiving: Effect.succeed(true),
  confirmed: Effect.succeed(1),
  status: Effect.succeed([
    asStatus({
      name: "office",
      use: "tenta",
      state: "waiting",
      connected_since: null,
      next_try_at: 1_795_304_060,
      in_flight: 0,
      waiting: 2,
      oldest_at: 1_795_262_400,
      set_aside: 1,
      delivered: 1,
      last_delivered_at: 1_795_262_401,
      connections: 1,
      last_error: { at: 1_795_304_000, message: "connection refused" }
    })
  ])
})

export const layer = LocalOutboxOperations.layer.pipe(Layer.provide([outbox, quiet, uplinks]), Layer.orDie)
