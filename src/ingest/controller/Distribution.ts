/**
 * Which worker gets which events: the algorithm of the field's own controller, step by step, one constraint for each report
 * of a worker. Pure: it is told of reports and of workers that leave, and gives out events in their order, each once.
 *
 * A search does not go through the events again but from one open constraint to the next; of a sequence only those parts are
 * held that are open. Where the field's controller looks only at the part that has just changed, an event goes out here
 * exactly when all before it are resolved too.
 */
import { ActivePart, type Taker } from "./ActivePart.js"
import type { Issued } from "./Issued.js"
import type { ScanPlan } from "./ScanPlan.js"
import type { VirtualWorker } from "./TriggerMap.js"

export interface Tagged {
  readonly name: string
  readonly tags: ReadonlyArray<string>
}

export interface Options {
  /** A worker gets nothing new while an event is named to it that lies so far behind the front. */
  readonly horizon: number
  /** So far beyond the front parts are opened for a worker that nothing nearer fits. */
  readonly future: number
}

/** As the field's controller has them. */
export const defaults: Options = { horizon: 5, future: 10_000 }

/** How many of the parts that are done with are still told of. */
const remembered = 100

/** A report that could not be answered with anything. */
interface Waiting {
  readonly taker: Taker
  readonly completed: number
}

export class Distribution {
  /** All events before this one are resolved. */
  front = 0
  /** All events before this one were handed out. */
  issued = 0
  private open: Array<ActivePart> = []
  private opened = 0
  private openedEvents = 0
  private readonly closed: Array<Readonly<Record<string, string>>> = []
  private readonly takers = new Map<string, Taker>()
  private readonly firstTakers = new Set<string>()
  private readonly departed: Array<Taker> = []
  private audiences: Array<ReadonlyArray<string> | undefined> = []
  private queued: ReadonlyArray<Waiting> = []
  private readonly idle = new Map<string, Waiting>()

  constructor(
    private readonly plan: ScanPlan,
    private readonly options: Options = defaults
  ) {
    this.openNext()
  }

  /**
   * A worker that may be given something. Where everybody is asked for, only those that were there at the start are waited
   * for, or, when none of these is left, those that came later.
   */
  enter(worker: Tagged, atStart: boolean): void {
    this.takers.set(worker.name, { name: worker.name, satisfies: this.plan.tagSets.satisfiedBy(worker.tags) })
    if (atStart) this.firstTakers.add(worker.name)
    this.audiences = []
  }

  /** Answers a report: `completed` is the last event that the worker is done with, 0 if it has just begun. */
  assign(worker: string, completed: number): ReadonlyArray<VirtualWorker> {
    const taker = this.takers.get(worker)
    if (taker === undefined) return nothing
    this.queued = this.queued.filter((waiting) => waiting.taker.name !== worker)
    this.idle.delete(worker)
    for (const part of this.open) {
      if (part.end < this.front) continue
      if (part.stillHasWork(worker, completed, this.options.horizon)) return nothing
      const given = this.give(part, taker)
      if (given.length > 0) return given
    }
    return this.assignFurther({ taker, completed })
  }

  /** Gives the worker what the next event still asks for, and nothing behind it. */
  assignNext(worker: string): ReadonlyArray<VirtualWorker> {
    const taker = this.takers.get(worker)
    const part = this.open.find(({ resolved }) => !resolved)
    if (taker === undefined) return nothing
    if (part === undefined) return this.assign(worker, Number.MAX_SAFE_INTEGER)
    return this.give(part, taker, part.done)
  }

  /**
   * Takes a worker out. What was handed out stays as it is; what was not, and was meant for the worker, is given to others
   * (`reopen`), or stays without it as far as it was resolved (`sever`).
   */
  leave(worker: string, resolvedEvents: "reopen" | "sever"): void {
    const taker = this.takers.get(worker)
    if (taker === undefined) return
    this.takers.delete(worker)
    this.firstTakers.delete(worker)
    this.departed.push(taker)
    this.audiences = []
    for (const part of this.open) part.release(worker, this.issued - part.start, resolvedEvents)
    for (const part of this.open) part.settle(this.audience)
    this.advance()
    const waiting = [...this.queued, ...this.idle.values()]
    for (const { completed, taker } of waiting) if (taker.name !== worker) this.assign(taker.name, completed)
    this.queued = this.queued.filter((waiting) => waiting.taker.name !== worker)
    this.idle.delete(worker)
  }

  /** The next events that are resolved, at most so many, in their order. */
  issue(limit: number): ReadonlyArray<Issued> {
    const end = Math.min(this.front, this.issued + limit)
    const events: Array<Issued> = []
    for (const part of this.open) {
      if (part.start >= end) break
      for (; this.issued < Math.min(end, part.end); this.issued++) {
        events.push(part.issue(this.issued - part.start, this.hasDeparted))
      }
    }
    this.close()
    return events
  }

  /** Nothing more can go out before somebody takes the next event. */
  get blocked(): boolean {
    return this.issued === this.front && this.issued < this.plan.totalEvents
  }

  /** The worker of each constraint, for each of the newest parts that are done with and those that are open. */
  assignment(): ReadonlyArray<Readonly<Record<string, string>>> {
    return [...this.closed, ...this.open.map((part) => part.assignment())]
  }

  /** How many occurrences of parts are held. */
  get held(): number {
    return this.open.length
  }

  private give(part: ActivePart, taker: Taker, last?: number): ReadonlyArray<VirtualWorker> {
    const given = part.assign(taker, last)
    part.settle(this.audience)
    this.advance()
    return given
  }

  private assignFurther(waiting: Waiting): ReadonlyArray<VirtualWorker> {
    for (let part = this.openNext(); part !== undefined; part = this.openNext()) {
      const next = part
      this.queued = this.queued.filter(({ taker }) => this.give(next, taker).length === 0)
      const given = this.give(next, waiting.taker)
      if (given.length > 0) return given
      if (next.start > this.front + this.options.future) {
        this.queued = [...this.queued, waiting]
        return nothing
      }
    }
    this.idle.set(waiting.taker.name, waiting)
    return nothing
  }

  private openNext(): ActivePart | undefined {
    const plan = this.plan.sequence[this.opened]
    if (plan === undefined) return undefined
    const part = new ActivePart(plan, this.openedEvents, this.plan.tagSets)
    this.opened++
    this.openedEvents = part.end
    this.open.push(part)
    if (this.takers.size > 0) part.settle(this.audience)
    this.advance()
    return part
  }

  /** The front lies in the first part that is not resolved. */
  private advance(): void {
    const part = this.open.find(({ resolved }) => !resolved) ?? this.open[this.open.length - 1]
    if (part !== undefined) this.front = part.start + part.done
  }

  private close(): void {
    let count = 0
    for (const part of this.open) {
      if (part.end >= this.front || part.end > this.issued) break
      this.closed.push(part.assignment())
      count++
    }
    if (count > 0) this.open = this.open.slice(count)
    if (this.closed.length > remembered) this.closed.splice(0, this.closed.length - remembered)
  }

  private readonly audience = (tagSet: number): ReadonlyArray<string> =>
    (this.audiences[tagSet] ??= this.audienceOf(tagSet))

  private audienceOf(tagSet: number): ReadonlyArray<string> {
    const fitting = [...this.takers.values()].filter(({ satisfies }) => satisfies[tagSet]).map(({ name }) => name)
    const first = fitting.filter((name) => this.firstTakers.has(name))
    return first.length > 0 ? first : fitting
  }

  private readonly hasDeparted = (tagSet: number): boolean =>
    this.departed.some(({ satisfies }) => satisfies[tagSet] === true)
}

// -----------------------------------------------------------------------------

const nothing: ReadonlyArray<never> = []
