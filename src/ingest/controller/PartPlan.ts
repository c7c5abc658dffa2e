/**
 * A part of a trigger map as it is looked up while events are handed out: where each constraint can be taken up first, and
 * where everybody is asked for. One for all occurrences of the part.
 */
import type { TagSets } from "./TagSets.js"
import type { Part, VirtualWorker } from "./TriggerMap.js"

export interface Column {
  readonly stream: string
  readonly entries: Part[string]
}

/** Constraints that somebody with certain tags can take up, in the order in which the part names them first. */
export interface Offers {
  readonly events: Array<number>
  readonly shares: Array<VirtualWorker>
  /** Places in the whole part, to compare offers to different tags. */
  readonly places: Array<number>
}

/** Somewhere everybody with certain tags gets a frame. */
export interface Slot {
  readonly event: number
  readonly tagSet: number
  readonly share: VirtualWorker
}

export interface PartPlan {
  readonly name: string
  readonly length: number
  readonly columns: ReadonlyArray<Column>
  /** By the number of the set of tags. */
  readonly offers: ReadonlyArray<Offers>
  /** By event, in the order of streams and shares. */
  readonly slots: ReadonlyMap<number, ReadonlyArray<Slot>>
  /** By the number of the set of tags: the events with a slot for it. */
  readonly slotEvents: ReadonlyArray<ReadonlyArray<number>>
  /** The most different constraints in one event. */
  readonly minWorkers: number
}

export const make = (name: string, part: Part, tagSets: TagSets): PartPlan => {
  const columns = Object.entries(part).map(([stream, entries]) => ({ stream, entries }))
  const length = columns[0]?.entries.length ?? 0
  const slots = new Map<number, ReadonlyArray<Slot>>()
  const slotEvents: Array<Array<number>> = []
  let minWorkers = 0
  for (let event = 0; event < length; event++) {
    const here: Array<Slot> = []
    const constraints = new Set<number>()
    for (const share of sharesOf(columns, event)) {
      const tagSet = tagSets.numberOf(share.tags)
      if (share.constraint !== null) {
        constraints.add(share.constraint)
        continue
      }
      here.push({ event, tagSet, share })
      const events = (slotEvents[tagSet] ??= [])
      if (events[events.length - 1] !== event) events.push(event)
    }
    if (here.length > 0) slots.set(event, here)
    minWorkers = Math.max(minWorkers, constraints.size)
  }
  const offers = offersFrom(columns, length, 0, tagSets, () => false)
  return { name, length, columns, offers, slots, slotEvents, minWorkers }
}

/** What can be taken up from an event on, without what is taken already. */
export const offersFrom = (
  columns: ReadonlyArray<Column>,
  length: number,
  from: number,
  tagSets: TagSets,
  taken: (constraint: number) => boolean
): ReadonlyArray<Offers> => {
  const offers: Array<Offers> = []
  const offered: Array<Set<number>> = []
  let place = 0
  for (let event = from; event < length; event++) {
    for (const share of sharesOf(columns, event)) {
      place++
      if (share.constraint === null || taken(share.constraint)) continue
      const tagSet = tagSets.numberOf(share.tags)
      const known = (offered[tagSet] ??= new Set())
      if (known.has(share.constraint)) continue
      known.add(share.constraint)
      const list = (offers[tagSet] ??= { events: [], shares: [], places: [] })
      list.events.push(event)
      list.shares.push(share)
      list.places.push(place)
    }
  }
  return offers
}

/** Who gets frames of an event, stream by stream. */
export const sharesOf = (columns: ReadonlyArray<Column>, event: number): ReadonlyArray<VirtualWorker> =>
  columns.length === 1 ? (columns[0]?.entries[event] ?? []) : columns.flatMap(({ entries }) => entries[event] ?? [])
