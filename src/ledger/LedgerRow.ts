/**
 * One row of a chunk ledger: what one attempt at one stage of one window came to. 24 columns of text, every one of them ""
 * where it does not apply. Names, order, statuses and messages are those of the ledgers of UDL downloads, whose tools read
 * and write the same files.
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { repr } from "../domain/PythonRepr.js"
import { compareCodePoints } from "./internal/codePoints.js"

/** The columns in the order of the file. */
export const columns = [
  "run_id",
  "chunk_date_utc",
  "window_start_utc",
  "window_end_utc",
  "status",
  "records_downloaded",
  "expected_records",
  "availability_pct",
  "download_seconds",
  "csv_size_mb",
  "csv_path",
  "sensor_id",
  "descriptor",
  "output_format",
  "error_type",
  "error_message",
  "started_at_utc",
  "finished_at_utc",
  "process_seconds",
  "cdf_size_mb",
  "cdf_path",
  "upload_seconds",
  "s3_bucket",
  "s3_key"
] as const

export type Column = (typeof columns)[number]

export interface LedgerRow extends Readonly<Record<Column, string>> {}

/** What a row may say of its stage. */
export const LedgerStatus = Schema.Literal(
  "DOWNLOAD_PENDING",
  "DOWNLOADED",
  "SKIPPED_NO_DATA",
  "FAILED",
  "PROCESS_PENDING",
  "PROCESSED",
  "UPLOAD_PENDING",
  "UPLOADED",
  "SKIPPED_NO_INPUT"
)
export type LedgerStatus = typeof LedgerStatus.Type

/** Columns that no ledger has. */
export class UnknownColumns extends Schema.TaggedError<UnknownColumns>()("UnknownColumns", {
  columns: Schema.Array(Schema.String)
}) {
  override get message() {
    const unknown = this.columns.toSorted(compareCodePoints)
    return `Unknown telemetry columns: [${list(unknown)}]. Allowed: (${list(columns)}).`
  }
}

/** A status that is none of the nine. */
export class InvalidStatus extends Schema.TaggedError<InvalidStatus>()("InvalidStatus", { status: Schema.String }) {
  override get message() {
    const allowed = LedgerStatus.literals.toSorted(compareCodePoints)
    return `Invalid telemetry status ${repr(this.status)}. Allowed: [${list(allowed)}].`
  }
}

/** A row of these fields; the others are "". */
export const make = (fields: Partial<LedgerRow>): LedgerRow => ({ ...empty, ...fields })

/** A row with nothing in it. */
export const empty: LedgerRow = {
  run_id: "",
  chunk_date_utc: "",
  window_start_utc: "",
  window_end_utc: "",
  status: "",
  records_downloaded: "",
  expected_records: "",
  availability_pct: "",
  download_seconds: "",
  csv_size_mb: "",
  csv_path: "",
  sensor_id: "",
  descriptor: "",
  output_format: "",
  error_type: "",
  error_message: "",
  started_at_utc: "",
  finished_at_utc: "",
  process_seconds: "",
  cdf_size_mb: "",
  cdf_path: "",
  upload_seconds: "",
  s3_bucket: "",
  s3_key: ""
}

/** A row from named texts. Names are judged before the status; an empty status is allowed; nothing else is judged. */
export const ofTexts = (
  texts: Readonly<Record<string, string>>
): Either.Either<LedgerRow, UnknownColumns | InvalidStatus> => {
  const unknown = Object.keys(texts).filter((name) => !known.has(name))
  if (unknown.length > 0) return Either.left(new UnknownColumns({ columns: unknown }))
  const row = make(texts)
  return row.status === "" || isStatus(row.status)
    ? Either.right(row)
    : Either.left(new InvalidStatus({ status: row.status }))
}

export const isStatus = Schema.is(LedgerStatus)

// ------------------------------------------------------------------------------------------------------------------

const known: ReadonlySet<string> = new Set(columns)

const list = (texts: ReadonlyArray<string>): string => texts.map(repr).join(", ")
