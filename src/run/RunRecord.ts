/**
 * The record of runs: `.outpost/runs.jsonl`, one line when a run starts and one when it stops. It is the truth about runs;
 * what is known of them is a fold over it.
 */
import { Run } from "../domain/Run.js"
import { build, members } from "../telemetry/ObjectText.js"

export interface Started {
  readonly _tag: "run.started"
  readonly run: Run
}

export interface Stopped {
  readonly _tag: "run.stopped"
  readonly runId: string
  readonly stoppedAt: string
  readonly lastSeq: number
}

export type RunRecord = Started | Stopped

/** One line, with its end. */
export const encode = (record: RunRecord): string => {
  if (record._tag === "run.stopped") {
    const { lastSeq, runId, stoppedAt } = record
    return `${JSON.stringify({ event: record._tag, run_id: runId, stopped_at: stoppedAt, last_seq: lastSeq })}\n`
  }
  const { after_seq, metaJson, run_dir, run_id, started_at } = record.run
  return `${build(
    new Map([
      ["event", JSON.stringify(record._tag)],
      ["run_id", JSON.stringify(run_id)],
      ["run_dir", JSON.stringify(run_dir)],
      ["meta", metaJson],
      ["started_at", JSON.stringify(started_at)],
      ["after_seq", String(after_seq ?? 0)]
    ])
  )}\n`
}

/** Undefined where the line is no record. */
export const decode = (line: string): RunRecord | undefined => {
  const found = members(line)
  const text = (key: string): string | undefined => {
    const value = found?.get(key)
    return value?.startsWith('"') ? String(JSON.parse(value)) : undefined
  }
  const number = (key: string): number | undefined => {
    const value = Number(found?.get(key) ?? NaN)
    return Number.isSafeInteger(value) ? value : undefined
  }
  const runId = text("run_id")
  if (runId === undefined) return undefined
  if (text("event") === "run.stopped") {
    const stoppedAt = text("stopped_at")
    const lastSeq = number("last_seq")
    return stoppedAt === undefined || lastSeq === undefined
      ? undefined
      : { _tag: "run.stopped", runId, stoppedAt, lastSeq }
  }
  const runDir = text("run_dir")
  const startedAt = text("started_at")
  const meta = members(found?.get("meta") ?? "")
  if (text("event") !== "run.started" || runDir === undefined || startedAt === undefined || meta === undefined)
    return undefined
  return {
    _tag: "run.started",
    run: new Run({
      run_id: runId,
      run_dir: runDir,
      metaJson: build(meta),
      started_at: startedAt,
      after_seq: number("after_seq") ?? 0
    })
  }
}

/** All runs, oldest first; the last one is active where it has no end. */
export const fold = (records: Iterable<RunRecord>): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  for (const record of records) {
    if (record._tag === "run.started") runs.push(record.run)
    else {
      const last = runs.pop()
      if (last === undefined) continue
      runs.push(last.stopped_at === undefined ? stopped(last, record.stoppedAt, record.lastSeq) : last)
    }
  }
  return runs
}

export const stopped = (run: Run, stoppedAt: string, lastSeq: number): Run =>
  new Run({ ...fieldsOf(run), stopped_at: stoppedAt, last_seq: lastSeq })

const fieldsOf = ({ after_seq, metaJson, run_dir, run_id, started_at }: Run) => ({
  run_dir,
  run_id,
  metaJson,
  started_at,
  after_seq
})
