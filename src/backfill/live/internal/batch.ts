/**
 * Rows that are flushed together, with the time they cover and the journal file that holds them. What is done of it is taken
 * away, so that a second attempt does the rest.
 *
 * @internal
 */
import * as Option from "effect/Option"
import type { Row } from "../../../domain/RowLayout.js"
import type { TimeRanges } from "../../../domain/TimeRange.js"
import type { ChannelRows } from "../Reading.js"

export class Batch {
  file: Option.Option<string> = Option.none()
  readonly rows = new Map<string, Array<Row>>()
  readonly ranges = new Map<string, TimeRanges>()
  /** Rows of all channels. */
  count = 0

  get isEmpty(): boolean {
    return this.count === 0 && [...this.ranges.values()].every((ranges) => ranges.length === 0)
  }

  add(more: ReadonlyArray<ChannelRows>): void {
    for (const { channel, rows } of more) {
      const there = this.rows.get(channel)
      if (there === undefined) this.rows.set(channel, [...rows])
      else for (const row of rows) there.push(row)
      this.count += rows.length
    }
  }

  rowsOf(channel: string): ReadonlyArray<Row> {
    return this.rows.get(channel) ?? []
  }

  /** The rows of a channel are durable elsewhere. */
  done(channel: string): void {
    this.count -= this.rowsOf(channel).length
    this.rows.delete(channel)
  }

  takeRanges(channel: string): TimeRanges {
    const ranges = this.ranges.get(channel) ?? []
    this.ranges.delete(channel)
    return ranges
  }
}
