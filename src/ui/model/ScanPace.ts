/** How many events of a scan are completed in a second, over time. */
import { TypeSeries } from "./TypeSeries.js"

/** As much of a controller's progress as it takes. */
export interface Completed {
  readonly completed_events: number
  readonly total_events: number
  readonly finished: boolean
}

export const field = "events/s"

/** So much is kept. */
export const keptMillis = 15 * 60_000

/** A step shorter than this says nothing about a rate. */
const least = 400

export class ScanPace {
  readonly series = new TypeSeries("scan")
  private before: { readonly at: number; readonly events: number } | undefined = undefined
  private resting = true

  /** The rate of now: undefined before there is one. */
  get latest(): number | undefined {
    return this.resting ? undefined : this.series.latest(field)
  }

  /** Takes what is known about once a second. */
  take(at: number, { completed_events: events, finished, total_events }: Completed): void {
    const { before } = this
    const atRest = finished || total_events === 0
    if (before === undefined || at < before.at) {
      this.before = { at, events }
      this.resting = true
      return
    }
    if (at - before.at < least) return
    // Fewer than before: another scan has begun.
    const done = events < before.events ? events : events - before.events
    this.before = { at, events }
    if (atRest && done === 0) {
      this.rest(at)
      return
    }
    if (this.resting) this.series.add(before.at, [{ path: field, value: 0 }])
    this.resting = false
    this.series.add(at, [{ path: field, value: (done * 1000) / (at - before.at) }])
    this.series.forgetBefore(at - keptMillis)
  }

  /** What comes next does not go on from here: nothing was seen in between. */
  interrupt(): void {
    this.before = undefined
  }

  private rest(at: number): void {
    if (!this.resting) this.series.add(at, [{ path: field, value: 0 }])
    this.resting = true
  }
}

/** How long the rest takes at the pace of now. */
export const leftMillis = (
  { completed_events, finished, total_events }: Completed,
  perSecond: number | undefined
): number | undefined =>
  finished || perSecond === undefined || perSecond <= 0
    ? undefined
    : (1000 * (total_events - completed_events)) / perSecond

export type ScanState = "none" | "running" | "finished" | "incomplete"

/** `incomplete`: it has ended without some of its events. */
export const scanState = ({
  finished,
  lost,
  total_events
}: Pick<Completed, "finished" | "total_events"> & { readonly lost: number }): ScanState =>
  total_events === 0 ? "none" : !finished ? "running" : lost > 0 ? "incomplete" : "finished"
