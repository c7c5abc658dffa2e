/**
 * One uplink's view of the queue in memory: what is in flight, and the page that was read ahead.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { QueuedMessage } from "../Outbox.js"
import { priorities, type UplinkCounts } from "./queueStore.js"

export class UplinkQueue {
  readonly inFlight = new Set<number>()
  /** One reads at a time. */
  readonly reading = Effect.unsafeMakeSemaphore(1)
  /** Raised each time the page that was read ahead may not be the next one any more. */
  version = 0
  /** The next messages in order; empty where they have to be read. */
  private ahead: ReadonlyArray<QueuedMessage> = []

  constructor(public counts: UplinkCounts) {}

  get available(): number {
    return this.counts.waiting - this.inFlight.size
  }

  /** Read ahead, and not expired meanwhile; if one of them is, the page is read anew. */
  next(max: number, now: number): ReadonlyArray<QueuedMessage> {
    if (this.ahead.some(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now)) this.lookAnew()
    return this.hand(this.ahead, max)
  }

  /** Hands out the first of a page that was read while the queue had the `version`, and keeps the rest if it is the same. */
  taken(page: ReadonlyArray<QueuedMessage>, max: number, version: number): ReadonlyArray<QueuedMessage> {
    const handed = this.hand(page, max)
    if (version !== this.version) this.ahead = []
    return handed
  }

  lookAnew(): void {
    this.version++
    this.ahead = []
  }

  /** Messages of this rank have come: do they go before what was read ahead? */
  arrived(rank: number): void {
    const last = this.ahead.at(-1)
    if (last === undefined) this.version++
    else if (rank < priorities.indexOf(last.priority)) this.lookAnew()
  }

  private hand(page: ReadonlyArray<QueuedMessage>, max: number): ReadonlyArray<QueuedMessage> {
    const handed = page.slice(0, max)
    this.ahead = page.slice(max)
    for (const { id } of handed) this.inFlight.add(id)
    return handed
  }
}
