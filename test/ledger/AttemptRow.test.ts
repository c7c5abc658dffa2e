import { assert, describe, it } from "@effect/vitest"
import * as AttemptRow from "../../src/ledger/AttemptRow.js"
import type { ChunkState } from "../../src/ledger/ChunkState.js"
import { encode, header } from "../../src/ledger/LedgerCsv.js"
import type { LedgerRow } from "../../src/ledger/LedgerRow.js"
import { ChunkFold } from "../../src/ledger/internal/chunkFold.js"

const window = { start: Date.UTC(2026, 0, 1), end: Date.UTC(2026, 0, 2) }
const finishedAt = Date.UTC(2026, 0, 3, 4, 5, 6, 789)
const attempt: AttemptRow.Attempt = {
  runId: "r1",
  series: "a/b/c",
  descriptor: "b 1m",
  window,
  startedAt: "2026-01-03T00:00:00.000000+00:00",
  expected: 1440,
  outputFormat: "parquet"
}

/** What of a row is not of every row of the attempt. */
const own = (row: LedgerRow) =>
  Object.fromEntries(
    Object.entries(row).filter(
      ([name, value]) => value !== "" && AttemptRow.pending("download", attempt)[name as "status"] !== value
    )
  )

const stateOf = (...rows: ReadonlyArray<LedgerRow>): ChunkState => {
  const fold = new ChunkFold()
  fold.push(Buffer.from(header + rows.map(encode).join("")))
  const [state] = [...(fold.series.get("a/b/c") ?? [])]
  if (state === undefined) throw new Error("no such window")
  return state
}

const downloaded = AttemptRow.downloaded(attempt, {
  records: 1000,
  bytes: 1_048_576,
  path: "p/a,b.csv",
  seconds: 1.5,
  finishedAt
})
const processed = AttemptRow.processed(attempt, { bytes: 2 ** 19, path: "p/2026.parquet", seconds: 2, finishedAt })

describe("AttemptRow", () => {
  it("all rows of an attempt share run, window, start and series", () => {
    assert.deepStrictEqual(
      Object.fromEntries(Object.entries(AttemptRow.pending("download", attempt)).filter(([, value]) => value !== "")),
      {
        run_id: "r1",
        chunk_date_utc: "2026-01-01",
        window_start_utc: "2026-01-01T00:00:00+00:00",
        window_end_utc: "2026-01-02T00:00:00+00:00",
        status: "DOWNLOAD_PENDING",
        expected_records: "1440",
        sensor_id: "a/b/c",
        descriptor: "b 1m",
        output_format: "parquet",
        started_at_utc: "2026-01-03T00:00:00.000000+00:00"
      }
    )
  })

  it("each outcome sets the columns of its phase", () => {
    const finished_at_utc = "2026-01-03T04:05:06.789000+00:00"
    assert.deepStrictEqual(own(downloaded), {
      status: "DOWNLOADED",
      records_downloaded: "1000",
      availability_pct: "69.4444",
      download_seconds: "1.500",
      csv_size_mb: "1.0000",
      csv_path: "p/a,b.csv",
      finished_at_utc
    })
    assert.deepStrictEqual(own(AttemptRow.noData(attempt, { seconds: 0.25, message: "none", finishedAt })), {
      status: "SKIPPED_NO_DATA",
      download_seconds: "0.250",
      error_message: "none",
      finished_at_utc
    })
    assert.deepStrictEqual(own(processed), {
      status: "PROCESSED",
      process_seconds: "2.000",
      cdf_size_mb: "0.5000",
      cdf_path: "p/2026.parquet",
      finished_at_utc
    })
    assert.deepStrictEqual(own(AttemptRow.uploaded(attempt, { seconds: 3, bucket: "b", key: "k", finishedAt })), {
      status: "UPLOADED",
      upload_seconds: "3.000",
      s3_bucket: "b",
      s3_key: "k",
      finished_at_utc
    })
    assert.strictEqual(
      AttemptRow.noInput(attempt, { seconds: 0, message: "gone", finishedAt }).status,
      "SKIPPED_NO_INPUT"
    )
  })

  it("a failure is read back as one of its phase, with its reason, however long that is", () => {
    for (const phase of ["download", "process", "upload"] as const) {
      const before = stateOf(downloaded, processed)
      const failure = AttemptRow.failed(
        phase,
        { ...attempt, carried: AttemptRow.carried(phase, before), startedAt: "2026-01-04T00:00:00.000000+00:00" },
        { type: "HTTP 503", message: "x".repeat(10_000), seconds: 1, finishedAt }
      )
      const state = stateOf(downloaded, processed, failure)
      assert.strictEqual(state[phase]?.status, "FAILED", phase)
      assert.strictEqual(state[phase]?.reason?.type, "HTTP 503")
      assert.isBelow(failure.error_message.length, 5_000)
      assert.strictEqual(phase === "download" ? "" : state.figures.csv_path, phase === "download" ? "" : "p/a,b.csv")
    }
  })

  it("later phases carry forward what the earlier ones came to", () => {
    const state = stateOf(downloaded, processed)
    assert.deepStrictEqual(AttemptRow.carried("download", state), {})
    assert.deepStrictEqual(AttemptRow.carried("process", state), {
      records_downloaded: "1000",
      expected_records: "1440",
      availability_pct: "69.4444",
      download_seconds: "1.500",
      csv_size_mb: "1.0000",
      csv_path: "p/a,b.csv"
    })
    const upload = AttemptRow.pending("upload", { ...attempt, carried: AttemptRow.carried("upload", state) })
    assert.deepStrictEqual(
      [upload.cdf_path, upload.csv_path, upload.process_seconds],
      ["p/2026.parquet", "p/a,b.csv", ""]
    )
  })
})
