/**
 * What a worker has done since it last told the controller.
 *
 * @internal
 */
import type { WorkerTimes, WorkerUpdate } from "../../../assignment/ServiceUpdate.js"

type Times = { -readonly [K in keyof WorkerTimes]: WorkerTimes[K] }

const noTimes = (): Times => ({
  get_assignments: 0,
  get_messages: 0,
  assemble_event: 0,
  custom_code: 0,
  send_result: 0,
  no_events: 0
})

export class WorkReport {
  #completed: Array<{ readonly event: number; readonly hasResult: boolean }> = []
  #lost: Array<number> = []
  #times = noTimes()

  constructor(readonly worker: string) {}

  get isEmpty(): boolean {
    return this.#completed.length === 0
  }

  /** Seconds since `from`, spent on one of the steps. */
  spent(step: Exclude<keyof WorkerTimes, "no_events">, from: bigint, to: bigint): void {
    this.#times[step] += Number(to - from) / 1e9
  }

  completed(event: number, hasResult: boolean): void {
    this.#completed.push({ event, hasResult })
    this.#times.no_events++
  }

  /** An event of which not everything came, and nothing more will. */
  lost(event: number): void {
    this.#lost.push(event)
    this.completed(event, false)
  }

  /** Everything since the last time, in the order of the events, which is then forgotten. */
  take(): WorkerUpdate {
    const completed = this.#completed.sort((a, b) => a.event - b.event)
    const update: WorkerUpdate = {
      state: "idle",
      source: "worker",
      completed: completed.map(({ event }) => event),
      worker: this.worker,
      has_result: completed.map(({ hasResult }) => hasResult),
      processing_times: this.#times,
      ...(this.#lost.length === 0 ? {} : { lost: this.#lost })
    }
    this.#lost = []
    this.#completed = []
    this.#times = noTimes()
    return update
  }

  /** Says that the worker takes part in the scan, and, where that counts, which start of it does. */
  ready(incarnation: string | undefined): WorkerUpdate {
    return incarnation === undefined ? this.#plain("ready") : { ...this.#plain("ready"), incarnation }
  }

  /** Says that the worker has finished the scan. */
  finished(): WorkerUpdate {
    return this.#plain("finished")
  }

  #plain(state: "ready" | "finished"): WorkerUpdate {
    return { state, source: "worker", completed: [], worker: this.worker, has_result: [], processing_times: null }
  }
}
