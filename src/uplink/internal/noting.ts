/**
 * Confirmations on their way into the queue: one write at a time, with all that came during the one before. A message is done
 * with for the window when the far side has confirmed it, and noted here a moment later: a crash of the station repeats what
 * was under way and what came since the last write began, at most `most` and a window.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { MessageId } from "../../domain/Outbox.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { Drain } from "../../outbox/Outbox.js"
import type { Outcome } from "../Uplink.js"
import type { Board } from "./board.js"

export interface Noting {
  /** The far side has it, or can't be told of it: it leaves the queue. */
  readonly done: (id: MessageId, outcome: Outcome) => void
  /** It can't be sent; answers whether that is noted. Where it can't be, it is given back. */
  readonly setAside: (id: MessageId, reason: string) => Effect.Effect<boolean>
  /** Suspends while too many wait for the disk. */
  readonly room: Effect.Effect<void>
}

/** Where so many are confirmed and not noted, nothing more is sent. */
const most = 1024

/** So many are worth a write at once; fewer are gathered for so many milliseconds. */
const enough = 256
const pause = 10

/** Until the scope closes; what is left then is noted first. */
export const make = (
  drain: Drain,
  board: Board,
  progress: Effect.Effect<void>
): Effect.Effect<Noting, never, Scope.Scope> =>
  Effect.gen(function* () {
    const some = yield* Queue.sliding<void>(1)
    const room = yield* Effect.makeLatch(true)
    let waiting: Array<MessageId> = []

    const write = Effect.suspend(() => {
      const ids = waiting
      waiting = []
      room.unsafeOpen()
      return ids.length === 0
        ? Effect.void
        : // What can't be noted is sent again: at least once.
          again(board, drain.ack(ids)).pipe(
            Effect.catchAll(() => drain.giveBack(ids)),
            Effect.zipRight(progress)
          )
    }).pipe(Effect.uninterruptible)

    // More come at once than are worth a sync each.
    const gather = Effect.suspend(() => (waiting.length < enough ? Effect.sleep(pause) : Effect.void))

    yield* Effect.addFinalizer(() => write)
    yield* Effect.forkScoped(Effect.forever(Queue.take(some).pipe(Effect.zipRight(gather), Effect.zipRight(write))))
    return {
      done: (id, outcome) => {
        if (outcome._tag === "Confirmed") board.confirmed++
        waiting.push(id)
        some.unsafeOffer(undefined)
        if (waiting.length >= most) room.unsafeClose()
      },
      setAside: (id, reason) =>
        Effect.logWarning(`message ${id} is set aside: ${reason}`).pipe(
          Effect.zipRight(again(board, drain.reject(id, reason))),
          Effect.as(true),
          Effect.catchAll(() => Effect.as(drain.giveBack([id]), false))
        ),
      room: room.await
    }
  })

/** A disk that refuses for a moment keeps nothing from going on; one that refuses for longer is told. */
export const again = <A>(board: Board, write: Effect.Effect<A, StorageFailed>): Effect.Effect<A, StorageFailed> =>
  Effect.catchAll(write, () =>
    Effect.delay(write, pauseOfDisk).pipe(
      Effect.retry(Schedule.intersect(Schedule.spaced(pauseOfDisk), Schedule.recurs(3))),
      Effect.tapError((error) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sync(() => board.failed(now, error.message)))
      )
    )
  )

const pauseOfDisk = Duration.millis(200)
