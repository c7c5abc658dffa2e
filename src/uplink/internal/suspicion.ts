/**
 * Finds the message over which a far side ends the connection, so that it holds up no other for ever: one that is too large for
 * the broker, or that a server fails over. Where connections end soon, one after the other, the next begins with care: messages
 * go alone, first one that nothing is known against, then those during which a connection was lost. One that loses the
 * connection several times, each time right behind another that was confirmed, is set aside. Where nothing at all is confirmed
 * the far side is to blame, and no message is.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { MessageId } from "../../domain/Outbox.js"
import type { QueuedMessage } from "../../outbox/Outbox.js"
import { Disconnected } from "../Uplink.js"
import { UplinkError } from "../UplinkError.js"
import { again } from "./noting.js"
import { type Options, weigh } from "./pump.js"

/** Connections in a row that ended soon, from which on care is taken. */
const soonEnded = 3

/** So many connections may be lost over a message while others are confirmed. */
const mostStrikes = 3

/** Suspects that are kept in mind. */
const most = 100

/** What one life of an uplink knows. */
export class Suspicion {
  private ended = 0
  /** How often the connection was lost over a message, another having been confirmed in it. */
  private readonly strikes = new Map<MessageId, number>()

  /** A connection is over. */
  over(soon: boolean): void {
    this.ended = soon ? this.ended + 1 : 0
  }

  get isRaised(): boolean {
    return this.ended >= soonEnded
  }

  has(id: MessageId): boolean {
    return this.strikes.has(id)
  }

  /** The connection was lost while this one alone was under way; whether that was once too often. */
  lost(id: MessageId, proven: boolean): boolean {
    // Messages that have left the queue otherwise are not kept in mind for ever.
    if (this.strikes.size > most) this.strikes.clear()
    const strikes = (this.strikes.get(id) ?? 0) + (proven ? 1 : 0)
    this.strikes.set(id, strikes)
    return strikes >= mostStrikes
  }

  clear(id: MessageId): void {
    this.strikes.delete(id)
  }
}

/** The begin of a connection with care; done when all that is suspect was sent. */
export const probe = (suspicion: Suspicion, options: Options): Effect.Effect<void, UplinkError> => {
  const { board, drain, link, noting } = options
  return Effect.acquireUseRelease(
    Effect.map(
      Effect.orElseSucceed(again(board, drain.take(options.window)), () => []),
      (messages) => ({ messages, open: new Set(messages.map(({ id }) => id)) })
    ),
    ({ messages, open }) => {
      const setAside = ({ id }: QueuedMessage, reason: string) =>
        Effect.map(noting.setAside(id, reason), (noted) => {
          open.delete(id)
          if (noted) suspicion.clear(id)
        })
      /** Whether the far side has confirmed it; fails where the connection was lost over it. */
      const alone = Effect.fnUntraced(function* (message: QueuedMessage, proven: boolean) {
        yield* options.bandwidth.pass(weigh([message]))
        const sent = yield* Effect.either(link.send([message], () => undefined))
        // One that is told to wait is held against nobody.
        if (Either.isLeft(sent) && sent.left.reason === "RetryAfter") return yield* sent.left
        const outcome = Option.getOrElse(
          Option.flatMap(Either.getRight(sent), (outcomes) => Arr.head(outcomes)),
          () => Disconnected
        )
        switch (outcome._tag) {
          case "Disconnected": {
            const why = Either.match(sent, { onLeft: (error) => `: ${error.detail}`, onRight: () => "" })
            const detail = `the connection was lost over message ${message.id}${why}`
            if (suspicion.lost(message.id, proven)) {
              yield* setAside(message, `${detail}, ${mostStrikes} times while others were confirmed`)
            }
            return yield* new UplinkError({ uplink: board.name, reason: "Disconnected", detail })
          }
          case "Refused":
            yield* setAside(message, outcome.reason)
            return false
          default:
            open.delete(message.id)
            suspicion.clear(message.id)
            noting.done(message.id, outcome)
            return outcome._tag === "Confirmed"
        }
      })
      const [others, suspects] = Arr.partition(messages, ({ id }) => suspicion.has(id))
      return Effect.gen(function* () {
        let proven = false
        for (const message of others) {
          if (proven) break
          proven = yield* alone(message, false)
        }
        for (const message of suspects) proven = (yield* alone(message, proven)) || proven
      })
    },
    ({ open }) => (open.size === 0 ? Effect.void : drain.giveBack([...open]))
  )
}
