/**
 * How many repeats a whole backfill may spend: some to begin with, and a share of the windows that went well. A source that
 * fails everything is given up quickly instead of being asked three times for each of a hundred thousand windows.
 */
export interface RetryBudget {
  /** Takes one repeat; false where none is left. */
  readonly take: () => boolean
  /** A window went well. */
  readonly earn: () => void
}

const atFirst = 100
const perSuccess = 0.5
const most = 10_000

export const make = (): RetryBudget => {
  let left = atFirst
  return {
    take: () => {
      if (left < 1) return false
      left -= 1
      return true
    },
    earn: () => {
      left = Math.min(most, left + perSuccess)
    }
  }
}
