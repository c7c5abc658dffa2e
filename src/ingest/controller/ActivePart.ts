/**
 * One occurrence of a part while its events are given to workers: which worker each constraint is bound to, who has joined
 * where everybody is asked for, and how many leading events are resolved. Event numbers in here count from the part's own
 * start.
 */
import type { Issued } from "./Issued.js"
import { type Offers, offersFrom, type PartPlan, sharesOf, type Slot } from "./PartPlan.js"
import type { TagSets } from "./TagSets.js"
import type { VirtualWorker } from "./TriggerMap.js"

/** A worker, and which sets of tags it has. */
export interface Taker {
  readonly name: string
  /** By the number of the set. */
  readonly satisfies: ReadonlyArray<boolean>
}

/** Who is waited for where everybody with a set of tags is asked for. */
export type Audience = (tagSet: number) => ReadonlyArray<string>

export class ActivePart {
  /** How many leading events are resolved. */
  done = 0
  private readonly bindings = new Map<number, string>()
  private readonly joined = new Map<Slot, Array<string>>()
  private readonly joinedUpTo = new Map<string, number>()
  private readonly cursors: Array<number> = []
  private offers: ReadonlyArray<Offers>
  /** Constraints that were bound to workers that have gone. */
  private readonly moved = new Set<number>()
  /** Constraints whose shares of events before that one are nobody's. */
  private readonly severed = new Map<number, number>()
  /** The last event that names a worker, among those before `swept`. */
  private readonly named = new Map<string, number>()
  private swept = 0

  constructor(
    readonly plan: PartPlan,
    readonly start: number,
    private readonly tagSets: TagSets
  ) {
    this.offers = plan.offers
  }

  get end(): number {
    return this.start + this.plan.length
  }

  get resolved(): boolean {
    return this.done === this.plan.length
  }

  /** Whether the worker is named in an event behind `completed` that is more than `horizon` before the resolved front. */
  stillHasWork(worker: string, completed: number, horizon: number): boolean {
    for (; this.swept < this.done - horizon; this.swept++) {
      this.sweep(this.swept)
    }
    return (this.named.get(worker) ?? -1) > completed
  }

  /**
   * Gives the worker the next constraint, or a place where everybody is asked for, in the events up to `last`; says which
   * shares these are.
   */
  assign(taker: Taker, last = Number.POSITIVE_INFINITY): ReadonlyArray<VirtualWorker> {
    const slotEvent = this.nextSlotEvent(taker)
    const offer = this.nextOffer(taker)
    if (Math.min(slotEvent, offer?.event ?? Number.POSITIVE_INFINITY) > last) return nothing
    const given: Array<VirtualWorker> = []
    if (slotEvent < Number.POSITIVE_INFINITY && slotEvent <= (offer?.event ?? Number.POSITIVE_INFINITY)) {
      for (const slot of this.plan.slots.get(slotEvent) ?? nothing) {
        if (taker.satisfies[slot.tagSet] !== true) continue
        const names = this.joined.get(slot)
        if (names === undefined) this.joined.set(slot, [taker.name])
        else names.push(taker.name)
        given.push(slot.share)
      }
      this.joinedUpTo.set(taker.name, slotEvent)
    }
    if (offer !== undefined && offer.event <= slotEvent && offer.share.constraint !== null) {
      this.bindings.set(offer.share.constraint, taker.name)
      given.push(offer.share)
    }
    return given
  }

  /** Counts the events on which nobody is waited for any more. */
  settle(audience: Audience): void {
    while (this.done < this.plan.length && this.isResolved(this.done, audience)) this.done++
  }

  /** Takes a worker out of all events from `from` on: those already resolved are severed, or open again to be given anew. */
  release(worker: string, from: number, resolvedEvents: "reopen" | "sever"): void {
    const start = Math.max(0, from)
    for (const [slot, names] of this.joined) {
      if (slot.event >= start)
        this.joined.set(
          slot,
          names.filter((name) => name !== worker)
        )
    }
    for (const [constraint, name] of this.bindings) {
      if (name !== worker) continue
      if (resolvedEvents === "sever") this.severed.set(constraint, this.done)
      this.bindings.delete(constraint)
      this.moved.add(constraint)
    }
    if (resolvedEvents === "reopen") this.done = Math.min(this.done, start)
    this.joinedUpTo.delete(worker)
    this.offers = offersFrom(this.plan.columns, this.plan.length, this.done, this.tagSets, (constraint) =>
      this.bindings.has(constraint)
    )
    this.cursors.length = 0
    this.named.clear()
    this.swept = 0
  }

  /** An event that is resolved, as it is handed out. `departed`: whether a gone worker had this set of tags. */
  issue(event: number, departed: (tagSet: number) => boolean): Issued {
    const assignments: Record<string, ReadonlyArray<string>> = {}
    const slots = this.plan.slots.get(event) ?? nothing
    let workers: ReadonlyArray<string> = nothing
    let bound = false
    let moved = false
    let severed = false
    for (const { entries, stream } of this.plan.columns) {
      const entry = entries[event]
      if (entry === null || entry === undefined) continue
      const names: Array<string> = []
      for (const share of entry) {
        if (share.constraint === null) continue
        const name = this.holder(share.constraint, event)
        bound = true
        moved ||= this.moved.has(share.constraint)
        if (name === undefined) severed = true
        else addTo(names, name)
      }
      for (const slot of slots) {
        if (entry.includes(slot.share)) for (const name of this.joined.get(slot) ?? nothing) addTo(names, name)
      }
      assignments[stream] = names.length > 1 ? names.sort() : names
      workers = workers.length === 0 ? names : union(workers, names)
    }
    return {
      assignment: { event_number: this.start + event, assignments },
      workers,
      everybody: !bound && slots.length > 0,
      moved,
      severed: severed || (workers.length === 0 && slots.some((slot) => departed(slot.tagSet)))
    }
  }

  /** The worker of each constraint. */
  assignment(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.bindings)
  }

  private nextSlotEvent(taker: Taker): number {
    const from = Math.max(this.done, (this.joinedUpTo.get(taker.name) ?? -1) + 1)
    let next = Number.POSITIVE_INFINITY
    for (let tagSet = 0; tagSet < this.plan.slotEvents.length; tagSet++) {
      const events = this.plan.slotEvents[tagSet]
      if (events === undefined || taker.satisfies[tagSet] !== true) continue
      next = Math.min(next, events[firstFrom(events, from)] ?? Number.POSITIVE_INFINITY)
    }
    return next
  }

  private nextOffer(taker: Taker): { readonly event: number; readonly share: VirtualWorker } | undefined {
    let best: { readonly event: number; readonly share: VirtualWorker; readonly place: number } | undefined
    for (let tagSet = 0; tagSet < this.offers.length; tagSet++) {
      const offers = this.offers[tagSet]
      if (offers === undefined || taker.satisfies[tagSet] !== true) continue
      const at = this.firstUnbound(tagSet, offers)
      const [event, share, place] = [offers.events[at], offers.shares[at], offers.places[at]]
      if (event === undefined || share === undefined || place === undefined) continue
      if (best === undefined || place < best.place) best = { event, share, place }
    }
    return best
  }

  private firstUnbound(tagSet: number, { shares }: Offers): number {
    let at = this.cursors[tagSet] ?? 0
    for (let share = shares[at]; share !== undefined; share = shares[++at]) {
      if (share.constraint !== null && !this.bindings.has(share.constraint)) break
    }
    return (this.cursors[tagSet] = at)
  }

  private isResolved(event: number, audience: Audience): boolean {
    for (const { entries } of this.plan.columns) {
      for (const share of entries[event] ?? nothing) {
        if (share.constraint !== null && !this.bindings.has(share.constraint)) return false
      }
    }
    for (const slot of this.plan.slots.get(event) ?? nothing) {
      const joined = this.joined.get(slot)
      for (const name of audience(slot.tagSet)) if (joined?.includes(name) !== true) return false
    }
    return true
  }

  private holder(constraint: number, event: number): string | undefined {
    const until = this.severed.get(constraint)
    return until !== undefined && event < until ? undefined : this.bindings.get(constraint)
  }

  private sweep(event: number): void {
    for (const share of sharesOf(this.plan.columns, event)) {
      const name = share.constraint === null ? undefined : this.holder(share.constraint, event)
      if (name !== undefined) this.named.set(name, event)
    }
    for (const slot of this.plan.slots.get(event) ?? nothing) {
      for (const name of this.joined.get(slot) ?? nothing) this.named.set(name, event)
    }
  }
}

// -----------------------------------------------------------------------------

const nothing: ReadonlyArray<never> = []

const addTo = (names: Array<string>, name: string) => {
  if (!names.includes(name)) names.push(name)
}

const union = (some: ReadonlyArray<string>, more: ReadonlyArray<string>): ReadonlyArray<string> =>
  more.every((name) => some.includes(name)) ? some : [...new Set([...some, ...more])].sort()

/** Where in a rising list the first number from `from` on stands. */
const firstFrom = (events: ReadonlyArray<number>, from: number): number => {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((events[middle] ?? 0) < from) low = middle + 1
    else high = middle
  }
  return low
}
