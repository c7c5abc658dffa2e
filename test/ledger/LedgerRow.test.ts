import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as LedgerRow from "../../src/ledger/LedgerRow.js"
import { compareCodePoints } from "../../src/ledger/internal/codePoints.js"

const messageOf = (texts: Readonly<Record<string, string>>) =>
  Either.match(LedgerRow.ofTexts(texts), { onLeft: ({ message }) => message, onRight: () => "none" })

const allowed =
  "('run_id', 'chunk_date_utc', 'window_start_utc', 'window_end_utc', 'status', 'records_downloaded', " +
  "'expected_records', 'availability_pct', 'download_seconds', 'csv_size_mb', 'csv_path', 'sensor_id', 'descriptor', " +
  "'output_format', 'error_type', 'error_message', 'started_at_utc', 'finished_at_utc', 'process_seconds', " +
  "'cdf_size_mb', 'cdf_path', 'upload_seconds', 's3_bucket', 's3_key')"

describe("LedgerRow", () => {
  it("has 24 columns, all empty", () => {
    assert.strictEqual(LedgerRow.columns.length, 24)
    assert.deepStrictEqual(Object.keys(LedgerRow.empty), [...LedgerRow.columns])
    assert.isTrue(Object.values(LedgerRow.empty).every((value) => value === ""))
  })

  it("unknown columns are named in order of code points, and judged before the status", () => {
    assert.strictEqual(
      messageOf({ "\u{1f600}": "", "\uffff": "", b: "1", "a'": "2", status: "X" }),
      `Unknown telemetry columns: ["a'", 'b', '\\uffff', '\u{1f600}']. Allowed: ${allowed}.`
    )
  })

  it("a status is one of nine or empty, in upper case", () => {
    for (const status of ["", ...LedgerRow.LedgerStatus.literals]) assert.strictEqual(messageOf({ status }), "none")
    for (const status of ["X", "downloaded", " DOWNLOADED", "None"]) {
      assert.strictEqual(
        messageOf({ status }),
        `Invalid telemetry status '${status}'. Allowed: ['DOWNLOADED', 'DOWNLOAD_PENDING', 'FAILED', 'PROCESSED', ` +
          `'PROCESS_PENDING', 'SKIPPED_NO_DATA', 'SKIPPED_NO_INPUT', 'UPLOADED', 'UPLOAD_PENDING'].`
      )
    }
  })

  it("nothing else is judged", () => {
    assert.deepStrictEqual(
      LedgerRow.ofTexts({ chunk_date_utc: "yesterday" }),
      Either.right({ ...LedgerRow.empty, chunk_date_utc: "yesterday" })
    )
  })

  it("code points are compared, not UTF-16 units", () => {
    const sorted = ["", "a", "a\0", "ab", "b", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"]
    assert.deepStrictEqual(sorted.toReversed().toSorted(compareCodePoints), sorted)
  })
})
