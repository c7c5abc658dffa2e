/**
 * Fewer rows with the same picture: of each stretch of time the rows stay that hold the least or the greatest value of any
 * column, so no peak is lost and every row that stays is one that was measured.
 */

/** A column has a value, or none, for each row. */
export type Column = ReadonlyArray<number | undefined>

/**
 * The indices, in order, of the rows to keep: at most about `target`, all of them if there are no more. Rows for which `keep`
 * is true stay whatever they hold.
 */
export const downsample = (
  rows: number,
  columns: ReadonlyArray<Column>,
  target: number,
  keep: (row: number) => boolean = () => false
): ReadonlyArray<number> => {
  if (rows <= target || columns.length === 0) return Array.from({ length: rows }, (_, row) => row)
  const buckets = Math.max(1, Math.floor(target / (2 * columns.length)))
  const chosen = new Set<number>([0, rows - 1])
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * rows) / buckets)
    const to = Math.floor(((bucket + 1) * rows) / buckets)
    for (const column of columns) extremes(column, from, to, chosen)
  }
  for (let row = 0; row < rows; row++) if (keep(row)) chosen.add(row)
  return Array.from(chosen).sort((a, b) => a - b)
}

// ------------------------------------------------------------------------------------------------------------------

const extremes = (column: Column, from: number, to: number, chosen: Set<number>): void => {
  let least = -1
  let greatest = -1
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let row = from; row < to; row++) {
    const value = column[row]
    if (value === undefined) continue
    if (value < low) {
      low = value
      least = row
    }
    if (value > high) {
      high = value
      greatest = row
    }
  }
  if (least >= 0) chosen.add(least)
  if (greatest >= 0) chosen.add(greatest)
}
