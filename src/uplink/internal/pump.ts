/**
 * Messages from the queue to one open link, up to a window of them under way: taken, and not answered by the far side.
 *
 * Concurrency: one fiber takes and hands out; each batch is a fiber that notes what became of it even where it is interrupted.
 * With `ordered` there is one batch at a time: what was not confirmed is at the head of the queue again before the next is
 * taken.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { MessageId } from "../../domain/Outbox.js"
import type { Drain, QueuedMessage } from "../../outbox/Outbox.js"
import type { Link, Outcome } from "../Uplink.js"
import { UplinkError } from "../UplinkError.js"
import type { Bandwidth } from "./bandwidth.js"
import type { Board } from "./board.js"
import { again, type Noting } from "./noting.js"

export interface Options {
  readonly drain: Drain
  readonly link: Link
  readonly window: number
  readonly largestBatch: number
  readonly ordered: boolean
  readonly bandwidth: Bandwidth
  readonly board: Board
  readonly noting: Noting
}

/** Runs until the link is lost; then all that was under way is noted or given back. */
export const run: (options: Options) => Effect.Effect<never, UplinkError, Scope.Scope> = Effect.fnUntraced(
  function* (options) {
    const { bandwidth, board, drain, link, noting, ordered, window } = options
    const batches = yield* FiberSet.make<void, UplinkError>()
    const freed = yield* Queue.sliding<void>(1)
    const largest = Math.max(1, Math.min(options.largestBatch, window))

    const settle = Effect.fnUntraced(function* (batch: ReadonlyArray<QueuedMessage>, outcomes: ReadonlyArray<Outcome>) {
      const { back, done, refused } = sorted(batch, outcomes, ordered)
      if (done.length > 0) {
        yield* noting.note(done)
        board.confirmed += outcomes.filter(({ _tag }) => _tag === "Confirmed").length
      }
      for (const { id, reason } of refused) {
        yield* Effect.logWarning(`message ${id} is set aside: ${reason}`)
        yield* again(board, drain.reject(id, reason)).pipe(Effect.catchAll(() => drain.giveBack([id])))
      }
      if (back.length > 0) yield* drain.giveBack(back)
      return back.length === 0
    })

    // Begun uninterruptible, since a fiber that is interrupted before its first step would never give its batch back.
    const deliver = (batch: ReadonlyArray<QueuedMessage>) =>
      Effect.interruptible(Effect.zipRight(bandwidth.pass(weigh(batch)), link.send(batch))).pipe(
        Effect.exit,
        Effect.flatMap((exit) =>
          Effect.flatMap(settle(batch, Exit.isSuccess(exit) ? exit.value : []), (whole) =>
            Exit.isSuccess(exit) && !whole ? lost(board.name) : Effect.asVoid(exit)
          )
        ),
        Effect.ensuring(
          Effect.suspend(() => {
            board.inFlight -= batch.length
            return Queue.offer(freed, undefined)
          })
        ),
        Effect.uninterruptible
      )

    const room = (): number => (ordered && board.inFlight > 0 ? 0 : window - board.inFlight)
    const awaitRoom: Effect.Effect<void> = Effect.suspend(() =>
      room() > 0 ? Effect.void : Effect.zipRight(Queue.take(freed), awaitRoom)
    )
    const begin = (batch: ReadonlyArray<QueuedMessage>) =>
      Effect.suspend(() => {
        board.inFlight += batch.length
        return FiberSet.run(batches, deliver(batch))
      })

    // What is taken is handed on before anything may come between.
    const take = Effect.suspend(() => {
      const most = ordered ? Math.min(largest, room()) : room()
      return Effect.flatMap(again(board, drain.take(most)), (messages) =>
        messages.length === 0
          ? Effect.succeed(false)
          : Effect.as(
              Effect.forEach(portions(messages, largest, !ordered && options.largestBatch >= window), begin, {
                discard: true
              }),
              true
            )
      )
    }).pipe(Effect.uninterruptible)
    const loop = awaitRoom.pipe(
      Effect.zipRight(Effect.catchAll(take, () => Effect.as(Effect.sleep("1 second"), true))),
      Effect.flatMap((some) => (some ? Effect.void : drain.awaitWork)),
      Effect.forever
    )
    return yield* Effect.raceFirst(loop, Effect.zipRight(FiberSet.join(batches), Effect.never))
  }
)

// -----------------------------------------------------------------------------

const lost = (uplink: string) =>
  new UplinkError({ uplink, reason: "Disconnected", detail: "some messages were not confirmed" })

/**
 * Parts of at most `size`. Where any number may be written together, the first goes alone: a far side may send its second
 * answer only when it hears from us again, and the first answer is what lets the next message go.
 */
const portions = <A>(items: ReadonlyArray<A>, size: number, alone: boolean): ReadonlyArray<ReadonlyArray<A>> =>
  alone && items.length > 1
    ? [items.slice(0, 1), items.slice(1)]
    : Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))

/** What a message weighs on the wire, about. */
const weigh = (batch: ReadonlyArray<QueuedMessage>): number =>
  batch.reduce((sum, { text }) => sum + Buffer.byteLength(text) + overhead, 0)
const overhead = 64

interface Sorted {
  readonly done: Array<MessageId>
  readonly back: Array<MessageId>
  readonly refused: Array<{ readonly id: MessageId; readonly reason: string }>
}

/** In order, nothing behind the first that has to go again counts as done. */
const sorted = (batch: ReadonlyArray<QueuedMessage>, outcomes: ReadonlyArray<Outcome>, ordered: boolean): Sorted => {
  const parts: Sorted = { done: [], back: [], refused: [] }
  batch.forEach(({ id }, i) => {
    const outcome = outcomes[i]
    if (outcome === undefined || outcome._tag === "Disconnected" || (ordered && parts.back.length > 0)) {
      parts.back.push(id)
    } else if (outcome._tag === "Refused") {
      parts.refused.push({ id, reason: outcome.reason })
    } else {
      parts.done.push(id)
    }
  })
  return parts
}
