/** Everything that is known of a scan while it lasts, in the words of the controller's `/status` and `/load`. */
import type { WorkerTimes } from "../../assignment/ServiceUpdate.js"

export interface ScanStatus {
  /** For each event with something outstanding or done, the workers that have reported it. */
  readonly work_completed: Readonly<Record<string, ReadonlyArray<string>>>
  /** The highest event that is assigned, and one more. */
  readonly last_assigned: number
  /** For each active map, the worker of each constraint. */
  readonly assignment: ReadonlyArray<Readonly<Record<string, string>>>
  /** In the order of their completion. */
  readonly completed_events: ReadonlyArray<number>
  readonly finished: boolean
  /** By worker, then by the last event of each report. */
  readonly processing_times: Readonly<Record<string, Readonly<Record<string, WorkerTimes>>>>
}

/** Seconds, and how many events they were spent on. */
export interface IntervalLoad {
  readonly total: number
  readonly active: number
  readonly events: number
}

export interface WorkerLoad {
  readonly last_event: number
  readonly intervals: Readonly<Record<string, IntervalLoad>>
}
