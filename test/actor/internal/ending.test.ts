import { assert, describe, it } from "@effect/vitest"
import { Cause, Exit, FiberId } from "effect"
import * as Ending from "../../../src/actor/internal/ending.js"

describe("ending", () => {
  it("tells apart what ended a life", () => {
    const cases: ReadonlyArray<[Exit.Exit<unknown, unknown>, string]> = [
      [Exit.void, "returned"],
      [Exit.fail("x"), "failure"],
      [Exit.fail(undefined), "failure"],
      [Exit.die("x"), "defect"],
      [Exit.interrupt(FiberId.none), "interrupted"],
      [Exit.fail(new Cause.TimeoutException("slow")), "timed-out"],
      [Exit.fail({ _tag: "RestartIntensityExceeded" }), "escalated"],
      [Exit.fail({ _tag: "Misconfigured" }), "misconfigured"],
      [Exit.fail({ reason: "Unsupported" }), "misconfigured"],
      [Exit.fail({ reason: { _tag: "Misconfigured" } }), "misconfigured"],
      [Exit.fail({ reason: "Disconnected" }), "failure"],
      [Exit.fail({ reason: null }), "failure"]
    ]
    for (const [exit, reason] of cases) assert.strictEqual(Ending.ofExit(exit).reason, reason)
  })

  it("the typed failure outranks what went wrong while cleaning up; a defect outranks an interruption", () => {
    const failed = Cause.sequential(Cause.fail({ _tag: "Misconfigured" }), Cause.die("in a finalizer"))
    assert.strictEqual(Ending.ofCause(failed).reason, "misconfigured")
    assert.strictEqual(Ending.ofCause(Cause.parallel(Cause.interrupt(FiberId.none), Cause.die("x"))).reason, "defect")
  })
})
