import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, type Scope } from "effect"
import * as ChildSpec from "../../src/actor/ChildSpec.js"
import * as Self from "../../src/actor/Self.js"
import * as Supervisor from "../../src/actor/Supervisor.js"

class Port extends Context.Tag("test/Port")<Port, number>() {}
class Disk extends Context.Tag("test/Disk")<Disk, number>() {}

/** Compiles only where both types are the same. */
const same = <A, B>(is: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false): void =>
  assert.isTrue(is)

describe("ChildSpec", () => {
  it("has defaults fit for something that should run for ever", () => {
    const spec = ChildSpec.make({ id: "a", run: Effect.never })
    assert.deepInclude(spec, {
      restart: "permanent",
      ready: "at-once",
      onStartFailure: "fail",
      onIntensity: "escalate",
      kind: "worker",
      progress: undefined
    })
    assert.strictEqual(Duration.toMillis(spec.shutdown), 10_000)
  })

  it("asks of its supervisor only what a life is not given", () => {
    const none = ChildSpec.make({ id: "a", run: Effect.zipRight(Effect.scope, Self.mark) })
    same<typeof none, ChildSpec.ChildSpec>(true)
    const port = ChildSpec.make({ id: "b", run: Effect.zipRight(Effect.scope, Port), ready: "signalled" })
    same<typeof port, ChildSpec.ChildSpec<Port>>(true)
    const both = ChildSpec.make({ id: "c", run: Port, ready: Effect.zipRight(Self.mark, Disk) })
    same<typeof both, ChildSpec.ChildSpec<Port | Disk>>(true)
    const supervisor = Supervisor.make({ children: [none, port, ChildSpec.make({ id: "d", run: Disk })] })
    same<
      Exclude<Effect.Effect.Context<typeof supervisor>, Scope.Scope>,
      Port | Disk | import("../../src/actor/SupervisionTree.js").SupervisionTree
    >(true)
  })
})
