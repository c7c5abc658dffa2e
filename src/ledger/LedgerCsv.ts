/**
 * The file form of a ledger: CSV as Python's `csv` module writes and reads it (dialect "excel"), UTF-8, a header, CRLF. What
 * is written here is byte for byte what Python writes; what is read may have been edited by hand, cut, or written by a tool
 * with other columns. Reading never fails but on UTF-16, which it tells by `encoding`.
 */
import * as Record from "effect/Record"
import { type Column, columns, empty, type LedgerRow } from "./LedgerRow.js"
import { CsvRows, type Unfinished } from "./internal/csvRows.js"

/** A row as it is read: texts on demand, valid until the call that tells it returns. */
export interface RowView {
  /** How many fields the line has. */
  readonly fields: number
  /** "" where the file has no such column or the line ends before it. */
  readonly text: (column: Column) => string
  /** All of it, to keep. */
  readonly row: () => LedgerRow
}

/** Fields as one line, with its end. */
export const encodeFields = (fields: ReadonlyArray<string>): string => `${fields.map(quoted).join(",")}\r\n`

export const encode = (row: LedgerRow): string => encodeFields(columns.map((column) => row[column]))

/** The first line of a ledger. */
export const header: string = `${columns.join(",")}\r\n`

/** The names of the columns; `headerless` where the first line is a row already. */
export interface FirstLine {
  readonly kind: string
  readonly names: ReadonlyArray<string>
}

/**
 * Reads a ledger from bytes as they come. The first line that is not empty is the header: columns are found by name, of a
 * name that stands twice the last one counts, columns with other names are passed over.
 */
export class LedgerReader implements RowView {
  /** The names in the file; undefined until its header was read. */
  names: ReadonlyArray<string> | undefined
  /** UTF-16 is not read: no row is told of such a file. */
  encoding: "utf-8" | "utf-16" = "utf-8"
  /** The line under way, for who reads millions of them. */
  readonly line: CsvRows
  private places: { readonly [C in Column]: number } = nowhere
  private readonly lead: Array<number> = []

  constructor(
    onRow: (view: LedgerReader) => void,
    /** What the first line says of the columns, for who knows better than to believe it. */
    judge: (fields: ReadonlyArray<string>) => FirstLine = (names) => ({ kind: "header", names })
  ) {
    this.line = new CsvRows(() => {
      if (this.names === undefined) {
        const { kind, names } = judge(fieldsOf(this.line))
        this.begin(names)
        if (kind !== "headerless") return
      }
      onRow(this)
    })
  }

  /** Takes the names of the columns from elsewhere: there is no header to come. */
  begin(names: ReadonlyArray<string>): void {
    this.names = names
    this.places = Record.map(empty, (_, column) => names.lastIndexOf(column))
  }

  push(bytes: Uint8Array): void {
    if (this.lead.length < 2) {
      this.lead.push(...bytes.subarray(0, 2 - this.lead.length))
      if (isUtf16(this.lead)) this.encoding = "utf-16"
    }
    if (this.encoding === "utf-8") this.line.push(bytes)
  }

  /** The end of the file: tells a last line that has no end, and how it looks. */
  finish(): Unfinished | undefined {
    return this.encoding === "utf-8" ? this.line.finish() : undefined
  }

  /** Where a column stands; -1 where the file has none of that name. */
  place(column: Column): number {
    return this.places[column]
  }

  get fields(): number {
    return this.line.count
  }

  text(column: Column): string {
    return this.line.text(this.place(column))
  }

  row(): LedgerRow {
    const row: { [C in Column]: string } = { ...empty }
    for (const column of columns) if (this.line.has(this.places[column])) row[column] = this.text(column)
    return row
  }
}

/** All texts of a line. */
export const fieldsOf = (line: CsvRows): ReadonlyArray<string> =>
  Array.from({ length: line.count }, (_, field) => line.text(field))

// ------------------------------------------------------------------------------------------------------------------

const nowhere = Record.map(empty, () => -1)

const special = /[",\r\n]/

const quoted = (field: string): string => (special.test(field) ? `"${field.replaceAll('"', '""')}"` : field)

/** By its mark, or because every other byte of its first character is NUL. */
const isUtf16 = ([first, second]: ReadonlyArray<number>): boolean =>
  second !== undefined &&
  ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || (first === 0) !== (second === 0))
