/**
 * What came of a window: some of it in part files, the last of it in memory. Pages are taken one after the other; what is
 * more than a part should hold is written on the way.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { Row } from "../../domain/RowLayout.js"
import type { TimeRange } from "../../domain/TimeRange.js"
import type { Outgoing } from "../../outgoing/Outgoing.js"
import type { Page } from "../../source/History.js"
import { SourceError } from "../../source/SourceError.js"
import type { Target } from "../WindowFetch.js"

/** Rows that are held in memory before they go into a part file. */
const rowsPerPart = 50_000

export class Gathered {
  records = 0
  bytes = 0
  /** The first part; empty before there is one. */
  path = ""
  private rows: Array<Row> = []
  /** Rows from before the window. */
  private earlier = 0
  private readable = 0
  /** Rows of the answers that are left out. */
  unreadable = 0

  constructor(
    private readonly target: Target,
    private readonly window: TimeRange
  ) {}

  get isWritten(): boolean {
    return this.rows.length === 0
  }

  /** All pages. */
  get gather(): Effect.Effect<void, SourceError | StorageFailed, Outgoing> {
    const { history, request } = this.target
    return history
      .forEachPage(request, this.window, (page) => this.take(page))
      .pipe(
        Effect.flatMap(() => {
          const detail = this.doubt
          return detail === undefined
            ? Effect.void
            : Effect.fail(new SourceError({ source: history.name, reason: "Malformed", detail }))
        })
      )
  }

  /** Why an answer without a row of the window does not say that the window is empty. */
  private get doubt(): string | undefined {
    if (this.records > 0 || this.rows.length > 0) return undefined
    // An answer to another question, such as the page before once more.
    if (this.earlier > 0) return `${this.earlier} rows from before the window, and none of it`
    return this.readable === 0 && this.unreadable > 0
      ? `none of the ${this.unreadable} rows of the answer could be read`
      : undefined
  }

  /** What is in memory goes into a part. */
  get write(): Effect.Effect<void, SourceError | StorageFailed> {
    return Effect.suspend(() => {
      const { dataset, history, layout, series } = this.target
      const { rows } = this
      this.rows = []
      return dataset.writePart(series, layout, this.window, rows).pipe(
        Effect.catchTag("UnfitRow", (error) =>
          Effect.fail(new SourceError({ source: history.name, reason: "Malformed", detail: error.message }))
        ),
        Effect.map((part) => {
          this.records += part.rows
          this.path ||= part.path
        })
      )
    })
  }

  /** Rows outside of the window are left out: another window has them. */
  private take(page: Page): Effect.Effect<void, SourceError | StorageFailed> {
    const { layout, say } = this.target
    const { field } = layout.time
    const from = BigInt(this.window.start) * 1_000_000n
    const to = BigInt(this.window.end) * 1_000_000n
    for (const row of page.rows) {
      const at = row[field]
      if (typeof at !== "bigint") continue
      if (at >= from && at < to) this.rows.push(row)
      else if (at < from) this.earlier++
    }
    this.bytes += page.bytes
    const lost = page.malformed ?? 0
    this.readable += page.readable ?? page.rows.length
    this.unreadable += lost
    const begin = new Date(this.window.start).toISOString()
    const told = lost > 0 ? say(`${lost} rows of the answer from ${begin} on could not be read`) : Effect.void
    return this.rows.length >= rowsPerPart ? Effect.zipRight(told, this.write) : told
  }
}
