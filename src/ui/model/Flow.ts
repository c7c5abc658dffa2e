/** How fast counters rise, seen over the last few answers. */

/** Counters by what they count, at one time. */
export interface Counts {
  /** Unix milliseconds. */
  readonly at: number
  readonly values: ReadonlyMap<string, number>
}

/** Rates are taken over so much time; what is older is let go. */
const horizon = 4_000

/** The counts with one more. */
export const counted = (history: ReadonlyArray<Counts>, next: Counts): ReadonlyArray<Counts> => [
  ...history.filter(({ at }) => next.at - at <= horizon && at < next.at),
  next
]

/** So many in a second; undefined until it is known. A counter that went back began anew. */
export const rateOf = (history: ReadonlyArray<Counts>, key: string): number | undefined => {
  const last = history.at(-1)
  const end = last?.values.get(key)
  if (last === undefined || end === undefined) return undefined
  let first: { readonly at: number; readonly value: number } | undefined
  for (const { at, values } of history.toReversed()) {
    const value = values.get(key)
    if (value === undefined || value > (first?.value ?? end)) break
    first = { at, value }
  }
  return first === undefined || first.at === last.at ? undefined : ((end - first.value) * 1000) / (last.at - first.at)
}
