/**
 * One channel of a stream as it is followed: whether its subscription stands, the book it keeps, which time it covers. It
 * outlives connections; what belongs to one connection is forgotten when the next begins. Plain and synchronous: it is on the
 * way of every message.
 */
import type { Row } from "../../domain/RowLayout.js"
import type { FeedChannel } from "../../source/Feed.js"
import type { BookChange, Level, Meaning } from "../../source/FeedMessage.js"
import { BookState } from "./BookState.js"
import { LiveSpan } from "./LiveSpan.js"

/** What came of something that was heard: whether a loss was noticed. */
export type Outcome = "whole" | "lost"

export class Following {
  answer: "waiting" | "accepted" | "rejected" = "waiting"
  /** Since when a book waits to be told from its beginning, in ms. */
  lostAt: number | undefined
  readonly span: LiveSpan
  readonly book: BookState | undefined
  /** The venue's number of the newest row. */
  private lastNumber: number | undefined
  private crossed = false

  constructor(
    readonly channel: FeedChannel,
    margin: number
  ) {
    this.span = new LiveSpan(margin)
    const { capability, depth } = channel
    this.book = capability.kind === "book" ? new BookState(capability.cut === true ? depth : undefined) : undefined
  }

  /** A new connection: nothing is known of what happened since `lastHeard`. */
  reset(lastHeard: number): void {
    this.answer = "waiting"
    this.lastNumber = undefined
    this.lose(lastHeard)
    this.lostAt = undefined
  }

  /** The subscription stands. A book is followed only once its first snapshot came. */
  accept(at: number): void {
    this.answer = "accepted"
    if (this.book === undefined) this.span.begin(at)
    else if (!this.book.isWhole) this.lostAt ??= at
  }

  /** Messages of this channel were missed between the two moments. */
  miss(before: number, at: number): void {
    if (this.answer !== "accepted") return
    this.lose(before)
    if (this.book === undefined) this.span.begin(at)
    else this.lostAt ??= at
  }

  takeRows({ first, last }: Extract<Meaning, { _tag: "Rows" }>, before: number, at: number): Outcome {
    const missed = first !== undefined && this.lastNumber !== undefined && first > this.lastNumber + 1
    this.accept(at)
    if (last !== undefined) this.lastNumber = Math.max(last, this.lastNumber ?? last)
    if (missed) this.miss(before, at)
    return missed ? "lost" : "whole"
  }

  takeBook(change: BookChange, before: number, at: number): Outcome {
    const { book } = this
    if (book === undefined) return "whole"
    this.accept(at)
    const taken = book.take(change)
    if (taken === "lost") this.miss(before, at)
    if (taken === "applied" && change.snapshot) {
      this.lostAt = undefined
      this.span.begin(at)
    }
    return taken === "lost" ? "lost" : "whole"
  }

  /**
   * The book as rows, the best levels of each side; undefined while there is nothing to stand for. Venues that send one level at
   * a time have a crossed book for moments; one that is crossed twice in a row is wrong.
   */
  capture(at: number): ReadonlyArray<Row> | undefined {
    const { book } = this
    if (book === undefined || !book.isWhole) return undefined
    const wasCrossed = this.crossed
    this.crossed = book.isCrossed
    if (this.crossed && wasCrossed) this.miss(at, at)
    if (this.crossed) return undefined
    const TS = BigInt(at) * 1_000_000n
    const rows = (side: "bid" | "ask", levels: ReadonlyArray<Level>) =>
      levels.map(({ amount, count, price }) => ({
        TS,
        side,
        price: Number(price),
        amount: Number(amount),
        count: count ?? null,
        is_snapshot: true
      }))
    const { depth } = this.channel
    return [...rows("bid", book.bids(depth)), ...rows("ask", book.asks(depth))]
  }

  private lose(before: number): void {
    this.span.end(before)
    this.book?.lose()
  }
}
