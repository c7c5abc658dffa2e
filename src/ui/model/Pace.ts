/** How fast a backfill goes, seen over the last half minute, and how long it has to go. */
import type { BackfillRecord } from "../../domain/Backfill.js"
import { windowsOf } from "./BackfillState.js"

export interface Sample {
  /** Unix milliseconds. */
  readonly at: number
  readonly windows: number
  readonly rows: number
}

/** The pace is taken over so much time; what is older is let go. */
const horizon = 30_000

/** Two samples nearer than this say nothing. */
const least = 1_500

/** The samples with one more. A count that went back began anew. */
export const sampled = (samples: ReadonlyArray<Sample>, record: BackfillRecord, now: number): ReadonlyArray<Sample> => {
  const next = { at: now, windows: windowsOf(record).done, rows: record.rows }
  const last = samples.at(-1)
  if (last !== undefined && next.windows < last.windows) return [next]
  const kept = samples.filter(({ at }) => now - at <= horizon)
  // Between the last two only what the second one says counts: a sample a second is enough.
  const before = kept.at(-2)
  return before !== undefined && now - before.at < 1_000 ? [...kept.slice(0, -1), next] : [...kept, next]
}

export interface Pace {
  readonly windowsPerSecond: number
  readonly rowsPerSecond: number
}

export const paceOf = (samples: ReadonlyArray<Sample>, now: number): Pace | undefined => {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last.at - first.at < least) return undefined
  // Silence since the last sample slows the pace down.
  const seconds = Math.max(last.at - first.at, now - first.at - 2_000) / 1000
  return {
    windowsPerSecond: (last.windows - first.windows) / seconds,
    rowsPerSecond: (last.rows - first.rows) / seconds
  }
}

export interface Remaining {
  readonly millis: number
  /** There is more to do than is known yet. */
  readonly atLeast: boolean
}

export const remaining = (record: BackfillRecord, pace: Pace | undefined): Remaining | undefined => {
  if (pace === undefined || pace.windowsPerSecond <= 0) return undefined
  const { done, total, unplanned } = windowsOf(record)
  return { millis: (1000 * Math.max(0, total - done)) / pace.windowsPerSecond, atLeast: unplanned > 0 }
}
