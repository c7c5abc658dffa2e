/**
 * The receiving side of a socket. ZeroMQ allows one receive at a time, which nobody can take back: here it is kept when its
 * reader is interrupted, and what it brings is given to the next one. Nothing is received before somebody asks, so that the
 * sender's queues bound what is on its way.
 *
 * @internal
 */
import * as Effect from "effect/Effect"

interface Receiving {
  /** Something is there already. Not to be asked while a receive waits: the answer takes the signal that it waits for. */
  readonly readable: boolean
  readonly closed: boolean
  readonly receive: () => Promise<Array<Buffer>>
}

export interface Inlet {
  /** At least one message, and those that are there, `most` at a time. For one reader. Waits for ever once the socket is closed. */
  readonly take: Effect.Effect<ReadonlyArray<ReadonlyArray<Buffer>>>
  /** Throws away all that is there; says how many they were. */
  readonly drain: Effect.Effect<number>
}

export const make = (socket: Receiving, most: number): Inlet => {
  let arrived: Array<ReadonlyArray<Buffer>> = []
  let asking = false
  /** What is there goes to waste; told how much that was when nothing is there any more. */
  let wasting: { count: number; readonly done: (count: number) => void } | undefined

  const wasted = () => {
    const over = wasting
    wasting = undefined
    over?.done(over.count)
  }
  const filled = Effect.unsafeMakeLatch(false)

  const keep = (message: ReadonlyArray<Buffer>) => {
    if (wasting === undefined) return void arrived.push(message)
    wasting.count++
    if (!socket.readable) wasted()
  }

  const ask = async () => {
    try {
      do {
        keep(await socket.receive())
      } while (arrived.length === 0 || (arrived.length < most && socket.readable))
    } catch {
      // Closed: whoever waits is about to be interrupted.
    }
    asking = false
    if (arrived.length > 0) filled.unsafeOpen()
  }

  const pull = () => {
    if (asking || socket.closed) return
    asking = true
    void ask()
  }

  const taken = () => {
    const all = arrived
    arrived = []
    filled.unsafeClose()
    return all
  }

  const take: Inlet["take"] = Effect.suspend(() => {
    if (arrived.length > 0 && !asking) return Effect.succeed(taken())
    pull()
    return Effect.zipRight(filled.await, take)
  })

  /**
   * It never asks for more than what is there, so that it takes nothing from the reader that waits beside it. Where one waits,
   * what is there comes to it within a few turns of the event loop.
   */
  const drain: Inlet["drain"] = Effect.async((resume) => {
    const count = taken().length
    if (socket.closed || (!asking && !socket.readable)) return resume(Effect.succeed(count))
    const own = { count, done: (all: number) => resume(Effect.succeed(all)) }
    wasting = own
    const settle = (seen: number): void =>
      afterTurns(() => {
        if (wasting !== own) return
        if (own.count === seen) wasted()
        else settle(own.count)
      })
    if (asking) settle(count)
    else pull()
    return Effect.sync(() => {
      wasting = undefined
    })
  })

  return { take, drain }
}

// ---------------------------------------------------------------------------------------------------------------------

/** The library puts off what it has too much of to the next turn. */
const afterTurns = (then: () => void, turns = 4): void =>
  void setImmediate(() => (turns === 0 ? then() : afterTurns(then, turns - 1)))
