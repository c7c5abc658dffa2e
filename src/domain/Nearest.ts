/** The known name that was probably meant. */

/** The nearest of the names by edit distance, or undefined where none is near enough to be worth a word. */
export const of = (text: string, names: ReadonlyArray<string>): string | undefined => {
  const wanted = text.toLowerCase()
  const ranked = names
    .map((name) => ({ name, distance: name.startsWith(wanted) ? 0.5 : distance(wanted, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, wanted.replaceAll("-", "").length / 3)
    ? best.name
    : undefined
}

/** Levenshtein's, with a swap of neighbours counted once. */
export const distance = (a: string, b: string): number => {
  let before: ReadonlyArray<number> = []
  let row: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const cost = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      )
      next.push(cost)
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
