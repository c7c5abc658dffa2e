/**
 * The time during which a channel was followed without a loss: it begins with the first sign that the subscription stands and
 * ends with the last sign of life before a loss. What was told of it is taken away, so that each moment is told once.
 */
import type { TimeRange, TimeRanges } from "../../domain/TimeRange.js"

export class LiveSpan {
  /** Milliseconds before each end that do not count: what happened then may not have arrived. */
  constructor(private readonly margin: number) {}

  private from: number | undefined
  private ended: Array<TimeRange> = []

  /** Followed from now on; while it is followed already this does nothing. */
  begin(at: number): void {
    this.from ??= at
  }

  /** Not followed any more: `at` was the last sign of life. */
  end(at: number): void {
    const { from } = this
    this.from = undefined
    this.close(from, at)
  }

  /** All that is certain with a last sign of life `at`, and was not taken before. */
  take(at: number): TimeRanges {
    if (this.from !== undefined) this.from = this.close(this.from, at)
    const taken = this.ended
    this.ended = []
    return taken
  }

  /** Where the next range begins. */
  private close(start: number | undefined, at: number): number | undefined {
    const end = at - this.margin
    if (start === undefined || start >= end) return start
    this.ended.push({ start, end })
    return end
  }
}
