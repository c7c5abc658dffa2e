/**
 * What keeps the queue: everything that changes it comes as one batch, which is applied as a whole or not at all. The
 * promises of `Outbox` stand on it; who waits, what is in flight and who is woken is no business of it.
 *
 * @internal
 */
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { OutboxQuery, Receipt, ReceiptQuery, RetrySelection } from "../../domain/Outbox.js"
import type { Priority } from "../../domain/Message.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { ArchivedLine } from "../ArchiveLine.js"

/** Priorities in their order; a rank is a place in it. */
export const priorities: ReadonlyArray<Priority> = ["urgent", "normal", "bulk"]

/** A message on its way into the queue, its number given. */
export interface NewMessage {
  readonly id: number
  readonly micros: number
  readonly revision: number
  readonly rank: number
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null
  readonly text: string
  readonly bytes: number
}

/** A message as it lies in the queue. */
export type StoredMessage = Omit<NewMessage, "bytes">

export interface ListedMessage extends StoredMessage {
  readonly waitingFor: ReadonlyArray<string>
  readonly setAside: ReadonlyArray<{ readonly uplink: string; readonly reason: string; readonly at: number }>
}

export interface Room {
  readonly messages: number
  readonly bytes: number
}

/** What changes beside new messages. `except`: what is in flight stays. */
export type Order = Data.TaggedEnum<{
  Register: { readonly uplink: string }
  Retain: { readonly uplinks: ReadonlyArray<string> }
  /** The far side has these. */
  Deliver: { readonly uplink: number; readonly ids: ReadonlyArray<number> }
  Reject: { readonly uplink: number; readonly id: number; readonly reason: string }
  Retry: RetrySelection
  Expire: { readonly except: ReadonlyArray<number> }
  /** Drops messages of this rank and below, lowest first, then oldest, to free so much; none where not `least` can be. */
  MakeRoom: Room & { readonly least: Room; readonly rank: number; readonly except: ReadonlyArray<number> }
  /** Gives up what was set aside, and forgets receipts, of before this time. */
  Prune: { readonly before: number }
}>
export const Order = Data.taggedEnum<Order>()

export interface Batch {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Carried out first, one after the other. */
  readonly orders: ReadonlyArray<Order>
  /** Archived, and queued for the uplinks there are then. */
  readonly puts: ReadonlyArray<NewMessage>
}

export interface UplinkCounts {
  readonly id: number
  readonly name: string
  readonly waiting: number
  readonly setAside: number
  readonly delivered: number
  readonly lastDeliveredAt: number | null
}

/** The figures of the queue as they are behind a batch. */
export interface Figures {
  readonly uplinks: ReadonlyArray<UplinkCounts>
  readonly messages: number
  readonly bytes: number
  readonly dropped: number
  readonly expired: number
  readonly lastId: number
  /** When the next message expires, in milliseconds since the epoch. */
  readonly nextExpiry: number | null
}

export interface Outcome {
  readonly figures: Figures
  /** For each order how many messages it concerned. */
  readonly counts: ReadonlyArray<number>
}

export interface QueueStore {
  readonly figures: Effect.Effect<Figures, StorageFailed>
  /** Applied and durable once it returns. */
  readonly commit: (batch: Batch) => Effect.Effect<Outcome, StorageFailed>
  /** The next messages of an uplink up to a number, in order. */
  readonly page: (
    uplink: number,
    options: { readonly upTo: number; readonly except: ReadonlyArray<number>; readonly limit: number }
  ) => Effect.Effect<ReadonlyArray<StoredMessage>, StorageFailed>
  /** The time of the oldest message that waits for an uplink, in microseconds. */
  readonly oldest: (uplink: number) => Effect.Effect<number | null, StorageFailed>
  readonly list: (
    query: OutboxQuery & { readonly limit: number }
  ) => Effect.Effect<ReadonlyArray<ListedMessage>, StorageFailed>
  readonly receipts: (
    query: ReceiptQuery & { readonly limit: number }
  ) => Effect.Effect<ReadonlyArray<Receipt>, StorageFailed>
  /** The archive from a day on. */
  readonly archived: (from: string | undefined) => Stream.Stream<ArchivedLine, StorageFailed>
  /** Removes the archive of the days before. */
  readonly forget: (before: string) => Effect.Effect<void, StorageFailed>
}
