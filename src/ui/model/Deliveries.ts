/**
 * How many messages were delivered in each minute of the last hour: from receipts as far as they reach back, else from the
 * counters that were seen while the page was open. A minute that neither covers is not known.
 */
import type { Receipt } from "../../domain/Outbox.js"

export const minutes = 60
const minuteMillis = 60_000

/** A counter of deliveries at one moment: Unix milliseconds. */
export interface Count {
  readonly at: number
  readonly delivered: number
}

export interface Bar {
  /** Unix milliseconds. */
  readonly from: number
  /** Undefined where nobody knows. */
  readonly messages: number | undefined
}

/** Keeps a counter's history as long as the strip is: one value for every few seconds, begun anew where it fell. */
export const counted = (history: ReadonlyArray<Count>, next: Count): ReadonlyArray<Count> => {
  const last = history.at(-1)
  if (last !== undefined && next.delivered < last.delivered) return [next]
  const oldest = next.at - (minutes + 1) * minuteMillis
  return [...history.filter(({ at }) => at >= oldest), next]
}

/** Oldest first; the last minute is the one under way. `whole` says that there are no older receipts than these. */
export const perMinute = (
  receipts: ReadonlyArray<Pick<Receipt, "confirmed_at">>,
  whole: boolean,
  history: ReadonlyArray<Count>,
  now: number
): ReadonlyArray<Bar> => {
  const known = whole ? -Infinity : Math.min(...receipts.map(({ confirmed_at }) => confirmed_at * 1000))
  const tally = new Map<number, number>()
  for (const { confirmed_at } of receipts) {
    const minute = Math.floor((confirmed_at * 1000) / minuteMillis)
    tally.set(minute, (tally.get(minute) ?? 0) + 1)
  }
  const last = Math.floor(now / minuteMillis)
  return Array.from({ length: minutes }, (_, index) => {
    const minute = last - minutes + 1 + index
    const from = minute * minuteMillis
    // The oldest receipt's own minute is not whole.
    return { from, messages: known < from ? (tally.get(minute) ?? 0) : risen(history, from, from + minuteMillis, now) }
  })
}

// ------------------------------------------------------------------------------------------------------------------

/** A minute's begin or end counts as seen when the counter was read within so long of it. */
const near = 10_000

/** How far the counter rose in a time; undefined where it was not watched from its begin to its end. */
const risen = (history: ReadonlyArray<Count>, from: number, until: number, now: number): number | undefined => {
  const before = closest(history, from)
  const after = now < until ? history.at(-1) : closest(history, until)
  return before === undefined || after === undefined ? undefined : after.delivered - before.delivered
}

const closest = (history: ReadonlyArray<Count>, at: number): Count | undefined =>
  history.reduce<Count | undefined>((best, one) => {
    const distance = Math.abs(one.at - at)
    return distance <= near && (best === undefined || distance < Math.abs(best.at - at)) ? one : best
  }, undefined)
