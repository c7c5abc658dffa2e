/**
 * The queue as it is told of.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import {
  MessageId,
  type OutboxEntry,
  type OutboxPage,
  type OutboxStats,
  type UplinkStats
} from "../../domain/Outbox.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import * as MessageText from "../MessageText.js"
import type { OutboxSettings } from "../Settings.js"
import { type ListedMessage, priorities, type QueueStore } from "./queueStore.js"
import type { UplinkBook } from "./uplinkBook.js"

/** `rows`: one more than the limit where there are more. */
export const page = (rows: ReadonlyArray<ListedMessage>, limit: number): OutboxPage => {
  const messages = rows.slice(0, limit).map(entry)
  return { messages, next: rows.length > limit ? (messages.at(-1)?.id ?? null) : null }
}

export interface StatsOptions {
  readonly book: UplinkBook
  readonly store: QueueStore
  readonly settings: OutboxSettings
  readonly stopped: () => boolean
}

export const stats = ({ book, settings, stopped, store }: StatsOptions): Effect.Effect<OutboxStats, StorageFailed> =>
  Effect.gen(function* () {
    const uplinks = yield* Effect.forEach(book.all, ({ counts, inFlight }) =>
      Effect.map(store.oldest(counts.id), (oldest): UplinkStats => ({
        name: counts.name,
        waiting: counts.waiting,
        in_flight: inFlight.size,
        set_aside: counts.setAside,
        delivered: counts.delivered,
        oldest_at: oldest === null ? null : oldest / 1e6,
        last_delivered_at: seconds(counts.lastDeliveredAt)
      }))
    )
    const { bytes, dropped, expired, messages } = book.figures
    const oldest = uplinks.flatMap(({ oldest_at }) => oldest_at ?? [])
    return {
      messages,
      bytes,
      max_messages: settings.max_messages,
      max_bytes: settings.max_bytes,
      dropped,
      expired,
      oldest_at: oldest.length === 0 ? null : Math.min(...oldest),
      stopped: stopped(),
      uplinks
    }
  })

// ------------------------------------------------------------------------------------------------------------------

const seconds = (millis: number | null): number | null => (millis === null ? null : millis / 1000)

const entry = (row: ListedMessage): OutboxEntry => ({
  id: MessageId.make(row.id, true),
  at: row.micros / 1e6,
  revision: row.revision,
  priority: priorities[row.rank] ?? "normal",
  expires_at: seconds(row.expiresAt),
  body: Either.getOrElse(MessageText.decode(row.text), (): unknown => row.text),
  waiting_for: row.waitingFor,
  set_aside: row.setAside.map(({ at, reason, uplink }) => ({ uplink, reason, at: at / 1000 }))
})
