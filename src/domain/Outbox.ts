/** The outbox as it is told of over HTTP and on the command line, and what it refuses. Times are seconds since the epoch. */
import * as Schema from "effect/Schema"
import { Priority } from "./Message.js"

/** The number of a message: never used again, also after the message has left the queue. */
export const MessageId = Schema.Int.pipe(Schema.positive(), Schema.brand("MessageId"))
export type MessageId = typeof MessageId.Type

/** An uplink's name, as its section of the config is called. */
export const UplinkName = Schema.NonEmptyTrimmedString.pipe(
  Schema.maxLength(200, { message: () => "expected 1 to 200 characters" })
)

/** No room for a message, by the policy that is set. What was given is neither archived nor queued. */
export class OutboxFull extends Schema.TaggedError<OutboxFull>()("OutboxFull", {
  messages: Schema.NonNegativeInt,
  bytes: Schema.NonNegativeInt
}) {
  override get message() {
    return `the outbox is full: ${this.messages} messages of ${this.bytes} bytes wait to be sent`
  }
}

/** No uplink of this name is registered. */
export class UplinkUnknown extends Schema.TaggedError<UplinkUnknown>()("UplinkUnknown", {
  uplink: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `no uplink '${this.uplink}'; there ${this.known.length === 0 ? "is none" : `are ${this.known.join(", ")}`}`
  }
}

/** One uplink's view of the queue. */
export const UplinkStats = Schema.Struct({
  name: Schema.String,
  /** Not yet confirmed by the far side, those under way among them; what was set aside is not. */
  waiting: Schema.NonNegativeInt,
  in_flight: Schema.NonNegativeInt,
  set_aside: Schema.NonNegativeInt,
  /** Since the uplink was registered. */
  delivered: Schema.NonNegativeInt,
  /** When the oldest of those that wait was made. */
  oldest_at: Schema.NullOr(Schema.Number),
  last_delivered_at: Schema.NullOr(Schema.Number)
})
export type UplinkStats = typeof UplinkStats.Type

export const OutboxStats = Schema.Struct({
  /** Messages that some uplink has not delivered yet, and the bytes of their bodies. */
  messages: Schema.NonNegativeInt,
  bytes: Schema.NonNegativeInt,
  max_messages: Schema.NonNegativeInt,
  max_bytes: Schema.NonNegativeInt,
  /** Since the site was made: left the queue to make room, or because nobody wants them any more. */
  dropped: Schema.NonNegativeInt,
  expired: Schema.NonNegativeInt,
  oldest_at: Schema.NullOr(Schema.Number),
  /** Nothing is handed to the uplinks until the outbox is started again. */
  stopped: Schema.Boolean,
  uplinks: Schema.Array(UplinkStats)
})
export type OutboxStats = typeof OutboxStats.Type

/** A message in the queue. */
export const OutboxEntry = Schema.Struct({
  id: MessageId,
  at: Schema.Number,
  revision: Schema.Int,
  priority: Priority,
  expires_at: Schema.NullOr(Schema.Number),
  /** A message's body; the bare text of one that can't be read. */
  body: Schema.Unknown,
  /** Which uplinks have not delivered it yet. */
  waiting_for: Schema.Array(Schema.String),
  /** Uplinks that can't send it, and why. */
  set_aside: Schema.Array(Schema.Struct({ uplink: Schema.String, reason: Schema.String, at: Schema.Number }))
})
export type OutboxEntry = typeof OutboxEntry.Type

/** That the far side of an uplink has confirmed a message. */
export const Receipt = Schema.Struct({
  id: MessageId,
  uplink: Schema.String,
  /** The message's own time. */
  at: Schema.Number,
  confirmed_at: Schema.Number
})
export type Receipt = typeof Receipt.Type

/** Which messages of the queue, oldest number first. */
export interface OutboxQuery {
  /** Only what this uplink has not delivered. */
  readonly uplink?: string | undefined
  readonly priority?: Priority | undefined
  /** Only what was set aside by some uplink, or by the one named. */
  readonly setAside?: boolean | undefined
  /** Goes on behind this number: `next` of the page before. */
  readonly after?: number | undefined
  /** 1 to 1,000; default 100. */
  readonly limit?: number | undefined
}

/** `next` is null where there is nothing more for now. */
export const OutboxPage = Schema.Struct({ messages: Schema.Array(OutboxEntry), next: Schema.NullOr(MessageId) })
export type OutboxPage = typeof OutboxPage.Type

/** Which receipts, newest first. */
export interface ReceiptQuery {
  readonly uplink?: string | undefined
  /** Only those of this message. */
  readonly id?: MessageId | undefined
  /** 1 to 1,000; default 100. */
  readonly limit?: number | undefined
}

export const defaultLimit = 100
export const maximumLimit = 1_000

/** Which of the messages that were set aside are tried again: all, where nothing narrows them. */
export interface RetrySelection {
  readonly uplink?: string | undefined
  readonly ids?: ReadonlyArray<MessageId> | undefined
}

/** What is read of the archive: from this time on, and before that one. Milliseconds since the epoch. */
export interface ArchiveRange {
  readonly since?: number | undefined
  readonly until?: number | undefined
}
