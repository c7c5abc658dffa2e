/**
 * The windows of one series with the latest row of each phase, in columns of numbers: a hundred bytes or so for a window, so
 * that a ledger of millions of rows fits in memory. Windows stand in the order in which they first appeared.
 */
import type { TimeRange } from "../../domain/TimeRange.js"
import { type ChunkState, type PhaseState, phases, type Reason } from "../ChunkState.js"
import { LedgerStatus } from "../LedgerRow.js"
import { millisOf } from "../LedgerText.js"
import { compareCodePoints } from "./codePoints.js"
import { textOfMicros } from "./instantBytes.js"

/** A start as it is compared: microseconds where it is written in full, else its text. */
export interface Start {
  /** NaN where the text counts. */
  readonly micros: number
  readonly text: string
}

const perWindow = phases.length
const mostAttempts = 0xffff

export class SeriesTable {
  count = 0
  private from = new Float64Array(64)
  private to = new Float64Array(64)
  /** By window and phase: the place of the status among all, from 1 on; 0 is none. */
  private status = new Uint8Array(64 * perWindow)
  private attempts = new Uint16Array(64 * perWindow)
  private started = new Float64Array(64 * perWindow)
  /** Starts that are not written in full. */
  private readonly oddStarts = new Map<number, string>()
  private readonly reasons = new Map<number, Reason>()
  private readonly figures: Array<string | undefined> = []
  private readonly products: Array<string | undefined> = []
  private readonly runs: Array<string | undefined> = []
  /** Windows by start and end, open addressing; 0 is free, else the window's place plus one. */
  private slots = new Int32Array(256)

  constructor(readonly series: string) {}

  /** The place of a window; -1 where nothing is known of it. */
  find(start: number, end: number): number {
    for (let slot = this.slotOf(start, end); ; slot = (slot + 1) & (this.slots.length - 1)) {
      const at = (this.slots[slot] ?? 0) - 1
      if (at < 0 || (this.from[at] === start && this.to[at] === end)) return at
    }
  }

  /** The place of a window, made where there is none. */
  place(start: number, end: number): number {
    const known = this.find(start, end)
    if (known >= 0) return known
    const at = this.count++
    if (at === this.from.length) this.grow()
    this.from[at] = start
    this.to[at] = end
    this.figures.push(undefined)
    this.products.push(undefined)
    this.runs.push(undefined)
    if (this.count * 2 > this.slots.length) this.rehash()
    else this.enter(at)
    return at
  }

  /** Takes a row of a phase; false where a later one is known. A row that begins an attempt counts it. */
  put(at: number, phase: number, status: number, start: Start, reason: Reason | undefined): boolean {
    const cell = at * perWindow + phase
    const order = this.status[cell] === 0 ? 1 : this.compare(start, cell)
    const begins = order > 0 || (order < 0 && isPending(status))
    if (begins) this.attempts[cell] = Math.min(mostAttempts, (this.attempts[cell] ?? 0) + 1)
    if (order < 0) return false
    this.status[cell] = status + 1
    this.started[cell] = start.micros
    if (Number.isNaN(start.micros)) this.oddStarts.set(cell, start.text)
    else this.oddStarts.delete(cell)
    if (reason === undefined) this.reasons.delete(cell)
    else this.reasons.set(cell, reason)
    return true
  }

  /** Whether the latest row of a phase has this start. */
  isStart(at: number, phase: number, start: Start): boolean {
    const cell = at * perWindow + phase
    return this.status[cell] !== 0 && this.compare(start, cell) === 0
  }

  setFigures(at: number, figures: string): void {
    this.figures[at] = figures
  }

  setProduct(at: number, path: string): void {
    this.products[at] = path
  }

  setRun(at: number, id: string): void {
    this.runs[at] = id
  }

  /** Every product that a window has. */
  get allProducts(): ReadonlySet<string> {
    const found = new Set<string>()
    for (const product of this.products) if (product !== undefined) found.add(product)
    return found
  }

  state(at: number): ChunkState {
    const [download, process, upload] = phases.map((_, phase) => this.phase(at * perWindow + phase))
    const texts = this.figures[at]?.split(separator) ?? []
    const figure = (place: number) => texts[place] ?? ""
    return {
      series: this.series,
      window: this.window(at),
      download,
      process,
      upload,
      figures: {
        records_downloaded: figure(0),
        expected_records: figure(1),
        availability_pct: figure(2),
        download_seconds: figure(3),
        csv_size_mb: figure(4),
        csv_path: figure(5)
      },
      runId: this.runs[at] ?? "",
      cdfPath: this.products[at] ?? ""
    }
  }

  /** The latest start of any phase of a window, in microseconds; 0 where there is none. */
  latestStart(at: number): number {
    if (at < 0) return 0
    let latest = 0
    for (let phase = 0; phase < perWindow; phase++) {
      const cell = at * perWindow + phase
      const odd = this.oddStarts.get(cell)
      if (this.status[cell] === 0) continue
      latest = Math.max(latest, odd === undefined ? (this.started[cell] ?? 0) : 1000 * (millisOf(odd) ?? 0) + 999)
    }
    return latest
  }

  /** All windows, each as it is when it is taken. */
  *[Symbol.iterator](): Generator<ChunkState> {
    for (let at = 0; at < this.count; at++) yield this.state(at)
  }

  private window(at: number): TimeRange {
    return { start: this.from[at] ?? 0, end: this.to[at] ?? 0 }
  }

  private phase(cell: number): PhaseState | undefined {
    const status = LedgerStatus.literals[(this.status[cell] ?? 0) - 1]
    if (status === undefined) return undefined
    return {
      status,
      attempts: this.attempts[cell] ?? 0,
      startedAt: this.startText(cell),
      reason: this.reasons.get(cell)
    }
  }

  private startText(cell: number): string {
    return this.oddStarts.get(cell) ?? textOfMicros(this.started[cell] ?? 0)
  }

  private compare(start: Start, cell: number): number {
    const known = this.started[cell] ?? NaN
    return Number.isNaN(start.micros) || Number.isNaN(known)
      ? compareCodePoints(start.text === "" ? textOfMicros(start.micros) : start.text, this.startText(cell))
      : start.micros - known
  }

  private slotOf(start: number, end: number): number {
    const mixed = Math.imul(start | 0, 0x9e3779b1) ^ Math.imul(end | 0, 0x85ebca6b)
    return (mixed ^ (mixed >>> 15)) & (this.slots.length - 1)
  }

  private enter(at: number): void {
    let slot = this.slotOf(this.from[at] ?? 0, this.to[at] ?? 0)
    while (this.slots[slot] !== 0) slot = (slot + 1) & (this.slots.length - 1)
    this.slots[slot] = at + 1
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 4)
    for (let at = 0; at < this.count; at++) this.enter(at)
  }

  private grow(): void {
    const size = this.from.length * 2
    this.from = copied(new Float64Array(size), this.from)
    this.to = copied(new Float64Array(size), this.to)
    this.status = copied(new Uint8Array(size * perWindow), this.status)
    this.attempts = copied(new Uint16Array(size * perWindow), this.attempts)
    this.started = copied(new Float64Array(size * perWindow), this.started)
  }
}

/** Stands between figures that are kept as one text; no number and no path has it. */
export const separator = "\0"

/** Statuses by their place: what the table keeps of one. */
export const statusPlaces: ReadonlyMap<string, number> = new Map(
  LedgerStatus.literals.map((status, place) => [status, place])
)

// ------------------------------------------------------------------------------------------------------------------

const pending = new Set(
  ["DOWNLOAD_PENDING", "PROCESS_PENDING", "UPLOAD_PENDING"].map((status) => statusPlaces.get(status))
)

const isPending = (status: number): boolean => pending.has(status)

const copied = <A extends Float64Array | Uint8Array | Uint16Array>(into: A, from: A): A => {
  into.set(from)
  return into
}
