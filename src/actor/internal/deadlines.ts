/**
 * Time-outs for very many waits, kept by one fiber.
 *
 * Waits of equal length expire in the order they began, so each length has a lane, first in first out, and only the
 * heads of the lanes have to be watched. What is settled in time is dropped when it comes to the head; a wait that is
 * answered costs two list operations and no timer.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as MutableList from "effect/MutableList"
import { isDue } from "./due.js"
import { Signal } from "./signal.js"

interface Wait<A> {
  readonly for: A
  readonly until: number
}

export class Deadlines<A extends { readonly settled: boolean }> {
  readonly #lanes = new Map<number, MutableList.MutableList<Wait<A>>>()
  readonly #earlier = new Signal()
  /** When the keeper will look next by itself. */
  #nextLook = Number.POSITIVE_INFINITY

  constructor(readonly clock: Clock.Clock) {}

  /** Watches over `wait` from now on. Lengths should be few: each keeps a lane while any wait of it is open. */
  add(wait: A, within: number): void {
    if (!Number.isFinite(within)) return
    const until = this.#now() + within
    let lane = this.#lanes.get(within)
    if (lane === undefined) this.#lanes.set(within, (lane = MutableList.empty()))
    dropSettled(lane)
    MutableList.append(lane, { for: wait, until })
    if (until < this.#nextLook) this.#earlier.pulse()
  }

  /** Calls `expire` for each wait whose time is up, until it is interrupted. */
  keep(expire: (wait: A) => void): Effect.Effect<never> {
    return Effect.forever(
      Effect.suspend(() => {
        const seen = this.#earlier.version
        this.#nextLook = this.#expireDue(expire)
        const earlier = this.#earlier.changed(seen)
        if (this.#nextLook === Number.POSITIVE_INFINITY) return earlier
        return Effect.timeoutOption(earlier, Math.max(0, this.#nextLook - this.#now()))
      })
    )
  }

  /** Returns when the next wait that is still open will be up. */
  #expireDue(expire: (wait: A) => void): number {
    const now = this.#now()
    let next = Number.POSITIVE_INFINITY
    for (const [within, lane] of this.#lanes) {
      let head = dropSettled(lane)
      while (head !== undefined && isDue(head.until, now)) {
        MutableList.shift(lane)
        expire(head.for)
        head = dropSettled(lane)
      }
      if (head === undefined) this.#lanes.delete(within)
      else next = Math.min(next, head.until)
    }
    return next
  }

  #now(): number {
    return Number(this.clock.unsafeCurrentTimeNanos()) / 1_000_000
  }
}

/** Returns the first wait that is still open. */
const dropSettled = <A extends { readonly settled: boolean }>(lane: MutableList.MutableList<Wait<A>>) => {
  let head = MutableList.head(lane)
  while (head?.for.settled === true) {
    MutableList.shift(lane)
    head = MutableList.head(lane)
  }
  return head
}
