/** Procedures and a state in memory: three procedures, of which one was quarantined, and a state with one part. */
import { Effect, Layer } from "effect"
import {
  ProcedureFailed,
  ProcedureNotFound,
  ProcedureOperations,
  ProcedureStatus
} from "../../src/operations/ProcedureOperations.js"

/** One that has run three times and is due in a minute. */
export const status = (name: string, more: Partial<ConstructorParameters<typeof ProcedureStatus>[0]> = {}) =>
  new ProcedureStatus({
    name,
    kind: "built-in",
    runs_what: name,
    trigger: "every 1m",
    status: "ready",
    reason: null,
    since: 0,
    until: null,
    restarts: 0,
    running: false,
    runs: 3,
    last_start: 0,
    last_end: 10,
    last_success: 0,
    next_run: 60_000,
    overruns: 0,
    exit: null,
    last_error: null,
    progress: null,
    dropped_lines: 0,
    refused_lines: 0,
    ...more
  })

export const layer: Layer.Layer<ProcedureOperations> = Layer.sync(ProcedureOperations, () => {
  const all = new Map(
    [
      status("system-checks"),
      status("pump", { kind: "module", runs_what: "pump.mjs", trigger: "endless", next_run: null, running: true }),
      status("dome", {
        kind: "command",
        runs_what: "python3 dome.py",
        trigger: "0 3 * * *",
        status: "quarantined",
        reason: "failure",
        restarts: 10,
        overruns: 2,
        exit: { code: 3, signal: null },
        last_error: "dome: the command ended with code 3",
        dropped_lines: 5,
        refused_lines: 1
      })
    ].map((one) => [one.name, one])
  )
  const become = (to: "ready" | "stopped") => (name: string) =>
    Effect.suspend((): Effect.Effect<void, ProcedureNotFound | ProcedureFailed> => {
      const one = all.get(name)
      if (one === undefined) return new ProcedureNotFound({ name })
      if (one.name === "dome" && to === "ready") return new ProcedureFailed({ name, reason: "it did not start" })
      all.set(name, new ProcedureStatus({ ...one, status: to }))
      return Effect.void
    })
  const change = { revision: 4, part: "pump", value: { on: true }, at: 1_000, by: "pump" }
  return ProcedureOperations.of({
    list: Effect.sync(() => [...all.values()]),
    get: (name) =>
      Effect.suspend(() => {
        const one = all.get(name)
        return one === undefined ? new ProcedureNotFound({ name }) : Effect.succeed(one)
      }),
    stop: become("stopped"),
    start: become("ready"),
    restart: become("ready"),
    state: Effect.succeed({ revision: 4, parts: { pump: { on: true } } }),
    stateHistory: ({ before = 5, limit = 100, part = "pump" }) =>
      Effect.succeed(
        part === "pump"
          ? [change, { ...change, revision: 2, value: null }].filter((one) => one.revision < before).slice(0, limit)
          : []
      )
  })
})
