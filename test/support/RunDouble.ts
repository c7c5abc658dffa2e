/** Runs in memory, with the naming rule of one digit series and the refusals of the real ones. */
import { Run, NoActiveRun, RunAlreadyActive, RunNotFound, RunRefused, runIdProblem } from "../../src/domain/Run.js"
import { RunOperations } from "../../src/operations/RunOperations.js"
import { Effect, Layer, Option } from "effect"

export const layer: Layer.Layer<RunOperations> = Layer.sync(RunOperations, () => {
  const all: Array<Run> = []
  let active: Run | undefined
  return RunOperations.of({
    start: ({ metaJson, runDir, runId }) =>
      Effect.suspend((): Effect.Effect<Run, RunAlreadyActive | RunRefused> => {
        if (active !== undefined) return Effect.fail(new RunAlreadyActive({ active: active.run_id }))
        const id = runId ?? String(all.length + 1).padStart(3, "0")
        const problem = runIdProblem(id)
        if (problem !== undefined) return Effect.fail(new RunRefused({ field: "run_id", value: id, reason: problem }))
        const meta = metaJson === undefined || metaJson === "{}" ? "{" : `${metaJson.slice(0, -1)},`
        active = new Run({
          run_dir: runDir ?? `/site/${id}`,
          run_id: id,
          started_at: "2026-01-02T03:04:05.678Z",
          metaJson: `${meta}"run_id":${JSON.stringify(id)}}`,
          after_seq: 0
        })
        all.unshift(active)
        return Effect.succeed(active)
      }),
    stop: Effect.suspend(() => {
      if (active === undefined) return Effect.fail(new NoActiveRun())
      const ended = active
      all[0] = new Run({ ...ended, stopped_at: "2026-01-02T04:04:05.678Z", last_seq: 5 })
      active = undefined
      return Effect.succeed(ended)
    }),
    active: Effect.sync(() => Option.fromNullable(active)),
    get: (runId) =>
      Effect.suspend(() => {
        const found = all.find((run) => run.run_id === runId)
        return found === undefined ? Effect.fail(new RunNotFound({ run_id: runId })) : Effect.succeed(found)
      }),
    list: Effect.sync(() => all.slice())
  })
})
