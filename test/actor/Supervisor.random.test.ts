import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FastCheck, Schedule, Scope } from "effect"
import { none } from "../../src/actor/Backoff.js"
import type { NodeNotFound, DuplicateChild, StartFailed } from "../../src/actor/SupervisorError.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import { make, pass, type ScriptedChild, settle } from "./ScriptedChild.js"

const ids = ["a", "b", "c", "d"] as const
const step = FastCheck.record({
  what: FastCheck.constantFrom(
    ...(["crash", "fail", "return", "stop", "start", "restart", "add", "remove", "pass"] as const)
  ),
  id: FastCheck.constantFrom(...ids),
  /** Whether the next step follows before this one has taken effect. */
  rash: FastCheck.boolean()
})
const script = FastCheck.record({
  strategy: FastCheck.constantFrom(...(["one_for_one", "one_for_all", "rest_for_one"] as const)),
  restart: FastCheck.constantFrom(...(["permanent", "transient", "temporary"] as const)),
  waits: FastCheck.boolean(),
  teardown: FastCheck.constantFrom(undefined, "20 millis"),
  steps: FastCheck.array(step, { minLength: 20, maxLength: 60 })
})

type Script = typeof script extends FastCheck.Arbitrary<infer A> ? A : never

interface Totals {
  steps: number
  opened: number
}

/** Plays one script and sees to it that at its end every life has been closed, and that no child ever had two. */
const play = ({ restart, steps, strategy, teardown, waits }: Script, totals: Totals): Effect.Effect<void> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const children = new Map<string, ScriptedChild>(
      ids.map((id) => [id, make(id, teardown === undefined ? {} : { teardown })])
    )
    const options = {
      restart,
      backoff: waits ? Schedule.spaced("30 millis") : none,
      intensity: { maxRestarts: 10_000, within: "1 hour" }
    } as const
    const supervisor = yield* Supervisor.make({
      strategy,
      children: [...children.values()].slice(0, 3).map((child) => child.spec(options))
    }).pipe(Scope.extend(scope))

    for (const { id, rash, what } of steps) {
      const child = children.get(id)
      if (child === undefined) continue
      const actions: Record<typeof what, Effect.Effect<void, NodeNotFound | DuplicateChild | StartFailed>> = {
        crash: child.end(Effect.dieMessage("boom")),
        fail: child.end(Effect.fail("boom")),
        return: child.end(Effect.void),
        stop: supervisor.stop(id),
        start: supervisor.start(id),
        restart: supervisor.restart(id),
        add: supervisor.add(child.spec(options)),
        remove: supervisor.remove(id),
        pass: pass("25 millis")
      }
      // Orders run beside the script, as those of different people do; none of them may hang.
      yield* Effect.forkIn(Effect.ignore(actions[what]), scope)
      yield* rash ? Effect.yieldNow() : settle
      totals.steps++
      for (const one of children.values()) assert.isAtMost(one.live, 1)
    }

    const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
    yield* settle
    for (let n = 0; n < 12 && closing.unsafePoll() === null; n++) yield* pass("20 millis")
    assert.deepStrictEqual(closing.unsafePoll(), Exit.void)
    for (const child of children.values()) {
      totals.opened += child.lives
      assert.strictEqual(child.live, 0)
      assert.isAtMost(child.mostLive, 1)
      assert.strictEqual(child.log.filter((line) => line.endsWith("+")).length, child.lives)
      assert.strictEqual(child.log.filter((line) => line.endsWith("-")).length, child.lives)
    }
  }).pipe(Effect.orDie, Effect.provide(SupervisionTree.layer))

describe("Supervisor: anything in any order", () => {
  const totals: Totals = { steps: 0, opened: 0 }

  it.effect.prop("leaks no scope and gives no child two lives at once", [script], ([one]) => play(one, totals), {
    fastCheck: { numRuns: 300 },
    timeout: 120_000
  })

  it("has tried enough for that to mean something", () => {
    assert.isAbove(totals.steps, 8_000)
    assert.isAbove(totals.opened, 1_500)
  })
})
