/** The series on disk as a page lists them. */
import type { InventoryEntry } from "../../domain/Collector.js"

/** Those whose key holds every piece of the text, in any order. */
export const matching = (entries: ReadonlyArray<InventoryEntry>, text: string): ReadonlyArray<InventoryEntry> => {
  const pieces = text.toLowerCase().split(/\s+/)
  return entries.filter((entry) => {
    const words = `${entry.series} ${entry.pair}`.toLowerCase()
    return pieces.every((piece) => words.includes(piece))
  })
}

export interface Sum {
  readonly rows: number
  readonly bytes: number
}

export const sumOf = (entries: ReadonlyArray<InventoryEntry>): Sum => ({
  rows: entries.reduce((sum, { rows }) => sum + rows, 0),
  bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0)
})
