/** The lock of the controller over a real Redis: whose it is, how its loss is noticed, what is left of it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope, TestClock } from "effect"
import { ControllerLock } from "../../../src/assignment/ControllerLock.js"
import { EnsembleUnreachable } from "../../../src/assignment/EnsembleError.js"
import * as redisLock from "../../../src/assignment/internal/redisLock.js"
import type * as RedisServer from "../../support/RedisServer.js"
import { test } from "../../support/RedisTest.js"

describe("the lock over Redis", () => {
  const value = (server: RedisServer.RedisServer) => server.ask("GET", "dranspose:controller_lock")

  test("is kept for 10 s, told apart by its value, and given back", (server) =>
    Effect.gen(function* () {
      const lock = yield* ControllerLock
      const scope = yield* Scope.make()
      yield* Scope.extend(lock.hold, scope)
      assert.match(String(yield* value(server)), /^🔒[0-9a-f-]{36}$/u)
      assert.strictEqual(yield* server.ask("TTL", "dranspose:controller_lock"), 10)
      yield* Scope.close(scope, Exit.void)
      assert.isNull(yield* value(server))
    }))

  test("14: is lost when another controller has it, whose lock stays", (server) =>
    Effect.gen(function* () {
      const lock = yield* ControllerLock
      yield* Effect.scoped(
        Effect.gen(function* () {
          const lost = yield* lock.hold
          yield* server.ask("SET", "dranspose:controller_lock", "🔒", "EX", "10", "XX")
          const error = yield* Effect.flip(lost)
          assert.strictEqual(error._tag, "LockLost")
        })
      )
      assert.strictEqual(yield* value(server), "🔒")
    }))
})

/** A Redis with one lock, that answers as it is told. */
const scripted = () => {
  const state = { held: "", away: false, silent: false, renewals: 0 }
  const address = "redis://nowhere"
  const send = (command: ReadonlyArray<unknown>) =>
    Effect.suspend((): Effect.Effect<unknown, EnsembleUnreachable> => {
      if (state.silent) return Effect.never
      if (state.away) return new EnsembleUnreachable({ operation: "EVAL", address, reason: "gone" })
      const own = String(command[0] === "SET" ? command[2] : command[4])
      if (command[0] === "SET") {
        if (state.held !== "") return Effect.succeed(null)
        state.held = own
        return Effect.succeed("OK")
      }
      if (state.held !== own) return Effect.succeed(0)
      if (String(command[1]).includes("DEL")) state.held = ""
      else state.renewals++
      return Effect.succeed(1)
    })
  const rest = { sendForBytes: send, transaction: () => Effect.succeed([]), scan: () => Effect.succeed([]) }
  const nothing = () => Effect.void
  return { state, lock: redisLock.make({ send, ...rest, sendAll: nothing, remove: nothing }, address) }
}

describe("the lock in time", () => {
  it.scoped("is renewed every 3 s, through short troubles, and taken again where it is gone", () =>
    Effect.gen(function* () {
      const { lock, state } = scripted()
      const lost = yield* Effect.fork(yield* lock.hold)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(state.renewals, 10)
      state.away = true
      yield* TestClock.adjust("6 seconds")
      state.away = false
      const own = state.held
      state.held = ""
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(state.held, own)
      assert.isNull(lost.unsafePoll())
    })
  )

  for (const trouble of ["away", "silent"] as const)
    it.scoped(`14: is lost 10 s after its last renewal when Redis is ${trouble}`, () =>
      Effect.gen(function* () {
        const { lock, state } = scripted()
        const lost = yield* Effect.fork(Effect.flip(yield* lock.hold))
        yield* TestClock.adjust("6 seconds")
        state[trouble] = true
        yield* TestClock.adjust("9999 millis")
        assert.isNull(lost.unsafePoll())
        yield* TestClock.adjust("1 millis")
        const { reason } = yield* Fiber.join(lost)
        assert.match(reason, trouble === "away" ? /could not be renewed.*gone/ : /could not be renewed.*no answer/)
        state[trouble] = false
      })
    )

  it.effect("is refused after a minute of another one's, which stays", () =>
    Effect.gen(function* () {
      const { lock, state } = scripted()
      state.held = "🔒"
      const second = yield* Effect.fork(Effect.flip(Effect.scoped(lock.hold)))
      yield* TestClock.adjust("59 seconds")
      assert.isNull(second.unsafePoll())
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([(yield* Fiber.join(second))._tag, state.held], ["ControllerActive", "🔒"])
    })
  )
})
