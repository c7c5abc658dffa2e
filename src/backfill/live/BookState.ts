/**
 * One book as the venue's changes make it. It is rebuilt from a snapshot after a loss and never repaired: while it is lost,
 * changes are ignored. Pure but for itself; a book of 50,000 levels takes a change near its top in microseconds, because the
 * best level stands last.
 */
import type { BookChange, BookView, Level } from "../../source/FeedMessage.js"

/** `applied`; `old`: known already, or not wanted while the book is lost; `lost`: something is missing, or the sum is wrong. */
export type Taken = "applied" | "old" | "lost"

export class BookState implements BookView {
  private readonly bid = new Side(1)
  private readonly ask = new Side(-1)
  private number: number | undefined
  private whole = false

  /** `keep`: levels a side beyond which the venue says nothing; undefined keeps what comes. */
  constructor(private readonly keep: number | undefined) {}

  /** A snapshot came and nothing was missed since. */
  get isWhole(): boolean {
    return this.whole
  }

  /** A buyer offers what a seller asks: venues that send one level at a time are so for moments. */
  get isCrossed(): boolean {
    const [bid] = this.bids(1)
    const [ask] = this.asks(1)
    return bid !== undefined && ask !== undefined && Number(bid.price) >= Number(ask.price)
  }

  readonly bids = (levels: number): ReadonlyArray<Level> => this.bid.best(levels)
  readonly asks = (levels: number): ReadonlyArray<Level> => this.ask.best(levels)

  take(change: BookChange): Taken {
    if (change.snapshot) {
      this.bid.replace(change.bids)
      this.ask.replace(change.asks)
      this.whole = true
    } else {
      if (!this.whole || this.isOld(change)) return "old"
      if (this.isBehind(change)) return this.lose()
      for (const level of change.bids) this.bid.set(level)
      for (const level of change.asks) this.ask.set(level)
    }
    if (this.keep !== undefined) {
      this.bid.cut(this.keep)
      this.ask.cut(this.keep)
    }
    this.number = change.number ?? this.number
    return change.verify === undefined || change.verify(this) ? "applied" : this.lose()
  }

  /** Nothing that was known counts any more. */
  lose(): "lost" {
    this.bid.replace([])
    this.ask.replace([])
    this.number = undefined
    this.whole = false
    return "lost"
  }

  private isOld({ number, previous }: BookChange): boolean {
    if (number === undefined || this.number === undefined) return false
    return number <= this.number && (previous === undefined || previous < this.number)
  }

  private isBehind({ number, previous }: BookChange): boolean {
    if (number === undefined || this.number === undefined) return false
    return (previous ?? number - 1) !== this.number
  }
}

// ---------------------------------------------------------------------------------------------------------------------

interface Entry {
  /** Rises towards the best price. */
  readonly rank: number
  readonly level: Level
}

/** Levels of one side, the best one last. */
class Side {
  private entries: Array<Entry> = []

  constructor(private readonly sign: 1 | -1) {}

  best(levels: number): ReadonlyArray<Level> {
    const count = Math.min(levels, this.entries.length)
    return this.entries
      .slice(this.entries.length - count)
      .reverse()
      .map(({ level }) => level)
  }

  replace(levels: ReadonlyArray<Level>): void {
    const byRank = new Map(levels.map((level) => [this.rankOf(level), level]))
    this.entries = [...byRank]
      .filter(([, level]) => Number(level.amount) !== 0)
      .map(([rank, level]) => ({ rank, level }))
      .sort((a, b) => a.rank - b.rank)
  }

  set(level: Level): void {
    const rank = this.rankOf(level)
    const at = this.find(rank)
    const there = this.entries[at]?.rank === rank ? 1 : 0
    if (Number(level.amount) === 0) this.entries.splice(at, there)
    else this.entries.splice(at, there, { rank, level })
  }

  cut(levels: number): void {
    if (this.entries.length > levels) this.entries.splice(0, this.entries.length - levels)
  }

  private rankOf(level: Level): number {
    return this.sign * Number(level.price)
  }

  /** Where a level of this rank stands or would stand. */
  private find(rank: number): number {
    let low = 0
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.entries[middle]?.rank ?? 0) < rank) low = middle + 1
      else high = middle
    }
    return low
  }
}
