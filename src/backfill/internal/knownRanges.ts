/**
 * What is known of the ranges of a series, kept row by row. Where windows of different requests overlap, what was fetched
 * counts before what was empty, and that before what failed.
 *
 * @internal
 */
import type { TimeRange } from "../../domain/TimeRange.js"
import * as TimeRangeSet from "../../domain/TimeRange.js"
import type { Coverage } from "../ChunkBook.js"
import { RangeSet } from "./rangeSet.js"

export class KnownRanges {
  private readonly fetched = new RangeSet()
  private readonly empty = new RangeSet()
  private readonly failed = new RangeSet()

  /** The newest that was heard of a window. */
  learn(window: TimeRange, meaning: "fetched" | "empty" | "failed" | "unknown"): void {
    if (meaning === "fetched") {
      this.fetched.add(window)
      this.failed.remove(window)
      return
    }
    if (meaning === "unknown") this.fetched.remove(window)
    if (meaning === "empty") this.empty.add(window)
    else this.empty.remove(window)
    if (meaning === "failed") this.failed.add(window)
    else this.failed.remove(window)
  }

  get coverage(): Coverage {
    const { ranges: fetched } = this.fetched
    const empty = TimeRangeSet.subtract(this.empty.ranges, fetched)
    return {
      fetched: TimeRangeSet.union(fetched),
      empty,
      failed: TimeRangeSet.subtract(this.failed.ranges, TimeRangeSet.union(fetched, empty))
    }
  }
}
