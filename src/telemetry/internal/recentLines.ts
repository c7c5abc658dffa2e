/**
 * The lines that became durable lately, for readers that follow: kept only while someone follows, up to a number of
 * characters. A reader that has fallen behind them reads from the log instead.
 *
 * @internal
 */
import type { StreamName } from "../../domain/StreamName.js"

export interface RecentLine {
  readonly stream: StreamName
  readonly seq: number
  readonly ts: number
  /** Quoted. */
  readonly type: string
  readonly line: string
}

const capacity = 4 * 1024 * 1024

export class RecentLines {
  private lines: Array<RecentLine> = []
  private characters = 0
  private followers = 0
  private waiters: Array<() => void> = []
  /** Place of `lines[0]` in all lines ever added. */
  private first = 0

  get active(): boolean {
    return this.followers > 0
  }

  /** The place behind the newest line. */
  get end(): number {
    return this.first + this.lines.length
  }

  follow(): void {
    this.followers++
  }

  unfollow(): void {
    this.followers--
    if (this.followers > 0) return
    this.first += this.lines.length
    this.lines = []
    this.characters = 0
  }

  add(line: RecentLine): void {
    this.lines.push(line)
    this.characters += line.line.length
  }

  /** Ends a batch: forgets the oldest and wakes the readers. */
  publish(): void {
    if (this.characters > capacity) {
      let drop = 0
      while (this.characters > capacity / 2) this.characters -= (this.lines[drop++]?.line ?? "").length
      this.lines.splice(0, drop)
      this.first += drop
    }
    const { waiters } = this
    this.waiters = []
    for (const wake of waiters) wake()
  }

  /** The lines from a place on; undefined where some of them are no longer kept. */
  from(place: number): ReadonlyArray<RecentLine> | undefined {
    return place < this.first ? undefined : this.lines.slice(place - this.first)
  }

  /** Runs `wake` at the next batch. Answers a function that takes it back. */
  next(wake: () => void): () => void {
    this.waiters.push(wake)
    return () => {
      this.waiters = this.waiters.filter((waiter) => waiter !== wake)
    }
  }
}
