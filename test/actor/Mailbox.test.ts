import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Schema, Scope } from "effect"
import { none } from "../../src/actor/Backoff.js"
import * as ChildSpec from "../../src/actor/ChildSpec.js"
import * as Mailbox from "../../src/actor/Mailbox.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import { pass, settle } from "./ScriptedChild.js"

class Refused extends Schema.TaggedError<Refused>()("Refused", { why: Schema.String }) {}
class Add extends Schema.TaggedRequest<Add>()("Add", {
  payload: { by: Schema.Number },
  success: Schema.Number,
  failure: Refused
}) {}
class Hold extends Schema.TaggedRequest<Hold>()("Hold", { payload: {}, success: Schema.Void, failure: Schema.Never }) {}
class Break extends Schema.TaggedRequest<Break>()("Break", {
  payload: {},
  success: Schema.Void,
  failure: Schema.Never
}) {}
type Protocol = Add | Hold | Break

/** A counter that can be held up and broken. */
const counter = (options: Partial<Mailbox.Options> = {}) =>
  Effect.gen(function* () {
    const gate = yield* Deferred.make<void>()
    const mailbox = yield* Mailbox.make<Protocol>({ name: "counter", capacity: 4, ...options })
    const life = Mailbox.serve(mailbox, {
      initial: Effect.succeed(0),
      behavior: {
        Add: ({ by }, total) =>
          by < 0 ? new Refused({ why: "negative" }) : Effect.succeed(Mailbox.answer(total + by, total + by)),
        Hold: (_, total) => Effect.as(Deferred.await(gate), Mailbox.answer(undefined, total)),
        Break: () => Effect.dieMessage("a bug")
      }
    })
    return { mailbox, life, release: Effect.zipRight(Deferred.succeed(gate, undefined), settle) }
  })

describe("Mailbox", () => {
  it.scoped("folds requests over its state, in order", () =>
    Effect.gen(function* () {
      const { life, mailbox } = yield* counter()
      yield* Effect.forkScoped(life)
      const answers = yield* Effect.forEach([1, 2, 3], (by) => mailbox.ask(new Add({ by })))
      assert.deepStrictEqual(answers, [1, 3, 6])
      yield* mailbox.tell(new Add({ by: 10 }))
      assert.strictEqual(yield* mailbox.ask(new Add({ by: 0 })), 16)
    })
  )

  it.scoped("a typed failure goes to the asker and leaves the state as it was", () =>
    Effect.gen(function* () {
      const { life, mailbox } = yield* counter()
      yield* Effect.forkScoped(life)
      yield* mailbox.ask(new Add({ by: 1 }))
      assert.deepInclude(yield* Effect.flip(mailbox.ask(new Add({ by: -1 }))), { _tag: "Refused", why: "negative" })
      yield* mailbox.tell(new Add({ by: -1 }))
      assert.strictEqual(yield* mailbox.ask(new Add({ by: 0 })), 1)
    })
  )

  it.scoped("a defect ends the life: the asker and all behind it hear ActorStopped, the supervisor the defect", () =>
    Effect.gen(function* () {
      const { life, mailbox, release } = yield* counter()
      const running = yield* Effect.forkScoped(life)
      yield* mailbox.tell(new Hold())
      const broken = yield* Effect.fork(Effect.flip(mailbox.ask(new Break())))
      const behind = yield* Effect.fork(Effect.flip(mailbox.ask(new Add({ by: 1 }))))
      yield* settle
      yield* release
      assert.deepInclude(yield* Fiber.join(broken), { _tag: "ActorStopped", begun: true })
      assert.deepInclude(yield* Fiber.join(behind), { _tag: "ActorStopped", begun: false })
      assert.include(JSON.stringify(yield* Fiber.await(running)), "a bug")
      assert.deepInclude(yield* Effect.flip(mailbox.ask(new Add({ by: 1 }))), { _tag: "ActorStopped" })
      assert.deepInclude(yield* Effect.flip(mailbox.tell(new Add({ by: 1 }))), { _tag: "ActorStopped" })
    })
  )

  it.scoped("supervised: the next life begins clean at the same address, and its mailbox shows in the tree", () =>
    Effect.gen(function* () {
      const { life, mailbox, release } = yield* counter()
      yield* Supervisor.make({
        children: [ChildSpec.make({ id: "counter", run: life, ready: "signalled", backoff: none })]
      })
      const tree = yield* SupervisionTree.SupervisionTree
      yield* mailbox.ask(new Add({ by: 5 }))
      yield* Effect.flip(mailbox.ask(new Break()))
      yield* settle
      assert.strictEqual(yield* mailbox.ask(new Add({ by: 1 })), 1)
      assert.strictEqual((yield* tree.node("counter")).restarts, 1)

      yield* mailbox.tell(new Hold())
      yield* settle
      yield* mailbox.tell(new Add({ by: 1 }))
      yield* mailbox.tell(new Add({ by: 1 }))
      assert.deepInclude((yield* tree.node("counter")).mailbox, { depth: 2, capacity: 4 })
      yield* release
      assert.deepInclude((yield* tree.node("counter")).mailbox, { depth: 0 })
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.scoped("requests sent before the first life wait for it", () =>
    Effect.gen(function* () {
      const { life, mailbox } = yield* counter()
      const asking = yield* Effect.fork(mailbox.ask(new Add({ by: 2 })))
      yield* settle
      yield* Effect.forkScoped(life)
      assert.strictEqual(yield* Fiber.join(asking), 2)
    })
  )

  it.scoped("an ask always ends: AskTimeout says whether it was begun, and one that was not never is", () =>
    Effect.gen(function* () {
      const { life, mailbox, release } = yield* counter({ askWithin: "2 seconds" })
      yield* Effect.forkScoped(life)
      const held = yield* Effect.fork(Effect.flip(mailbox.ask(new Hold())))
      const waiting = yield* Effect.fork(Effect.flip(mailbox.ask(new Add({ by: 1 }), "1 second")))
      yield* settle
      yield* pass("1 second")
      assert.deepInclude(yield* Fiber.join(waiting), { _tag: "AskTimeout", request: "Add", begun: false })
      yield* pass("1 second")
      assert.deepInclude(yield* Fiber.join(held), { _tag: "AskTimeout", request: "Hold", begun: true })
      yield* release
      assert.strictEqual(yield* mailbox.ask(new Add({ by: 0 })), 0)
    })
  )

  it.scoped("the time-out of an ask covers the wait for room", () =>
    Effect.gen(function* () {
      const { mailbox } = yield* counter({ capacity: 1, askWithin: "2 seconds" })
      yield* mailbox.tell(new Add({ by: 1 }))
      const asking = yield* Effect.fork(Effect.flip(mailbox.ask(new Add({ by: 1 }))))
      yield* settle
      yield* pass("2 seconds")
      assert.deepInclude(yield* Fiber.join(asking), { _tag: "AskTimeout", begun: false })
    })
  )

  it.scoped("overflow suspend: the sender waits, nothing is lost, and order is kept", () =>
    Effect.gen(function* () {
      const { life, mailbox } = yield* counter({ capacity: 2 })
      const sending = yield* Effect.fork(Effect.forEach([1, 2, 3, 4, 5], (by) => mailbox.tell(new Add({ by }))))
      yield* settle
      assert.isNull(sending.unsafePoll())
      yield* Effect.forkScoped(life)
      yield* Fiber.join(sending)
      assert.strictEqual(yield* mailbox.ask(new Add({ by: 0 })), 15)
      assert.deepInclude(yield* mailbox.status, { dropped: 0, handled: 6 })
    })
  )

  it.scoped("overflow reject: the sender is told", () =>
    Effect.gen(function* () {
      const { mailbox } = yield* counter({ capacity: 2, overflow: "reject" })
      yield* mailbox.tell(new Add({ by: 1 }))
      yield* mailbox.tell(new Add({ by: 1 }))
      assert.deepInclude(yield* Effect.flip(mailbox.tell(new Add({ by: 1 }))), { _tag: "MailboxFull", capacity: 2 })
      assert.deepInclude(yield* Effect.flip(mailbox.ask(new Add({ by: 1 }))), { _tag: "MailboxFull" })
    })
  )

  it.scoped("overflow drop: counted, and an asker is told all the same", () =>
    Effect.gen(function* () {
      const { mailbox } = yield* counter({ capacity: 1, overflow: "drop" })
      yield* mailbox.tell(new Add({ by: 1 }))
      yield* mailbox.tell(new Add({ by: 1 }))
      assert.deepInclude(yield* mailbox.status, { dropped: 1, depth: 1 })
      assert.deepInclude(yield* Effect.flip(mailbox.ask(new Add({ by: 1 }))), { _tag: "MailboxFull" })
    })
  )

  for (const idle of [true, false]) {
    it.scoped(`stop comes before all that waits (${idle ? "idle" : "at work, mailbox full"}); status never waits`, () =>
      Effect.gen(function* () {
        const { life, mailbox, release } = yield* counter({ capacity: 2 })
        const running = yield* Effect.forkScoped(life)
        yield* settle
        if (!idle) {
          yield* mailbox.tell(new Hold())
          yield* settle
          const waiting = yield* Effect.forEach([1, 2, 3], (by) =>
            Effect.fork(Effect.flip(mailbox.ask(new Add({ by }))))
          )
          yield* settle
          assert.strictEqual((yield* mailbox.status).depth, 3)
          yield* mailbox.stop
          yield* release
          for (const fiber of waiting)
            assert.deepInclude(yield* Fiber.join(fiber), { _tag: "ActorStopped", begun: false })
        } else {
          yield* mailbox.stop
        }
        yield* settle
        assert.deepStrictEqual(running.unsafePoll(), Exit.void)
        assert.strictEqual((yield* mailbox.status).handled, idle ? 0 : 1)
      })
    )
  }

  it.scoped("those who gave up take no room, however long the actor is busy", () =>
    Effect.gen(function* () {
      const { life, mailbox } = yield* counter({ overflow: "reject" })
      yield* Effect.forkScoped(life)
      yield* mailbox.tell(new Hold())
      yield* settle
      for (let n = 0; n < 10; n++) {
        const asked = yield* Effect.fork(Effect.flip(mailbox.ask(new Add({ by: 1 }), "1 second")))
        yield* pass("1 second")
        assert.deepInclude(yield* Fiber.join(asked), { _tag: "AskTimeout", begun: false })
      }
    })
  )

  it.scoped("a busy actor keeps none of those who waited for room and gave up", () =>
    Effect.gen(function* () {
      const { life, mailbox, release } = yield* counter()
      yield* Effect.forkScoped(life)
      yield* mailbox.tell(new Hold())
      yield* settle
      for (let n = 0; n < 4; n++) yield* mailbox.tell(new Add({ by: 1 }))
      const patient = yield* Effect.forkScoped(mailbox.ask(new Add({ by: 1 }), "1 hour"))
      yield* settle
      for (let n = 0; n < 500; n++) {
        const hasty = yield* Effect.fork(mailbox.ask(new Add({ by: 100 }), "1 hour"))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(hasty)
      }
      assert.isBelow((yield* mailbox.status).depth, 100)
      yield* release
      assert.strictEqual(yield* Fiber.join(patient), 5)
    })
  )

  it.scoped("an interrupted life leaves nobody waiting", () =>
    Effect.gen(function* () {
      const { life, mailbox } = yield* counter()
      const running = yield* Effect.forkScoped(life)
      const held = yield* Effect.fork(Effect.flip(mailbox.ask(new Hold())))
      yield* settle
      yield* Fiber.interrupt(running)
      assert.deepInclude(yield* Fiber.join(held), { _tag: "ActorStopped", begun: true })
    })
  )

  it.effect("when the address goes, whoever waits is told", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { mailbox } = yield* counter().pipe(Scope.extend(scope))
      const asking = yield* Effect.fork(Effect.flip(mailbox.ask(new Add({ by: 1 }))))
      yield* settle
      yield* Scope.close(scope, Exit.void)
      assert.deepInclude(yield* Fiber.join(asking), { _tag: "ActorStopped" })
    })
  )
})
