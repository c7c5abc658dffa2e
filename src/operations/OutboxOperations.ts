/** The verbs of the outbox: what waits to be sent, what was confirmed, what was ever put. */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type {
  ArchiveRange,
  OutboxPage,
  OutboxQuery,
  OutboxStats,
  Receipt,
  ReceiptQuery,
  RetrySelection
} from "../domain/Outbox.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { UplinkStatus } from "../domain/Uplink.js"
import type { Remote } from "./Unreachable.js"

/** `csv` is the archive's own form; a line of `ndjson` is one message with its time. */
export const ArchiveFormat = Schema.Literal("ndjson", "csv")
export type ArchiveFormat = typeof ArchiveFormat.Type

type Failure = StorageFailed | Remote

export class OutboxOperations extends Context.Tag("outpost/operations/OutboxOperations")<
  OutboxOperations,
  {
    /** A page of the queue, by number. */
    readonly list: (query: OutboxQuery) => Effect.Effect<OutboxPage, Failure>
    /** What far sides have confirmed, newest first. */
    readonly receipts: (query: ReceiptQuery) => Effect.Effect<ReadonlyArray<Receipt>, Failure>
    readonly stats: Effect.Effect<OutboxStats, Failure>
    /** How each uplink of the config is doing, by name. */
    readonly uplinks: Effect.Effect<ReadonlyArray<UplinkStatus>, Failure>
    /** Puts what was set aside back in line; answers how many. Durable once it returns. */
    readonly retry: (selection: RetrySelection) => Effect.Effect<number, Failure>
    /** The archive as a file. Fails before the first byte, or cuts it short with an error. */
    readonly export: (
      format: ArchiveFormat,
      range: ArchiveRange
    ) => Effect.Effect<Stream.Stream<Uint8Array, Failure>, Failure>
    /** Lets the uplinks deliver what waits, for so long at most, then hands them nothing more. Answers what is left. */
    readonly stop: (limit: Duration.Duration) => Effect.Effect<OutboxStats, Failure>
    /** Messages are handed to the uplinks again. */
    readonly start: Effect.Effect<void, Failure>
  }
>() {}
