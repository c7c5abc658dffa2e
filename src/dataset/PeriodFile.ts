/** Files of series by their names alone: `2026.parquet`, `2026-03.parquet`, `2026-03-17.parquet`, in UTC. */
import type { TimeRange } from "../domain/TimeRange.js"
import { parse } from "./internal/period.js"

export interface PeriodFile {
  readonly path: string
  /** The last segment of the path. */
  readonly name: string
  /** What its name says, in ms; what it holds may be less. */
  readonly range: TimeRange
}

const suffix = ".parquet"

/** The period that a file of this name holds; undefined for names of other files. */
export const rangeOf = (name: string): TimeRange | undefined =>
  name.endsWith(suffix) ? parse(name.slice(0, -suffix.length))?.range : undefined
