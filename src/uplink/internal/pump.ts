/**
 * Messages from the queue to one open link, up to a window of them under way: taken, and not answered by the far side.
 *
 * Concurrency: one fiber takes and hands out; each batch is a fiber that notes what became of it even where it is interrupted.
 * With `ordered` there is one batch at a time: what was not confirmed is at the head of the queue again before the next is
 * taken.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { MessageId } from "../../domain/Outbox.js"
import type { Drain, QueuedMessage } from "../../outbox/Outbox.js"
import { Disconnected, type Early, type Link, type Outcome } from "../Uplink.js"
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

    const free = (messages: number) => {
      board.inFlight -= messages
      freed.unsafeOffer(undefined)
    }

    /** What is not settled yet; answers whether nothing of it has to go again. */
    const settle = Effect.fnUntraced(function* (batch: ReadonlyArray<QueuedMessage>, outcomes: ReadonlyArray<Outcome>) {
      const back: Array<MessageId> = []
      for (const [index, { id }] of batch.entries()) {
        const outcome = outcomes[index] ?? Disconnected
        // In order, nothing behind the first that has to go again counts as done.
        if (outcome._tag === "Disconnected" || (ordered && back.length > 0)) back.push(id)
        else if (outcome._tag === "Refused") yield* noting.setAside(id, outcome.reason)
        else noting.done(id, outcome)
      }
      if (back.length > 0) yield* drain.giveBack(back)
      return back.length === 0
    })

    // Begun uninterruptible, since a fiber that is interrupted before its first step would never give its batch back.
    const deliver = (batch: ReadonlyArray<QueuedMessage>) => {
      const settled = new Set<number>()
      let isOver = false
      const early: Early = (index, outcome) => {
        const message = batch[index]
        if (isOver || ordered || message === undefined || !isDone(outcome) || settled.has(index)) return
        settled.add(index)
        noting.done(message.id, outcome)
        free(1)
      }
      const isLeft = (_: unknown, index: number) => !settled.has(index)
      return Effect.interruptible(Effect.zipRight(bandwidth.pass(weigh(batch)), link.send(batch, early))).pipe(
        Effect.exit,
        Effect.flatMap((exit) => {
          isOver = true
          const outcomes = Exit.isSuccess(exit) ? exit.value.filter(isLeft) : []
          return Effect.flatMap(settle(batch.filter(isLeft), outcomes), (whole) =>
            Exit.isSuccess(exit) && !whole ? lost(board.name) : Effect.asVoid(exit)
          )
        }),
        Effect.ensuring(Effect.sync(() => free(batch.length - settled.size))),
        Effect.uninterruptible
      )
    }

    const room = (): number => (ordered && board.inFlight > 0 ? 0 : window - board.inFlight)
    const awaitRoom: Effect.Effect<void> = Effect.suspend(() =>
      room() > 0 ? noting.room : Effect.zipRight(Queue.take(freed), awaitRoom)
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
          : Effect.as(Effect.forEach(Arr.chunksOf(messages, largest), begin, { discard: true }), true)
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

const isDone = ({ _tag }: Outcome) => _tag === "Confirmed" || _tag === "Unsupported"

/** What a message weighs on the wire, about. */
export const weigh = (batch: ReadonlyArray<QueuedMessage>): number =>
  batch.reduce((sum, { text }) => sum + Buffer.byteLength(text) + overhead, 0)
const overhead = 64
