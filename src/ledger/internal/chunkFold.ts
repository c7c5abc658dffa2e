/**
 * What a ledger knows, folded from its bytes: those of the file when it is opened, then each row's as it becomes durable. So
 * what is in memory is always what another reading of the file would give.
 *
 * A row counts where it has a window, one of the nine statuses and a start; a row that was cut before these is passed over.
 */
import * as Record from "effect/Record"
import { downloadColumns, type Reason } from "../ChunkState.js"
import { type Column, empty } from "../LedgerRow.js"
import { LedgerReader } from "../LedgerCsv.js"
import { millisOf } from "../LedgerText.js"
import type { CsvRows, Unfinished } from "./csvRows.js"
import { type Header, judge } from "./header.js"
import { fullLength, microsOf } from "./instantBytes.js"
import { separator, SeriesTable, type Start, statusPlaces } from "./seriesTable.js"

/** Where each column stands in a line; -1 for one that is not there. */
type Places = Readonly<{ [C in Column]: number }>

const download = 0
const process = 1
const upload = 2

/** Longer messages are for the file alone. */
const messageLimit = 500

export class ChunkFold {
  readonly series = new Map<string, SeriesTable>()
  /** Rows that say nothing of a window. */
  passedOver = 0
  header: Header | undefined
  private readonly reader: LedgerReader
  private places: Places | undefined
  /** Neighbouring rows mostly are of one series and have texts in common. */
  private lastSeries: { readonly bytes: Uint8Array; readonly table: SeriesTable } | undefined
  private lastReason: Reason = { type: "", message: "" }
  private readonly lastReasonType = new LastText()
  private readonly lastReasonMessage = new LastText()
  private readonly lastProduct = new LastText()
  private readonly lastRun = new LastText()

  constructor() {
    this.reader = new LedgerReader(
      () => this.take(this.reader.line),
      (fields) => (this.header = judge(fields))
    )
  }

  get encoding(): "utf-8" | "utf-16" {
    return this.reader.encoding
  }

  push(bytes: Uint8Array): void {
    this.reader.push(bytes)
  }

  /** The end of what is in the file now. */
  finish(): Unfinished | undefined {
    return this.reader.finish()
  }

  /** The header that rows will stand under; the file has none yet, or a part of it. */
  begin(names: ReadonlyArray<string>): void {
    this.header = { kind: "own", fields: names, names }
    this.reader.begin(names)
  }

  private take(line: CsvRows): void {
    const places = (this.places ??= placesOf(this.reader))
    const status = statusOf(line, places.status)
    const from = edge(line, places.window_start_utc)
    const to = edge(line, places.window_end_utc)
    if (status === undefined || !(from < to) || !line.has(places.started_at_utc)) return void this.passedOver++
    const table = this.tableOf(line, places.sensor_id)
    const at = table.place(from, to)
    const start = startOf(line, places.started_at_utc)
    const phase = phaseOf[status] ?? stageOfFailure(line, places, table, at, start)
    if (!table.put(at, phase, status, start, this.reasonOf(line, places, status))) return
    if (status === downloaded) table.setFigures(at, downloadColumns.map((c) => line.text(places[c])).join(separator))
    if (phase === download) table.setRun(at, this.lastRun.of(line, places.run_id))
    else if (line.has(places.cdf_path)) table.setProduct(at, this.lastProduct.of(line, places.cdf_path))
  }

  /** Mostly that of the row before: one object in memory for all of them. */
  private reasonOf(line: CsvRows, places: Places, status: number): Reason | undefined {
    if (status !== failed && !skipped.includes(status)) return undefined
    const type = this.lastReasonType.of(line, places.error_type)
    const message = this.lastReasonMessage.of(line, places.error_message).slice(0, messageLimit)
    const last = this.lastReason
    if (last.type !== type || last.message !== message) this.lastReason = { type, message }
    return this.lastReason
  }

  private tableOf(line: CsvRows, place: number): SeriesTable {
    const last = this.lastSeries
    if (last !== undefined && line.holds(place, last.bytes)) return last.table
    const name = line.text(place)
    const table = this.series.get(name) ?? new SeriesTable(name)
    this.series.set(name, table)
    this.lastSeries = { bytes: Buffer.from(name), table }
    return table
  }
}

/** A text that is mostly the one before: one string in memory for all of them. */
class LastText {
  private bytes = new Uint8Array(0)
  private text = ""

  of(line: CsvRows, place: number): string {
    if (!line.holds(place, this.bytes)) {
      this.text = line.text(place)
      this.bytes = Buffer.from(this.text)
    }
    return this.text
  }
}

// ------------------------------------------------------------------------------------------------------------------

const placesOf = (reader: LedgerReader): Places => Record.map(empty, (_, column) => reader.place(column))

/** The phase of each status by its place among all; of FAILED the row has to tell. */
const phaseOf: ReadonlyArray<number | undefined> = [...statusPlaces.keys()].map((status) =>
  status === "FAILED"
    ? undefined
    : status === "SKIPPED_NO_DATA" || status.startsWith("DOWNLOAD")
      ? download
      : status.startsWith("UPLOAD")
        ? upload
        : process
)

const statusBytes = [...statusPlaces].map(([status, place]) => ({ bytes: Buffer.from(status), place }))

const [downloaded, failed, ...skipped] = ["DOWNLOADED", "FAILED", "SKIPPED_NO_DATA", "SKIPPED_NO_INPUT"].map((status) =>
  statusPlaces.get(status)
)

const statusOf = (line: CsvRows, place: number): number | undefined => {
  for (const status of statusBytes) if (line.holds(place, status.bytes)) return status.place
  return statusPlaces.get(line.text(place))
}

/** Milliseconds; NaN where the text is no instant. */
const edge = (line: CsvRows, place: number): number => {
  const micros = line.number(place, microsOf)
  return Number.isNaN(micros) ? (millisOf(line.text(place)) ?? NaN) : Math.floor(micros / 1000)
}

const fullMicros = (bytes: Uint8Array, start: number, end: number): number =>
  end - start === fullLength ? microsOf(bytes, start, end) : NaN

const startOf = (line: CsvRows, place: number): Start => {
  const micros = line.number(place, fullMicros)
  return { micros, text: Number.isNaN(micros) ? line.text(place) : "" }
}

/**
 * The phase that failed: told by what only its rows have. A row that was cut before these columns is of the phase that was
 * begun with its start.
 */
const stageOfFailure = (line: CsvRows, places: Places, table: SeriesTable, at: number, start: Start): number => {
  if (line.has(places.upload_seconds) || line.has(places.cdf_path)) return upload
  if (line.has(places.process_seconds)) return process
  if (table.isStart(at, download, start)) return download
  return table.isStart(at, upload, start) ? upload : table.isStart(at, process, start) ? process : download
}
