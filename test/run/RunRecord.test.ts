import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Run } from "../../src/domain/Run.js"
import * as RunRecord from "../../src/run/RunRecord.js"

const run = (run_id: string, more: Partial<{ metaJson: string; run_dir: string; after_seq: number }> = {}) =>
  new Run({
    run_id,
    run_dir: `/site/${run_id}`,
    metaJson: "{}",
    started_at: "2026-03-17T12:00:00.000Z",
    after_seq: 0,
    ...more
  })
const started = (value: Run): RunRecord.RunRecord => ({ _tag: "run.started", run: value })
const stopped = (runId: string, lastSeq: number): RunRecord.RunRecord => ({
  _tag: "run.stopped",
  runId,
  stoppedAt: "2026-03-17T13:00:00.000Z",
  lastSeq
})

describe("RunRecord", () => {
  it("is one line of JSON, and reads back as it was, meta digit for digit", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.string({ unit: "grapheme" }),
        FastCheck.string({ unit: "grapheme" }),
        FastCheck.nat(),
        (id, dir, after) => {
          for (const record of [
            started(
              run(id, {
                run_dir: dir,
                after_seq: after,
                metaJson: '{"n":12345678901234567890,"é":1.0,"2":"\\u0001日"}'
              })
            ),
            stopped(id, after)
          ]) {
            const line = RunRecord.encode(record)
            assert.strictEqual(line.indexOf("\n"), line.length - 1)
            assert.deepStrictEqual(RunRecord.decode(line.slice(0, -1)), record)
          }
        }
      )
    )
  })

  it("lines that are no records are told apart", () => {
    const good = RunRecord.encode(started(run("a"))).trimEnd()
    for (const line of [
      "",
      "nonsense",
      "[]",
      "{}",
      good.slice(0, -1),
      good.replace("run.started", "run.begun"),
      '{"event":"run.stopped","run_id":"a"}',
      '{"event":"run.stopped","run_id":5,"stopped_at":"x","last_seq":1}',
      '{"event":"run.started","run_id":"a","run_dir":"/x","started_at":"y"}'
    ]) {
      assert.isUndefined(RunRecord.decode(line), line)
    }
  })

  it("folds to the runs, the last one active where it has no end", () => {
    assert.deepStrictEqual(RunRecord.fold([]), [])
    const runs = RunRecord.fold([started(run("a")), stopped("a", 5), started(run("b", { after_seq: 5 }))])
    assert.deepStrictEqual(
      runs.map(({ after_seq, last_seq, run_id, stopped_at }) => [
        run_id,
        after_seq,
        last_seq,
        stopped_at !== undefined
      ]),
      [
        ["a", 0, 5, true],
        ["b", 5, undefined, false]
      ]
    )
  })

  it("an end without a beginning ends nothing; an end that comes twice counts once; a name may come again", () => {
    assert.deepStrictEqual(RunRecord.fold([stopped("a", 1)]), [])
    const twice = RunRecord.fold([started(run("a")), stopped("a", 1), stopped("a", 9)])
    assert.deepStrictEqual(
      twice.map(({ last_seq }) => last_seq),
      [1]
    )
    const again = RunRecord.fold([
      started(run("a")),
      stopped("a", 1),
      started(run("a", { after_seq: 1 })),
      stopped("a", 4)
    ])
    assert.deepStrictEqual(
      again.map(({ after_seq, last_seq }) => [after_seq, last_seq]),
      [
        [0, 1],
        [1, 4]
      ]
    )
  })
})
