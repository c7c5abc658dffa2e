import type { ProcedureStatus } from "../../../src/operations/ProcedureOperations.js"
import { status as procedure } from "../../support/ProcedureDouble.js"
import {
  actionsOf,
  endedBadly,
  entryOf,
  exitWords,
  settledBy,
  timingOf,
  wayOut
} from "../../../src/ui/model/Procedure.js"
import { assert, describe, it } from "@effect/vitest"

const status = (changes: Partial<ProcedureStatus> = {}) =>
  procedure("pump", {
    kind: "command",
    runs_what: "pump --fast",
    runs: 1,
    last_start: null,
    last_end: null,
    last_success: null,
    next_run: null,
    ...changes
  })

describe("a procedure", () => {
  it("is started where it is at rest, else restarted or stopped", () => {
    for (const state of ["stopped", "failed", "quarantined"] as const) {
      assert.deepStrictEqual(actionsOf(status({ status: state })), ["start"], state)
    }
    for (const state of ["ready", "degraded", "backing-off", "starting"] as const) {
      assert.deepStrictEqual(actionsOf(status({ status: state })), ["restart", "stop"], state)
    }
  })

  it("says how its process ended", () => {
    assert.isUndefined(exitWords(status()))
    assert.strictEqual(exitWords(status({ exit: { code: 3, signal: null } })), "code 3")
    assert.strictEqual(exitWords(status({ exit: { code: null, signal: "SIGKILL" } })), "SIGKILL")
    assert.isFalse(endedBadly(status({ exit: { code: 0, signal: null } })))
    assert.isTrue(endedBadly(status({ exit: { code: null, signal: "SIGKILL" } })))
    assert.isFalse(endedBadly(status()))
  })

  it("tells what brings it back only where nothing else will", () => {
    assert.isUndefined(wayOut(status()))
    assert.isUndefined(wayOut(status({ status: "backing-off", reason: "failure" })))
    assert.isUndefined(wayOut(status({ status: "stopped", reason: "requested" })))
    assert.match(wayOut(status({ status: "quarantined", restarts: 10 })) ?? "", /\(10 restarts\).*start it/)
    assert.match(wayOut(status({ status: "failed", reason: "misconfigured" })) ?? "", /Change procedures\.pump/)
    assert.match(wayOut(status({ status: "failed", reason: "returned" })) ?? "", /Start it/)
  })

  it("finds its entry in the config, and leaves out what is said elsewhere or is empty", () => {
    const document = {
      procedures: { pump: { command: ["pump"], overlap: "queue", settings: { rate: 2 }, env: {}, singleton: false } }
    }
    const entry = entryOf(document, "pump")
    assert.deepStrictEqual(entry && settledBy(entry), { settings: { rate: 2 } })
    assert.isUndefined(entryOf(document, "dome"))
    assert.isUndefined(entryOf({ procedures: ["pump"] }, "pump"))
    assert.isUndefined(entryOf({}, "pump"))
  })

  it("runs when its trigger says, by the policies of its entry", () => {
    const { every, overlap } = timingOf(status(), { overlap: "queue" })
    assert.deepStrictEqual([every, overlap], ["1m", "queue"])
    assert.strictEqual(timingOf(status({ trigger: "0 3 * * *" }), undefined).cron, "0 3 * * *")
    const endless = timingOf(status({ trigger: "endless" }), { restart: "never" })
    assert.deepStrictEqual([endless.every, endless.cron, endless.restart], [undefined, undefined, "never"])
  })
})
