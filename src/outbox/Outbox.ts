/**
 * What the station has to tell, on its way to the uplinks. A message is written into the archive of its day and into the
 * queue before its sender is told; both survive any death of the process and of the machine. Each registered uplink drains
 * the queue for itself, at its own pace; a message leaves the queue when all of them have delivered it, and the archive
 * keeps it. At least once: what a far side has confirmed but a crash kept us from noting is sent again, byte for byte.
 *
 * Order: urgent before normal before bulk, within a priority by number. Without any uplink messages are only archived, and
 * an uplink gets what is put from its registration on.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { MessageBody, MessageInput, MessageRefused, Priority } from "../domain/Message.js"
import type {
  ArchiveRange,
  MessageId,
  OutboxFull,
  OutboxPage,
  OutboxQuery,
  OutboxStats,
  Receipt,
  ReceiptQuery,
  RetrySelection,
  UplinkUnknown
} from "../domain/Outbox.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { ArchivedLine } from "./ArchiveLine.js"

/** A message as an uplink gets it, the same each time: (`micros`, `revision`) and `id` are its keys for the far side. */
export interface QueuedMessage {
  readonly id: MessageId
  /** Microseconds since the epoch at which it was measured or said; no two that were put without a time have the same. */
  readonly micros: number
  /** The revision of the config in force when it was put. */
  readonly revision: number
  readonly priority: Priority
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined
  readonly body: MessageBody
  /** The body as JSON, as it stands in the archive. */
  readonly text: string
}

/** One uplink's hold on the queue. What it has taken and not settled is free for others once its scope closes. */
export interface Drain {
  /**
   * The next messages in order, at most so many, now in flight: nobody else is given them until they are settled. Empty
   * where nothing waits, or while the outbox is stopped.
   */
  readonly take: (max: number) => Effect.Effect<ReadonlyArray<QueuedMessage>, StorageFailed>
  /** Suspends until `take` has something to give. Woken by each put, return, retry and start. */
  readonly awaitWork: Effect.Effect<void>
  /**
   * The far side has confirmed these: in any order, some or all of what is in flight. They leave this uplink's queue and
   * a receipt is kept. Durable once it returns. Numbers that do not wait are passed over.
   */
  readonly ack: (ids: ReadonlyArray<MessageId>) => Effect.Effect<void, StorageFailed>
  /** Not sent after all: they are first in line again, in their old order. */
  readonly giveBack: (ids: ReadonlyArray<MessageId>) => Effect.Effect<void>
  /** This uplink can never send it: set aside with the reason until `retry`, the rest goes on. Durable once it returns. */
  readonly reject: (id: MessageId, reason: string) => Effect.Effect<void, StorageFailed>
  /** What this uplink has not delivered yet, in flight or not. */
  readonly waiting: Effect.Effect<number>
}

export class Outbox extends Context.Tag("outpost/outbox/Outbox")<
  Outbox,
  {
    /**
     * Takes a message. Archived and queued, durably, once it returns. A sender that is interrupted while it waits does not
     * take its message back; one that is told of a failure may put it again.
     */
    readonly put: (input: MessageInput) => Effect.Effect<MessageId, MessageRefused | OutboxFull | StorageFailed>
    /**
     * Takes many at once, in their order, with one sync; their numbers in the same order. All or none, up to a thousand;
     * of more, whole thousands from the beginning may have been taken where it fails.
     */
    readonly putAll: (
      inputs: ReadonlyArray<MessageInput>
    ) => Effect.Effect<ReadonlyArray<MessageId>, MessageRefused | OutboxFull | StorageFailed>
    /** From now on messages are kept for an uplink of this name. One that is registered keeps its place. Durable. */
    readonly register: (uplink: string) => Effect.Effect<void, StorageFailed>
    /** Forgets all uplinks but these: they hold no message back any more. Durable. */
    readonly retain: (uplinks: ReadonlyArray<string>) => Effect.Effect<void, StorageFailed>
    /** A hold on the queue of one uplink. Several at a time share the uplink's messages, never one of them. */
    readonly drain: (uplink: string) => Effect.Effect<Drain, UplinkUnknown, Scope.Scope>
    /** Puts what was set aside back in line; answers how many. Durable. */
    readonly retry: (selection: RetrySelection) => Effect.Effect<number, StorageFailed>
    /** A page of the queue. */
    readonly list: (query: OutboxQuery) => Effect.Effect<OutboxPage, StorageFailed>
    /** What far sides have confirmed, newest first. Kept for the retention, and not more than the settings say. */
    readonly receipts: (query: ReceiptQuery) => Effect.Effect<ReadonlyArray<Receipt>, StorageFailed>
    readonly stats: Effect.Effect<OutboxStats, StorageFailed>
    /** Suspends until every uplink has delivered what waits for it, what is put meanwhile too, or until the time is over. */
    readonly settle: (limit: Duration.DurationInput) => Effect.Effect<void>
    /** `settle`, then hands out nothing more until `start`. Answers what is left. Puts are taken all the while. */
    readonly stop: (limit: Duration.DurationInput) => Effect.Effect<OutboxStats, StorageFailed>
    /** Messages are handed out again. */
    readonly start: Effect.Effect<void>
    /** The archive, day by day; within a day in the order of arrival. Lines that are none are passed over with a warning. */
    readonly archived: (range: ArchiveRange) => Stream.Stream<ArchivedLine, StorageFailed>
  }
>() {}
