/**
 * What the first line of a file says of it. `own`: the 24 columns in their order. `readable`: the columns that matter are
 * there, under their names or as the first of ours (files from before a column was added, whose later rows may have all 24).
 * `headerless`: it is a row. `foreign`: this is no ledger.
 */
import { type Column, columns, isStatus } from "../LedgerRow.js"
import { isDate } from "../LedgerText.js"

export type HeaderKind = "own" | "readable" | "headerless" | "foreign"

export interface Header {
  readonly kind: HeaderKind
  /** The line itself. */
  readonly fields: ReadonlyArray<string>
  /** What the fields of rows are. */
  readonly names: ReadonlyArray<string>
}

/** Without these nothing is known of a window. */
export const needed: ReadonlyArray<Column> = [
  "window_start_utc",
  "window_end_utc",
  "status",
  "sensor_id",
  "started_at_utc"
]

export const judge = (fields: ReadonlyArray<string>): Header => {
  const isPrefix = fields.length <= columns.length && fields.every((name, place) => name === columns[place])
  if (isPrefix && fields.length === columns.length) return { kind: "own", fields, names: columns }
  if (isDate(fields[1] ?? "") && isStatus(fields[4])) return { kind: "headerless", fields, names: columns }
  if (!needed.every((name) => fields.includes(name))) return { kind: "foreign", fields, names: fields }
  return { kind: "readable", fields, names: isPrefix ? columns : fields }
}
