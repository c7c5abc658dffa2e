/**
 * What became of each event of a scan. An event ends once, as processed, reassigned or lost, and the three always add up to
 * the events that have ended: what is reported twice, late, or by someone it was not given to, changes nothing.
 *
 * Held are the events that are out, which are bounded, and runs of numbers for all others.
 */
import type { WorkAssignment } from "../../assignment/WorkAssignment.js"
import { EventRuns } from "./EventRuns.js"
import type { Issued } from "./Issued.js"
import { ResultBook } from "./ResultBook.js"
import type { ScanSummary } from "./ScanSummary.js"

interface Outstanding {
  readonly assignment: WorkAssignment
  readonly everybody: boolean
  readonly moved: boolean
  /** Who has not reported it. */
  waiting: ReadonlyArray<string>
  reported: boolean
  /** A share that only one worker had is lost. */
  broken: boolean
}

/** Ranges of lost events that a summary lists. */
const mostRanges = 1_000

export class Completion {
  processed = 0
  reassigned = 0
  readonly lost = new EventRuns()
  readonly results = new ResultBook()
  private published = 0
  private readonly outstanding = new Map<number, Outstanding>()
  /** By worker: how many of the events that are out wait for it. */
  private readonly holding = new Map<string, number>()
  private readonly done = new EventRuns()
  private readonly reported = new Map<string, EventRuns>()

  constructor(readonly total: number) {}

  /** How many events are out. */
  get out(): number {
    return this.outstanding.size
  }

  get completed(): number {
    return this.processed + this.reassigned
  }

  /** What came of the events, as a summary tells it. */
  get outcome(): Pick<ScanSummary, "events" | "processed" | "reassigned" | "lost" | "lostRanges" | "resultsLost"> {
    return {
      events: this.total,
      processed: this.processed,
      reassigned: this.reassigned,
      lost: this.lost.count,
      lostRanges: this.lost.ranges(mostRanges),
      resultsLost: this.results.lost
    }
  }

  /** Every event has ended. */
  get ended(): boolean {
    return this.completed + this.lost.count === this.total
  }

  /** Every event has ended, and every result that is waited for has arrived. */
  get complete(): boolean {
    return this.ended && !this.results.isWaiting
  }

  /** Whether events are out that wait for this worker. */
  holds(worker: string): boolean {
    return (this.holding.get(worker) ?? 0) > 0
  }

  /** Events that are on their way to their workers, in their order. Those without workers end here. */
  publish(events: ReadonlyArray<Issued>): void {
    for (const { assignment, everybody, moved, severed, workers } of events) {
      const event = assignment.event_number
      this.published = event + 1
      for (const name of workers) this.holding.set(name, (this.holding.get(name) ?? 0) + 1)
      if (workers.length > 0) {
        this.outstanding.set(event, {
          assignment,
          everybody,
          moved,
          waiting: workers,
          reported: false,
          broken: severed
        })
      } else this.end(event, severed ? "lost" : "processed")
    }
  }

  /** A worker is done with events; for some of them a result is on its way to the reducer, of some nothing came to the worker. */
  report(
    worker: string,
    events: ReadonlyArray<number>,
    hasResult: ReadonlyArray<boolean>,
    lost: ReadonlyArray<number> = none
  ): void {
    for (let index = 0; index < events.length; index++) {
      const event = events[index] ?? -1
      const entry = this.outstanding.get(event)
      if (entry === undefined || !entry.waiting.includes(worker)) continue
      entry.waiting = entry.waiting.length === 1 ? none : entry.waiting.filter((name) => name !== worker)
      if (!lost.includes(event)) entry.reported = true
      else if (!entry.everybody) entry.broken = true
      this.holding.set(worker, (this.holding.get(worker) ?? 1) - 1)
      runsOf(this.reported, worker).add(event)
      if (hasResult[index] === true) this.results.announce(worker, event)
      this.settle(event, entry)
    }
  }

  /** The reducer has a result. */
  reduce(worker: string, event: number): void {
    this.results.confirm(worker, event, this.outstanding.has(event))
  }

  /** A worker is gone: it reports nothing more, and its results may never arrive. */
  leave(worker: string): void {
    this.results.leave(worker)
    this.holding.delete(worker)
    for (const [event, entry] of this.outstanding) {
      if (!entry.waiting.includes(worker)) continue
      entry.waiting = entry.waiting.filter((name) => name !== worker)
      if (!entry.everybody) entry.broken = true
      this.settle(event, entry)
    }
  }

  /** Whatever has not ended is lost. */
  giveUp(): void {
    for (const event of this.outstanding.keys()) this.lost.add(event)
    this.outstanding.clear()
    this.results.giveUp()
    this.lost.addRange(this.published, this.total - 1)
    this.published = this.total
  }

  /** The assignments of the events that are out, by event. */
  assignmentOf(event: number): WorkAssignment | undefined {
    return this.outstanding.get(event)?.assignment
  }

  /** In the order of their completion. */
  completedEvents(): ReadonlyArray<number> {
    return this.done.list()
  }

  /** The workers that have reported each event. */
  workCompleted(): Readonly<Record<string, ReadonlyArray<string>>> {
    const found: Record<string, Array<string>> = {}
    for (const [worker, runs] of this.reported) for (const event of runs.list()) (found[event] ??= []).push(worker)
    return found
  }

  private settle(event: number, entry: Outstanding): void {
    if (entry.waiting.length > 0) return
    this.outstanding.delete(event)
    this.end(event, entry.broken || !entry.reported ? "lost" : entry.moved ? "reassigned" : "processed")
  }

  private end(event: number, as: "processed" | "reassigned" | "lost"): void {
    if (as === "lost") return this.lost.add(event)
    this[as]++
    this.done.add(event)
  }
}

// -----------------------------------------------------------------------------

const none: ReadonlyArray<never> = []

const runsOf = (runs: Map<string, EventRuns>, worker: string): EventRuns => {
  const found = runs.get(worker) ?? new EventRuns()
  runs.set(worker, found)
  return found
}
