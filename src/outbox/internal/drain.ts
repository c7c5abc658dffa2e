/**
 * One uplink's hold on the queue.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { MessageId } from "../../domain/Outbox.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import * as MessageText from "../MessageText.js"
import type { Drain, QueuedMessage } from "../Outbox.js"
import type { Intake } from "./intake.js"
import type { Pulse } from "./pulse.js"
import { Order, priorities, type QueueStore, type StoredMessage } from "./queueStore.js"
import type { UplinkBook } from "./uplinkBook.js"
import type { UplinkQueue } from "./uplinkQueue.js"

export interface Options {
  readonly store: QueueStore
  readonly intake: Intake
  readonly book: UplinkBook
  readonly pulse: Pulse
  readonly stopped: () => boolean
}

/** Messages that are read at once, beside what is asked for. */
const page = 256

export const make = (options: Options, uplink: UplinkQueue) =>
  Effect.gen(function* () {
    const { book, intake, pulse, stopped, store } = options
    /** What this drain has taken: some of it may be settled since. */
    const taken = new Set<number>()

    const giveBack = (ids: Iterable<number>) =>
      Effect.sync(() => {
        let some = false
        for (const id of ids) {
          taken.delete(id)
          some = uplink.inFlight.delete(id) || some
        }
        if (!some) return
        uplink.lookAnew()
        pulse.fire()
      })

    /** A row that can't be read holds nobody up: it is set aside like one that can't be sent. */
    const readable = (row: StoredMessage): Effect.Effect<ReadonlyArray<QueuedMessage>, StorageFailed> =>
      Either.match(MessageText.decode(row.text), {
        onLeft: ({ message: reason }) =>
          Effect.as(intake.order(Order.Reject({ uplink: uplink.counts.id, id: row.id, reason })), []),
        onRight: (body) =>
          Effect.succeed([
            {
              id: MessageId.make(row.id, true),
              micros: row.micros,
              revision: row.revision,
              priority: priorities[row.rank] ?? "normal",
              expiresAt: row.expiresAt ?? undefined,
              body,
              text: row.text
            }
          ])
      })

    const read = Effect.fnUntraced(function* (max: number) {
      const rows = yield* store.page(uplink.counts.id, {
        upTo: book.figures.lastId,
        except: [...uplink.inFlight],
        limit: max + page
      })
      const found: Array<QueuedMessage> = []
      for (const row of rows) found.push(...(yield* readable(row)))
      return found
    })

    const take = (max: number) =>
      Effect.gen(function* () {
        if (stopped() || max <= 0) return []
        const now = yield* Clock.currentTimeMillis
        const ready = uplink.next(max, now)
        if (ready.length > 0 || uplink.available <= 0) return ready
        const { nextExpiry } = book.figures
        if (nextExpiry !== null && nextExpiry <= now) yield* intake.order(Order.Expire({ except: book.inFlight }))
        const { version } = uplink
        const found = yield* read(max)
        return uplink.taken(found, max, version)
      }).pipe(
        Effect.tap((messages) => Effect.sync(() => messages.forEach(({ id }) => taken.add(id)))),
        Effect.uninterruptible,
        uplink.reading.withPermits(1)
      )

    yield* Effect.addFinalizer(() => giveBack([...taken]))
    return {
      take,
      awaitWork: pulse.until(() => !stopped() && uplink.available > 0),
      ack: (ids) =>
        ids.length === 0
          ? Effect.void
          : intake
              .order(Order.Deliver({ uplink: uplink.counts.id, ids }))
              .pipe(Effect.zipRight(Effect.sync(() => ids.forEach((id) => taken.delete(id))))),
      giveBack,
      reject: (id, reason) =>
        intake
          .order(Order.Reject({ uplink: uplink.counts.id, id, reason }))
          .pipe(Effect.zipRight(Effect.sync(() => taken.delete(id)))),
      waiting: Effect.sync(() => uplink.counts.waiting)
    } satisfies Drain
  })
