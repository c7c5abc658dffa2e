/**
 * A bounded line between two fibers: who adds never waits and is told that there is no room, who takes may look before it
 * takes away. Both can wait for their turn. Plain code, since it is passed once for each message.
 *
 * @internal
 */
import * as Effect from "effect/Effect"

export interface LineLimits {
  readonly items: number
  /** Summed over the items. One that is heavier than this is taken by an empty line. */
  readonly weight: number
}

export class BoundedLine<A> {
  private items: Array<A> = []
  /** Of the items, at the same places. */
  private weights: Array<number> = []
  private head = 0
  private load = 0
  private readonly filled = Effect.unsafeMakeLatch(false)
  private readonly free = Effect.unsafeMakeLatch(true)

  constructor(
    private readonly limits: LineLimits,
    private readonly weigh: (item: A) => number
  ) {}

  get size(): number {
    return this.items.length - this.head
  }

  get weight(): number {
    return this.load
  }

  get isFull(): boolean {
    return this.size >= this.limits.items || this.load >= this.limits.weight
  }

  /** Done when there is something to take. */
  get something(): Effect.Effect<void> {
    return this.filled.await
  }

  /** Done when there is room: at once, or, once it was full, when half of it is gone. */
  get room(): Effect.Effect<void> {
    return this.free.await
  }

  /** Says whether there was room. */
  offer(item: A): boolean {
    if (this.isFull) return false
    const weight = this.weigh(item)
    this.items.push(item)
    this.weights.push(weight)
    this.load += weight
    if (this.isFull) this.free.unsafeClose()
    this.filled.unsafeOpen()
    return true
  }

  /** The first ones, which stay. */
  first(most: number): ReadonlyArray<A> {
    return this.items.slice(this.head, this.head + most)
  }

  /** Takes away so many of the first ones. */
  drop(count: number): void {
    const end = Math.min(this.head + count, this.items.length)
    for (let at = this.head; at < end; at++) this.load -= this.weights[at] ?? 0
    this.head = end
    this.settle()
  }

  /** Takes everything. */
  takeAll(): ReadonlyArray<A> {
    const all = this.head === 0 ? this.items : this.items.slice(this.head)
    this.items = []
    this.weights = []
    this.head = 0
    this.load = 0
    this.settle()
    return all
  }

  private settle(): void {
    if (this.head === this.items.length || this.head > 1024) {
      this.items = this.items.slice(this.head)
      this.weights = this.weights.slice(this.head)
      this.head = 0
    }
    if (this.size === 0) this.filled.unsafeClose()
    if (this.size <= this.limits.items / 2 && this.load <= this.limits.weight / 2) this.free.unsafeOpen()
  }
}

/** How many bytes a message of several parts has. */
export const weightOf = (parts: ReadonlyArray<Uint8Array>): number => {
  let bytes = 0
  for (const part of parts) bytes += part.byteLength
  return bytes
}
