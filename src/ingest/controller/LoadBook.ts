/** On what workers spend their time, from their reports: the newest of each worker one by one, all together as a sum. */
import type { WorkerTimes } from "../../assignment/ServiceUpdate.js"
import type { IntervalLoad, WorkerLoad } from "./ScanStatus.js"

/** How many reports of a worker are kept one by one; sums over intervals and `/status` reach no further back. */
const kept = 10_000

interface Report {
  readonly last: number
  readonly times: WorkerTimes
}

interface Book {
  reports: Array<Report>
  scan: IntervalLoad
}

export class LoadBook {
  private readonly books = new Map<string, Book>()

  /** Times of a worker over the events since its last report, of which this was the last one. */
  add(worker: string, last: number, times: WorkerTimes): void {
    const book = this.books.get(worker) ?? { reports: [], scan: idle }
    this.books.set(worker, book)
    book.reports.push({ last, times })
    book.scan = plus(book.scan, times)
    if (book.reports.length >= 2 * kept) book.reports = book.reports.slice(-kept)
  }

  /** Over the reports on the last so many of the completed events, for each interval; and over the whole scan. */
  load(intervals: ReadonlyArray<number>, scan: boolean, completed: number): Readonly<Record<string, WorkerLoad>> {
    return Object.fromEntries(
      Array.from(this.books, ([worker, { reports, scan: whole }]) => {
        const over = intervals.map((events) => {
          const newest = reports.filter(({ last }) => last >= completed - events)
          return [String(events), newest.reduce((sum, { times }) => plus(sum, times), idle)] as const
        })
        const last_event = reports[reports.length - 1]?.last ?? 0
        return [worker, { last_event, intervals: Object.fromEntries(scan ? [...over, ["scan", whole]] : over) }]
      })
    )
  }

  /** By worker, then by the last event of each report. */
  times(): Readonly<Record<string, Readonly<Record<string, WorkerTimes>>>> {
    return Object.fromEntries(
      Array.from(this.books, ([worker, { reports }]) => [
        worker,
        Object.fromEntries(reports.map(({ last, times }) => [last, times]))
      ])
    )
  }
}

// -----------------------------------------------------------------------------

const idle: IntervalLoad = { total: 0, active: 0, events: 0 }

const plus = (sum: IntervalLoad, times: WorkerTimes): IntervalLoad => {
  const active = times.assemble_event + times.custom_code + times.send_result
  return {
    total: sum.total + times.get_assignments + times.get_messages + active,
    active: sum.active + active,
    events: sum.events + times.no_events
  }
}
