/** What is to be done for a window, by the two tables of the pipeline, and where the tables broke their own promise. */
import { assert, describe, it } from "@effect/vitest"
import type { ChunkState } from "../../src/ledger/ChunkState.js"
import * as Decision from "../../src/ledger/Decision.js"
import { encode, header } from "../../src/ledger/LedgerCsv.js"
import { type LedgerRow, type LedgerStatus, LedgerStatus as Status, make } from "../../src/ledger/LedgerRow.js"
import { ChunkFold } from "../../src/ledger/internal/chunkFold.js"

const series = "REACH-1"
const start = (second: number) => `2026-01-02T00:00:0${second}.000000+00:00`
const row = (status: LedgerStatus, second: number, fields: Partial<LedgerRow> = {}): LedgerRow =>
  make({
    run_id: "r",
    chunk_date_utc: "2026-01-01",
    window_start_utc: "2026-01-01T00:00:00+00:00",
    window_end_utc: "2026-01-02T00:00:00+00:00",
    sensor_id: series,
    status,
    started_at_utc: start(second),
    ...fields
  })

const statesOf = (...rows: ReadonlyArray<LedgerRow>): ReadonlyArray<ChunkState> => {
  const fold = new ChunkFold()
  fold.push(Buffer.from(header + rows.map(encode).join("")))
  fold.finish()
  return [...fold.series.values()].flatMap((table) => [...table])
}
const stateOf = (...rows: ReadonlyArray<LedgerRow>): ChunkState | undefined => statesOf(...rows)[0]

const there = { bytes: 1_048_576 }
const local = { retryFailed: false, upload: false }
const remote = { retryFailed: false, upload: true }
const retry = { retryFailed: true, upload: true }
const both = { csv: there, cdf: there }
const nothing = { csv: undefined, cdf: undefined }
const onlyCsv = { csv: there, cdf: undefined }

/** A day that went through all phases. */
const whole = [
  row("DOWNLOAD_PENDING", 1),
  row("DOWNLOADED", 1, { csv_path: "a.csv", download_seconds: "1.000" }),
  row("PROCESS_PENDING", 2),
  row("PROCESSED", 2, { cdf_path: "a.cdf", process_seconds: "1.000" }),
  row("UPLOAD_PENDING", 3),
  row("UPLOADED", 3, { upload_seconds: "1.000" })
]

describe("download", () => {
  const action = (status: LedgerStatus, csv: Decision.FoundFile | undefined, options: Decision.Options) =>
    Decision.download(stateOf(row(status, 1)), csv, options)

  it("by the latest row of the phase", () => {
    assert.strictEqual(Decision.download(undefined, undefined, local), "run_download")
    assert.strictEqual(action("DOWNLOAD_PENDING", undefined, local), "run_download")
    assert.strictEqual(action("DOWNLOADED", there, local), "skip_existing")
    assert.strictEqual(action("DOWNLOADED", undefined, local), "run_download")
    assert.strictEqual(action("SKIPPED_NO_DATA", undefined, local), "skip_terminal")
    assert.strictEqual(action("SKIPPED_NO_DATA", undefined, retry), "skip_terminal")
    assert.strictEqual(action("FAILED", undefined, local), "skip_failed")
    assert.strictEqual(action("FAILED", undefined, retry), "run_download")
  })
})

describe("process", () => {
  const table: ReadonlyArray<readonly [LedgerStatus, Decision.OnDisk, string, string]> = [
    ["DOWNLOAD_PENDING", onlyCsv, "run_process", "run_process"],
    ["DOWNLOADED", onlyCsv, "run_process", "run_process"],
    ["SKIPPED_NO_DATA", onlyCsv, "run_process", "run_process"],
    ["PROCESS_PENDING", onlyCsv, "run_process", "run_process"],
    ["PROCESSED", both, "skip_existing", "run_upload_only"],
    ["PROCESSED", onlyCsv, "run_process", "run_process"],
    ["UPLOAD_PENDING", both, "run_upload_only", "run_upload_only"],
    ["UPLOAD_PENDING", onlyCsv, "run_process", "run_process"],
    ["UPLOADED", nothing, "skip_existing", "skip_existing"],
    ["SKIPPED_NO_INPUT", onlyCsv, "run_process", "run_process"],
    ["SKIPPED_NO_INPUT", nothing, "skip_terminal", "skip_terminal"],
    ["DOWNLOADED", nothing, "skip_no_input", "skip_no_input"],
    ["PROCESSED", nothing, "skip_no_input", "skip_no_input"]
  ]
  it.each(table)("%s, %o: %s locally, %s with an upload", (status, disk, locally, uploading) => {
    const chunk = stateOf(row(status, 1))
    assert.strictEqual(Decision.process(chunk, disk, local), locally)
    assert.strictEqual(Decision.process(chunk, disk, remote), uploading)
  })

  it("a failure is skipped, or tried again; nothing known is work", () => {
    const chunk = stateOf(row("FAILED", 1, { process_seconds: "0.100" }))
    assert.strictEqual(Decision.process(chunk, onlyCsv, remote), "skip_failed")
    assert.strictEqual(Decision.process(chunk, onlyCsv, retry), "run_process")
    assert.strictEqual(Decision.process(undefined, onlyCsv, local), "run_process")
  })

  it("what was made anew after an upload is uploaded again", () => {
    const chunk = stateOf(...whole, row("PROCESS_PENDING", 5), row("PROCESSED", 5, { cdf_path: "a.cdf" }))
    assert.strictEqual(Decision.process(chunk, both, remote), "run_upload_only")
  })
})

describe("next", () => {
  it("takes a window through its phases", () => {
    const steps = [
      [0, nothing, "run_download"],
      [1, nothing, "run_download"],
      [2, onlyCsv, "run_process"],
      [2, nothing, "run_download"],
      [3, onlyCsv, "run_process"],
      [4, { csv: undefined, cdf: there }, "run_upload_only"],
      [5, { csv: undefined, cdf: there }, "run_upload_only"],
      [6, nothing, "skip_existing"]
    ] as const
    for (const [rows, disk, action] of steps)
      assert.strictEqual(Decision.next(stateOf(...whole.slice(0, rows)), disk, remote), action, `after ${rows} rows`)
  })

  it("without an upload wanted a product is the end", () => {
    const made = { csv: undefined, cdf: there }
    const failed = row("FAILED", 4, { upload_seconds: "1.000", cdf_path: "a.cdf" })
    for (const rows of [whole.slice(0, 4), whole.slice(0, 5), [...whole.slice(0, 4), failed]])
      assert.strictEqual(Decision.next(stateOf(...rows), made, local), "skip_existing")
    assert.strictEqual(Decision.next(stateOf(row("UPLOAD_PENDING", 1)), made, local), "skip_existing")
  })

  it("what has failed or is empty stays so, until it is asked for", () => {
    const failed = stateOf(row("FAILED", 1, { download_seconds: "1.000" }))
    assert.strictEqual(Decision.next(failed, nothing, remote), "skip_failed")
    assert.strictEqual(Decision.next(failed, nothing, retry), "run_download")
    const empty = stateOf(row("SKIPPED_NO_DATA", 1))
    assert.strictEqual(Decision.next(empty, nothing, retry), "skip_terminal")
    assert.strictEqual(Decision.next(empty, nothing, { ...retry, recheckEmpty: true }), "run_download")
    const noInput = stateOf(...whole.slice(0, 2), row("SKIPPED_NO_INPUT", 2))
    assert.strictEqual(Decision.next(noInput, nothing, remote), "run_download")
    assert.strictEqual(Decision.next(noInput, onlyCsv, remote), "run_process")
  })

  it("every action but skip_existing uses up the limit", () => {
    assert.isFalse(Decision.usesLimit("skip_existing"))
    for (const action of ["skip_failed", "skip_terminal", "run_download"] as const)
      assert.isTrue(Decision.usesLimit(action))
  })
})

describe("what upstream breaks", () => {
  it("udl weak point 6.1: a later download asks for nothing that is processed or uploaded", () => {
    for (let rows = 2; rows <= whole.length; rows++)
      assert.strictEqual(Decision.download(stateOf(...whole.slice(0, rows)), there, local), "skip_existing")
    const again = stateOf(...whole, row("DOWNLOAD_PENDING", 7), row("DOWNLOADED", 7))
    assert.strictEqual(Decision.process(again, both, remote), "skip_existing")
  })

  it("udl weak point 6.2: a failed upload is tried again as an upload only", () => {
    const failed = row("FAILED", 3, { upload_seconds: "9.000", cdf_path: "a.cdf", error_type: "ConnectionError" })
    const chunk = stateOf(...whole.slice(0, 5), failed)
    assert.strictEqual(Decision.process(chunk, both, remote), "skip_failed")
    assert.strictEqual(Decision.process(chunk, both, retry), "run_upload_only")
    assert.strictEqual(Decision.process(chunk, onlyCsv, retry), "run_process")
    const bare = stateOf(row("FAILED", 3, { process_seconds: "1.000", cdf_path: "a.cdf" }))
    assert.strictEqual(Decision.process(bare, both, retry), "run_upload_only")
  })

  it("udl weak point 6.3: a failure is one of its own phase, so a failed upload is no failed download", () => {
    const stages = [
      [{ upload_seconds: "1.000", process_seconds: "1.000", download_seconds: "1.000" }, "upload"],
      [{ process_seconds: "1.000", download_seconds: "1.000" }, "process"],
      [{ download_seconds: "1.000" }, "download"],
      [{}, "download"]
    ] as const
    for (const [fields, phase] of stages) {
      const chunk = stateOf(row("FAILED", 8, fields))
      assert.deepStrictEqual(
        (["download", "process", "upload"] as const).filter((each) => chunk?.[each] !== undefined),
        [phase]
      )
    }
    const failed = stateOf(...whole.slice(0, 5), row("FAILED", 3, { upload_seconds: "1.000" }))
    assert.strictEqual(Decision.download(failed, there, local), "skip_existing")
  })

  it("udl weak point 6.3: a failure that was cut before its seconds is of the phase it began", () => {
    const cut = encode(row("FAILED", 2, { error_message: "x", finished_at_utc: "f" })).split(",f,")[0]
    const fold = new ChunkFold()
    fold.push(Buffer.from(header + whole.slice(0, 3).map(encode).join("") + cut))
    fold.finish()
    const [chunk] = [...(fold.series.get(series) ?? [])]
    assert.deepStrictEqual([chunk?.download?.status, chunk?.process?.status], ["DOWNLOADED", "FAILED"])
  })

  it("udl weak point 6.4: SKIPPED_NO_INPUT does not hide DOWNLOADED", () => {
    const chunk = stateOf(...whole.slice(0, 2), row("SKIPPED_NO_INPUT", 4))
    assert.strictEqual(Decision.download(chunk, there, local), "skip_existing")
  })

  it("udl weak point 6.5: a file of another size or with another count of records is not the one that was downloaded", () => {
    const chunk = stateOf(row("DOWNLOADED", 1, { csv_size_mb: "1.0000", records_downloaded: "34560" }))
    const action = (bytes: number, records?: number) =>
      Decision.download(chunk, records === undefined ? { bytes } : { bytes, records }, local)
    assert.strictEqual(action(1_048_576), "skip_existing")
    assert.strictEqual(action(1_048_576 + 50, 34_560), "skip_existing")
    assert.strictEqual(action(1_048_576 - 200), "run_download")
    assert.strictEqual(action(0), "run_download")
    assert.strictEqual(action(1_048_576, 34_559), "run_download")
    const tie = stateOf(row("DOWNLOADED", 1, { csv_size_mb: "0.0312" }))
    assert.strictEqual(Decision.download(tie, { bytes: 32_768 }, local), "skip_existing")
  })

  it("udl weak point 6.6: what was settled as empty can be asked for again; a failure is never settled", () => {
    const empty = stateOf(row("SKIPPED_NO_DATA", 1, { error_message: "Expecting value: line 1 column 1 (char 0)" }))
    assert.strictEqual(Decision.download(empty, undefined, { ...local, recheckEmpty: true }), "run_download")
    assert.deepStrictEqual(empty?.download?.reason, {
      type: "",
      message: "Expecting value: line 1 column 1 (char 0)"
    })
  })

  it("udl weak point 6.8: two sensors in one ledger have a state each", () => {
    const states = statesOf(...whole, row("FAILED", 9, { sensor_id: "REACH-2", download_seconds: "1.000" }))
    assert.deepStrictEqual(
      states.map((chunk) => [chunk.series, Decision.next(chunk, nothing, remote)]),
      [
        [series, "skip_existing"],
        ["REACH-2", "skip_failed"]
      ]
    )
  })

  it("every status has a phase", () => {
    for (const status of Status.literals) {
      const chunk = stateOf(row(status, 1))
      const known = [chunk?.download, chunk?.process, chunk?.upload].filter((phase) => phase?.status === status)
      assert.strictEqual(known.length, 1, status)
    }
  })
})
