/** How fast something goes on, from looks at how far it is: rates over the last seconds, and the time that is left. Pure. */
import * as Option from "effect/Option"

/** How far it was at a moment, in milliseconds of one clock. */
export interface Look {
  readonly at: number
  readonly windows: number
  readonly rows: number
}

/** Looks of the last seconds, the oldest first. */
export type Pace = ReadonlyArray<Look>

/** Per second. */
export interface Rates {
  readonly windows: number
  readonly rows: number
}

/** Rates are taken over so many milliseconds. */
export const horizon = 10_000

/** Over less than this a rate would jump. */
const shortest = 500

/** With one more look. Counts that went back (another life of the same backfill) begin anew. */
export const observe = (pace: Pace, look: Look): Pace => {
  const last = pace[pace.length - 1]
  if (last !== undefined && (look.windows < last.windows || look.rows < last.rows)) return [look]
  const base = pace.findLastIndex(({ at }) => look.at - at >= horizon)
  return [...pace.slice(Math.max(0, base)), look]
}

/** None while it is too early to tell. */
export const rates = (pace: Pace): Option.Option<Rates> => {
  const first = pace[0]
  const last = pace[pace.length - 1]
  if (first === undefined || last === undefined || last.at - first.at < shortest) return Option.none()
  const seconds = (last.at - first.at) / 1000
  return Option.some({ windows: (last.windows - first.windows) / seconds, rows: (last.rows - first.rows) / seconds })
}

/** Milliseconds until so many more windows are done; none where nothing moves. */
export const remaining = (pace: Pace, windows: number): Option.Option<number> =>
  rates(pace).pipe(
    Option.filter((rate) => rate.windows > 0),
    Option.map((rate) => (windows / rate.windows) * 1000)
  )

/** Several at the same time, together. */
export const sum = (all: ReadonlyArray<Rates>): Rates => ({
  windows: all.reduce((total, { windows }) => total + windows, 0),
  rows: all.reduce((total, { rows }) => total + rows, 0)
})
