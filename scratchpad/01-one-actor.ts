/**
 * One actor: a counter that nobody can touch but by asking it.
 *
 *     npx tsx scratchpad/01-one-actor.ts
 */
import { Console, Effect, Schema } from "effect"
import * as ChildSpec from "../src/actor/ChildSpec.js"
import * as Mailbox from "../src/actor/Mailbox.js"
import * as SupervisionTree from "../src/actor/SupervisionTree.js"
import * as Supervisor from "../src/actor/Supervisor.js"

// 1. The protocol: every request says what it is answered with, and how it may fail.
class Negative extends Schema.TaggedError<Negative>()("Negative", { by: Schema.Number }) {}

class Add extends Schema.TaggedRequest<Add>()("Add", {
  payload: { by: Schema.Number },
  success: Schema.Number,
  failure: Negative
}) {}
class Read extends Schema.TaggedRequest<Read>()("Read", {
  payload: {},
  success: Schema.Number,
  failure: Schema.Never
}) {}

const program = Effect.gen(function* () {
  // 2. The address. It outlives the actor's lives: after a crash the next life answers here.
  const counter = yield* Mailbox.make<Add | Read>({ name: "counter", capacity: 16, overflow: "reject" })

  // 3. The behaviour: one handler for each request, from request and state to answer and next state.
  const life = Mailbox.serve(counter, {
    initial: Effect.succeed(0),
    behavior: {
      Add: ({ by }, total) => {
        if (by < 0) return new Negative({ by }) // to the asker; the state stays
        if (by > 1_000) return Effect.dieMessage("a bug") // to the supervisor; the state is gone
        return Effect.succeed([total + by, total + by])
      },
      Read: (_, total) => Effect.succeed([total, total])
    }
  })

  // 4. Every actor has a parent.
  yield* Supervisor.make({ children: [ChildSpec.make({ id: "counter", run: life, ready: "signalled" })] })

  yield* Console.log("1 + 2 =", yield* counter.ask(new Add({ by: 1 })), yield* counter.ask(new Add({ by: 2 })))
  yield* Console.log("typed failure:", (yield* Effect.flip(counter.ask(new Add({ by: -5 })))).message)
  yield* Console.log("still", yield* counter.ask(new Read()))

  yield* Console.log("a defect:", (yield* Effect.flip(counter.ask(new Add({ by: 5_000 })))).message)
  yield* Effect.sleep("400 millis") // the default back-off begins at 250 ms
  yield* Console.log("a clean life:", yield* counter.ask(new Read()))

  const tree = yield* SupervisionTree.SupervisionTree
  const { restarts, status } = yield* tree.node("counter")
  yield* Console.log({ status, restarts })
})

Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(SupervisionTree.layer)))
