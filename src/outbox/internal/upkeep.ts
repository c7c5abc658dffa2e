/**
 * What has to be done now and then: messages nobody wants any more leave the queue, old days leave the archive.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dayOf } from "../Archive.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import { Order, type QueueStore } from "./queueStore.js"
import type { UplinkBook } from "./uplinkBook.js"

export interface Options {
  readonly store: QueueStore
  readonly book: UplinkBook
  readonly order: (order: Order) => Effect.Effect<number, StorageFailed>
  /** Says what has happened since the last time. */
  readonly tell: Effect.Effect<void>
  /** Days that things are kept; 0 is for ever. */
  readonly days: number
}

const every = Duration.minutes(1)

/** A portion leaves at a time: as long as something does, there may be more. */
const repeated = (work: Effect.Effect<number, StorageFailed>) => Effect.repeat(work, { until: (count) => count === 0 })

export const start = ({ book, days, order, store, tell }: Options) => {
  let cleanedOn = ""
  const expire = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    (book.figures.nextExpiry ?? Infinity) <= now
      ? repeated(Effect.suspend(() => order(Order.Expire({ except: book.inFlight }))))
      : Effect.void
  )
  const forget = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const today = dayOf(now)
    if (days === 0 || cleanedOn === today) return
    const before = now - days * Duration.toMillis("1 day")
    yield* order(Order.Prune({ before }))
    yield* store.forget(dayOf(before))
    cleanedOn = today
  })
  const round = Effect.all([tell, expire, forget], { discard: true }).pipe(
    Effect.catchAll((error) => Effect.logWarning(`the outbox was not cleaned: ${error.message}`))
  )
  return Effect.forkScoped(Effect.forever(Effect.zipRight(round, Effect.sleep(every))))
}
