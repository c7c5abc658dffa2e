import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import * as UserCodeHost from "../../src/app/UserCodeHost.js"
import { StrayFailures } from "../../src/ingest/StrayFailures.js"
import * as EventRunner from "../../src/ingest/worker/EventRunner.js"
import * as WorkerModule from "../../src/ingest/worker/WorkerModule.js"

describe("users' code within the process", () => {
  it.live("rejects promises that nobody awaits: they are logged and told as a trouble of the module", () => {
    const lines: Array<string> = []
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ logLevel, message }) => void lines.push(`${logLevel.label} ${String(message)}`))
    )
    // The test runner has a handler of its own, which takes each for a failure of the test.
    const others = process.listeners("unhandledRejection")
    const alone = Effect.acquireRelease(
      Effect.sync(() => process.removeAllListeners("unhandledRejection")),
      () => Effect.sync(() => others.forEach((listener) => process.on("unhandledRejection", listener)))
    )
    return Effect.gen(function* () {
      yield* alone
      yield* Effect.gen(function* () {
        const module = yield* WorkerModule.check({
          process: () => {
            void Promise.reject(new Error("on its own"))
            return 1
          }
        })
        const runner = yield* EventRunner.inProcess(module)
        const heard = yield* Effect.fork(Stream.runHead(runner.strays))
        yield* Effect.yieldNow()
        const outcomes = yield* runner.run([{ event_number: 0, streams: {} }], {}, false)
        assert.deepStrictEqual(outcomes, [{ failure: undefined, result: 1 }])
        const stray = yield* Fiber.join(heard)
        assert.strictEqual(
          stray._tag === "Some" && stray.value.message,
          "process threw: a rejection that nobody awaited: on its own"
        )
        assert.deepStrictEqual(lines, ["ERROR a rejection that nobody awaited: on its own"])
      }).pipe(Effect.provide(UserCodeHost.layer.pipe(Layer.provide(logger))))
      assert.deepStrictEqual(process.listeners("unhandledRejection"), [])
    }).pipe(Effect.scoped)
  })

  it.effect("without a host has nothing to tell", () =>
    Effect.flatMap(StrayFailures, (strays) =>
      Effect.map(Stream.runCollect(strays), (all) => assert.lengthOf([...all], 0))
    )
  )
})
