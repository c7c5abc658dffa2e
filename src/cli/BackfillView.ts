/**
 * How far backfills are, for people: a line for each series that runs, one for all that are finished, one for all that wait.
 * Pure: whoever draws brings the records, the pace of each series and the room there is.
 */
import * as Option from "effect/Option"
import type { BackfillRecord, SeriesProgress } from "../domain/Backfill.js"
import type { Size } from "./LiveLines.js"
import * as Output from "./Output.js"
import * as Pace from "./Pace.js"
import * as Readable from "./Readable.js"

/** By the key of the series. */
export type Paces = ReadonlyMap<string, Pace.Pace>

export interface Figures {
  readonly series: number
  readonly finished: number
  readonly done: number
  readonly total: number
  readonly rows: number
  readonly empty: number
  readonly failed: number
  /** Series that could not go on. */
  readonly errors: number
}

/**
 * All series of some backfills, each once. One that several name stands as it is now, in the last of them that has done or
 * will do something with it; what the ones before fetched is counted with it.
 */
export const seriesOf = (records: ReadonlyArray<BackfillRecord>): ReadonlyArray<SeriesProgress> => {
  const found = new Map<string, SeriesProgress>()
  for (const one of records.flatMap(({ series }) => series)) {
    const before = found.get(one.series)
    found.set(one.series, before === undefined ? one : joined(before, one))
  }
  return [...found.values()]
}

export const figures = (series: ReadonlyArray<SeriesProgress>): Figures => {
  const sum = (of: (one: SeriesProgress) => number) => series.reduce((total, one) => total + of(one), 0)
  return {
    series: series.length,
    finished: sum(({ state }) => (state === "done" || state === "error" ? 1 : 0)),
    done: sum(({ done }) => done),
    total: sum(({ total }) => total),
    rows: sum(({ rows }) => rows),
    empty: sum(({ empty }) => empty),
    failed: sum(({ failed }) => failed),
    errors: sum(({ state }) => (state === "error" ? 1 : 0))
  }
}

/** What is drawn on a terminal. */
export const lines = (
  records: ReadonlyArray<BackfillRecord>,
  paces: Paces,
  { columns, rows }: Size,
  style: Output.Style
): ReadonlyArray<string> => {
  const series = seriesOf(records)
  const of = (state: SeriesProgress["state"]) => series.filter((one) => one.state === state)
  const running = of("running")
  const finished = [...of("done"), ...of("error")]
  const waiting = of("waiting").length
  const remark = lastRemark(records)
  const quiet = (texts: ReadonlyArray<string>) => texts.map((text) => style.dim(Output.cut(text, columns)))
  const head = quiet(finished.length === 0 ? [] : [finishedText(finished)])
  const tail = quiet([
    ...(waiting === 0 ? [] : [`${waiting} more series waiting`]),
    ...(remark === undefined ? [] : [remark])
  ])
  const room = Math.max(1, rows - head.length - tail.length)
  const shown = running.length <= room ? running : running.slice(0, Math.max(1, room - 1))
  const hidden = running.length === shown.length ? [] : [`and ${running.length - shown.length} more`]
  return [...head, ...bars(shown, paces, columns, style), ...hidden, ...tail].slice(0, rows)
}

/** The same in one line, where nothing can be drawn. */
export const plain = (records: ReadonlyArray<BackfillRecord>, paces: Paces): string => {
  const series = seriesOf(records)
  const all = figures(series)
  const running = series.filter(({ state }) => state === "running")
  const merging = running.filter(isMerging).length
  const fetching = running.filter((one) => !isMerging(one))
  const rates = fetching.flatMap((one) => Option.toArray(Pace.rates(paces.get(one.series) ?? [])))
  const { rows, windows } = Pace.sum(rates)
  const isLast = all.series === all.finished + running.length
  const left = all.total - all.done
  return [
    `${all.finished} of ${Readable.plural(all.series, "series", "series")}`,
    `${Readable.count(all.done)} of ${Readable.plural(all.total, "window")}`,
    ...(rates.length === 0 ? [] : [`${Readable.rate(windows)} windows/s`, `${Readable.rate(rows)} rows/s`]),
    ...(merging === 0 ? [] : [fetching.length === 0 ? "merging" : `${merging} merging`]),
    ...(isLast && windows > 0 && left > 0 ? [`${Readable.span((left / windows) * 1000)} left`] : []),
    ...(all.failed === 0 ? [] : [`${Readable.count(all.failed)} failed`]),
    ...(all.errors === 0 ? [] : [`${all.errors} series stopped by an error`])
  ].join(", ")
}

// ------------------------------------------------------------------------------------------------------------------

/** All its windows are over, and what was fetched is on its way into the files. */
const isMerging = ({ done, state, total }: SeriesProgress): boolean => state === "running" && total > 0 && done >= total

/** A window that failed in the first and was tried again in the second did not fail. */
const joined = (first: SeriesProgress, second: SeriesProgress): SeriesProgress => {
  const isAhead = second.state === "waiting" && first.state !== "done" && first.state !== "error"
  return {
    ...second,
    state: isAhead ? first.state : second.state,
    done: first.done + second.done,
    total: first.total + second.total,
    fetched: first.fetched + second.fetched,
    empty: first.empty + second.empty,
    failed: second.state === "done" ? second.failed : Math.max(first.failed, second.failed),
    rows: first.rows + second.rows,
    unreadable: (first.unreadable ?? 0) + (second.unreadable ?? 0),
    error: second.error ?? (second.state === "done" ? null : first.error)
  }
}

/** One series as the cells of its line (`windows` and `rows` are rates); the bar comes between them where there is room. */
interface Cells {
  readonly name: string
  readonly part: number
  readonly done: string
  readonly windows: string
  readonly rows: string
  readonly left: string
  readonly failed: string
}

type Cell = Exclude<keyof Cells, "part" | "name">

/** What is left out first where the terminal is narrow stands first. */
const dispensable: ReadonlyArray<Cell> = ["rows", "windows", "left"]
const order: ReadonlyArray<Cell> = ["done", "windows", "rows", "left", "failed"]
const gap = "  "
const shortestName = 4
const usualName = 24
const shortestBar = 6
const longestBar = 24

const bars = (
  series: ReadonlyArray<SeriesProgress>,
  paces: Paces,
  columns: number,
  style: Output.Style
): ReadonlyArray<string> => {
  const cells = series.map((one) => cellsOf(one, paces.get(one.series) ?? []))
  const widest = (cell: Cell | "name") => Math.max(0, ...cells.map((one) => one[cell].length))
  let shown = order.filter((cell) => widest(cell) > 0)
  const taken = () => shown.reduce((sum, cell) => sum + gap.length + widest(cell), 0)
  const wanted = widest("name")
  for (const cell of dispensable) {
    if (taken() + Math.min(wanted, usualName) > columns) shown = shown.filter((other) => other !== cell)
  }
  const name = Math.min(wanted, Math.max(shortestName, columns - taken()))
  const room = columns - taken() - name - gap.length - 2
  const bar = room < shortestBar ? 0 : Math.min(longestBar, room)
  return cells.map((one) => {
    const texts = shown.map((cell) => {
      const text = one[cell].padStart(widest(cell))
      return cell === "failed" ? style.bad(text) : text
    })
    const start = Output.cutMiddle(one.name, name).padEnd(name)
    return [start, ...(bar === 0 ? [] : [barText(one.part, bar, style)]), ...texts].join(gap).trimEnd()
  })
}

const cellsOf = (one: SeriesProgress, pace: Pace.Pace): Cells => {
  const rates = isMerging(one) ? Option.none() : Pace.rates(pace)
  const left = Math.max(0, one.total - one.done)
  return {
    name: one.series,
    part: one.total === 0 ? 0 : Math.min(1, one.done / one.total),
    done: one.total === 0 ? "planning" : `${Readable.count(one.done)}/${Readable.count(one.total)}`,
    windows: Option.match(rates, { onNone: () => "", onSome: (rate) => `${Readable.rate(rate.windows)}/s` }),
    rows: Option.match(rates, { onNone: () => "", onSome: (rate) => `${Readable.rate(rate.rows)} rows/s` }),
    left: isMerging(one)
      ? "merging"
      : Option.match(Pace.remaining(pace, left), {
          onNone: () => "",
          onSome: (millis) => `${Readable.span(Math.max(1000, millis))} left`
        }),
    failed: one.failed === 0 ? "" : `${Readable.count(one.failed)} failed`
  }
}

const barText = (part: number, width: number, style: Output.Style): string => {
  const filled = Math.floor(part * width)
  return `[${style.good("#".repeat(filled))}${style.dim("-".repeat(width - filled))}]`
}

const finishedText = (finished: ReadonlyArray<SeriesProgress>): string => {
  const { done, errors, failed, rows } = figures(finished)
  return [
    `${finished.length} series finished`,
    Readable.plural(done, "window"),
    Readable.plural(rows, "row"),
    ...(failed === 0 ? [] : [`${Readable.count(failed)} failed`]),
    ...(errors === 0 ? [] : [`${errors} stopped by an error`])
  ].join(", ")
}

/** The newest line of the log of one that runs: it tells of attempts that failed and of waits. */
const lastRemark = (records: ReadonlyArray<BackfillRecord>): string | undefined =>
  records.filter(({ status }) => status === "running").flatMap(({ log }) => log.slice(-1))[0]
