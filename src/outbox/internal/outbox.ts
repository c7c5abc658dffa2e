/**
 * The outbox over whatever keeps the queue.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { MessageRefused, type MessageInput } from "../../domain/Message.js"
import { defaultLimit, MessageId, maximumLimit, UplinkUnknown } from "../../domain/Outbox.js"
import { dayOf } from "../Archive.js"
import * as MessageText from "../MessageText.js"
import { Outbox } from "../Outbox.js"
import type { OutboxSettings } from "../Settings.js"
import * as drain from "./drain.js"
import * as intake from "./intake.js"
import * as listing from "./listing.js"
import { Pulse } from "./pulse.js"
import { Order, priorities, type QueueStore } from "./queueStore.js"
import { Stamps } from "./stamps.js"
import { UplinkBook } from "./uplinkBook.js"
import * as upkeep from "./upkeep.js"

/** What someone should know of, beside what the journal finds. */
export interface OutboxNotice {
  readonly kind: "dropped"
  readonly messages: number
}

export interface Options {
  readonly settings: OutboxSettings
  /** The revision of the config in force. */
  readonly revision: Effect.Effect<number>
  readonly notify: (notice: OutboxNotice) => void
}

/** Messages of one `putAll` that are taken together. */
const together = 1_000

export const make = (options: Options, store: QueueStore) =>
  Effect.gen(function* () {
    const { notify, revision, settings } = options
    const pulse = new Pulse()
    const book = new UplinkBook(yield* store.figures, pulse)
    const stamps = new Stamps()
    let stopped = false
    /** Messages that made room, and were not told of yet. */
    let untold = 0

    const { order, put } = yield* intake.make({
      store,
      begin: book.figures,
      limits: { messages: settings.max_messages, bytes: settings.max_bytes, drop: settings.when_full === "drop" },
      inFlight: () => book.inFlight,
      committed: (batch, outcome) => book.committed(batch, outcome),
      dropped: (messages) => void (untold += messages)
    })

    const drafted = Effect.fnUntraced(function* (input: MessageInput) {
      const now = yield* Clock.currentTimeMillis
      const { bytes, text } = yield* MessageText.encode(input.body)
      const micros = stamps.of(input.at, now)
      const life = input.expiresAfter
      if (micros === undefined) return yield* new MessageRefused({ field: "at", reason: "not a time" })
      if (life !== undefined && !(life >= 0)) {
        return yield* new MessageRefused({ field: "expiresAfter", reason: "expected milliseconds, 0 or more" })
      }
      const expiresAt = life === undefined ? null : Math.ceil(micros / 1000 + life)
      const rank = priorities.indexOf(input.priority ?? "normal")
      return { micros, revision: yield* revision, rank, expiresAt: finiteOrNull(expiresAt), text, bytes }
    })

    const putAll = (inputs: ReadonlyArray<MessageInput>) =>
      Effect.gen(function* () {
        const drafts = yield* Effect.forEach(inputs, (input, index) =>
          Effect.mapError(
            drafted(input),
            ({ field, reason }) =>
              new MessageRefused({ field: field === "" ? `${index}` : `${index}.${field}`, reason })
          )
        )
        const ids: Array<MessageId> = []
        for (let from = 0; from < drafts.length; from += together) {
          for (const id of yield* put(drafts.slice(from, from + together))) ids.push(MessageId.make(id, true))
        }
        return ids
      })

    const settle = (limit: Duration.DurationInput) =>
      pulse.until(() => book.isEmpty).pipe(Effect.timeoutOption(limit), Effect.asVoid)

    const stats = listing.stats({ book, store, settings, stopped: () => stopped })

    const tell = Effect.suspend(() => {
      const messages = untold
      untold = 0
      if (messages === 0) return Effect.void
      notify({ kind: "dropped", messages })
      return Effect.logWarning(
        `the outbox is full: ${messages} messages made room for newer ones; the archive has them`
      )
    })
    yield* upkeep.start({ store, book, order, tell, days: settings.archive_days })

    return Outbox.of({
      put: (input) =>
        Effect.flatMap(drafted(input), (draft) => put([draft])).pipe(
          Effect.map(([id = 0]) => MessageId.make(id, true))
        ),
      putAll,
      register: (uplink) => Effect.asVoid(order(Order.Register({ uplink }))),
      retain: (uplinks) => Effect.asVoid(order(Order.Retain({ uplinks }))),
      drain: (name) =>
        Effect.suspend(() => {
          const uplink = book.get(name)
          return uplink === undefined
            ? new UplinkUnknown({ uplink: name, known: book.names })
            : drain.make({ store, intake: { order, put }, book, pulse, stopped: () => stopped }, uplink)
        }),
      retry: (selection) => order(Order.Retry(selection)),
      list: (query) => {
        const limit = bounded(query.limit)
        return Effect.map(store.list({ ...query, limit: limit + 1 }), (rows) => listing.page(rows, limit))
      },
      receipts: (query) => store.receipts({ ...query, limit: bounded(query.limit) }),
      stats,
      settle,
      stop: (limit) =>
        settle(limit).pipe(Effect.zipRight(Effect.sync(() => void (stopped = true))), Effect.zipRight(stats)),
      start: Effect.sync(() => {
        stopped = false
        pulse.fire()
      }),
      archived: ({ since = -Infinity, until = Infinity }) =>
        // A message that came late stands behind the day of its own time, never before it by more than a clock is wrong.
        store
          .archived(Number.isFinite(since) ? dayOf(since - Duration.toMillis("1 day")) : undefined)
          .pipe(Stream.filter(({ timestamp }) => timestamp * 1000 >= since && timestamp * 1000 < until))
    })
  })

// ------------------------------------------------------------------------------------------------------------------

const bounded = (limit: number | undefined) => Math.min(maximumLimit, Math.max(1, limit ?? defaultLimit))

const finiteOrNull = (value: number | null) => (value === null || !Number.isSafeInteger(value) ? null : value)
