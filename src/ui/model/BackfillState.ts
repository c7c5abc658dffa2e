/** What the state of a backfill means to a person, how far it is, and what can be done with it. */
import type { BackfillRecord, BackfillStatus } from "../../domain/Backfill.js"

/** As its status, but a backfill that came to its end without having all is told apart from one that has. */
export type BackfillState = BackfillStatus | "incomplete"

export const stateOf = ({ complete, status }: BackfillRecord): BackfillState =>
  status === "done" && complete === false ? "incomplete" : status

export const isUnderWay = ({ status }: BackfillRecord): boolean => status === "running" || status === "cancelling"

export interface Windows {
  readonly done: number
  readonly total: number
  /** Series whose plan is not made yet: their windows are not among the total. */
  readonly unplanned: number
}

export const windowsOf = ({ series }: BackfillRecord): Windows => ({
  done: series.reduce((sum, { done }) => sum + done, 0),
  total: series.reduce((sum, { total }) => sum + total, 0),
  unplanned: series.filter(({ state }) => state === "waiting").length
})

/** Between 0 and 1; what is done without a single window is whole. */
export const shareOf = (record: BackfillRecord): number => {
  const { done, total } = windowsOf(record)
  return total > 0 ? Math.min(1, done / total) : stateOf(record) === "done" ? 1 : 0
}

export type Verb = "pause" | "resume" | "cancel" | "retry"

/** What can be done with it now, the likeliest first. */
export const verbsOf = (record: BackfillRecord): ReadonlyArray<Verb> => {
  const again: ReadonlyArray<Verb> = record.failed > 0 ? ["retry"] : []
  switch (record.status) {
    case "running":
      return ["pause", "cancel"]
    case "cancelling":
      return []
    case "paused":
    case "interrupted":
      return ["resume", "cancel"]
    case "error":
    case "cancelled":
      return ["resume", ...again]
    case "done":
      return again
  }
}

/** What an order touches: `2 series (a/b and 1 more)`. */
export const touched = ({ series }: BackfillRecord): string => {
  const [first, ...others] = series
  if (first === undefined) return "no series"
  return others.length === 0 ? first.series : `${series.length} series (${first.series} and ${others.length} more)`
}

/** Its pairs, or all that its series tell. */
export const pairsOf = ({ pairs, progress }: BackfillRecord): ReadonlyArray<string> => pairs ?? Object.keys(progress)

/** Newest first. */
export const newestFirst = (records: Iterable<BackfillRecord>): ReadonlyArray<BackfillRecord> =>
  Array.from(records).sort((a, b) => b.started_at - a.started_at || b.id.localeCompare(a.id))
