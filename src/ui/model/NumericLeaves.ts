/** Which numbers an event bears: the fields that can be plotted. */

export interface Leaf {
  /** Keys joined by dots, indices in brackets; `value` where the data is itself a number. */
  readonly path: string
  readonly value: number
}

/** The most fields of one event that are followed. */
export const mostLeaves = 24

/** Longer arrays are data of another kind (spectra, images): they have no line in a plot over time. */
const longestArray = 8

const deepest = 4

/** Names of things that count, name or date something instead of measuring it. */
const noMeasure = /(^|_)(time|timestamp|ts|epoch|seq|id|pid|uid|port|version|index)$/i

/** The finite numbers of an event's data, in its own order. */
export const numericLeaves = (data: unknown): ReadonlyArray<Leaf> => {
  if (typeof data === "number") return Number.isFinite(data) ? [{ path: "value", value: data }] : []
  const found: Array<Leaf> = []
  walk(data, "", 0, found)
  return found
}

// ------------------------------------------------------------------------------------------------------------------

const walk = (value: unknown, path: string, depth: number, found: Array<Leaf>): void => {
  if (found.length >= mostLeaves) return
  if (typeof value === "number") {
    if (Number.isFinite(value)) found.push({ path, value })
    return
  }
  if (typeof value !== "object" || value === null || depth >= deepest) return
  if (Array.isArray(value)) {
    if (value.length > longestArray) return
    for (const [index, item] of value.entries()) walk(item, `${path}[${index}]`, depth + 1, found)
    return
  }
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === "number" && noMeasure.test(key)) continue
    walk(item, path === "" ? key : `${path}.${key}`, depth + 1, found)
  }
}
