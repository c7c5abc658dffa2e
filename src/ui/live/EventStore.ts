/** The events a page holds: the newest in full, the numbers of each type as series, and how many came when. */
import type { TelemetryEvent } from "../../domain/TelemetryEvent.js"
import { Activity } from "../model/Activity.js"
import { numericLeaves } from "../model/NumericLeaves.js"
import { TypeSeries } from "../model/TypeSeries.js"

/** Events held in full. */
export const mostRecent = 500

/** Event types that are followed. Beyond it new ones are held among the newest events only. */
export const mostTypes = 500

export class EventStore {
  readonly types = new Map<string, TypeSeries>()
  readonly activity = new Activity()
  /** Oldest first. */
  readonly recent: Array<TelemetryEvent> = []
  /** Unix milliseconds: what is older was not read, for there was too much of it. */
  knownSince: number | undefined = undefined

  /** Numbers that came by the current view before they came by the tail. */
  private readonly early = new Map<string, number>()

  add(event: TelemetryEvent, now: number): void {
    const at = timeOf(event, now)
    this.activity.add(at)
    if (this.early.get(event.type) !== event.seq) this.measure(event, at)
    this.recent.push(event)
    if (this.recent.length > 2 * mostRecent) this.recent.splice(0, this.recent.length - mostRecent)
  }

  /** An event of the current view, where it is newer than all known of its type. True if it is. */
  addCurrent(event: TelemetryEvent, now: number): boolean {
    const at = timeOf(event, now)
    const last = this.types.get(event.type)?.lastAt
    if (last !== undefined && at <= last) return false
    this.measure(event, at)
    this.early.set(event.type, event.seq)
    return true
  }

  forgetBefore(time: number): void {
    for (const series of this.types.values()) {
      const { lastAt } = series
      // The last row stays: it says since when the type is silent.
      if (lastAt !== undefined && series.times[0] !== undefined && series.times[0] < time) {
        series.forgetBefore(Math.min(time, lastAt))
      }
    }
  }

  /** Types with something to plot, by name. */
  get plotted(): ReadonlyArray<TypeSeries> {
    return Array.from(this.types.values())
      .filter((series) => series.columns.size > 0)
      .sort((a, b) => a.type.localeCompare(b.type))
  }

  private measure(event: TelemetryEvent, at: number): void {
    let series = this.types.get(event.type)
    if (series === undefined) {
      if (this.types.size >= mostTypes) return
      series = new TypeSeries(event.type)
      this.types.set(event.type, series)
    }
    series.add(at, numericLeaves(event.data))
  }
}

/** When it happened; a client's own time that can't be read counts as now. */
const timeOf = (event: TelemetryEvent, now: number): number => {
  const at = Date.parse(event.ts)
  return Number.isFinite(at) ? at : now
}
