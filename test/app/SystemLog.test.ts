/** The site's own events while the disk refuses them. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/TestClock"
import { SystemLog, layer } from "../../src/app/SystemLog.js"
import { StorageFailed } from "../../src/domain/Refusal.js"
import { TelemetryStore } from "../../src/telemetry/TelemetryStore.js"

it.effect(
  "each refused write leaves a torn tail to tell of, and a full disk is still written to only now and then",
  () => {
    const warnings: Array<string> = []
    const posted: Array<string> = []
    let full = true
    let torn = () => undefined as void
    const store = Layer.mock(TelemetryStore, {
      postSystem: (type) =>
        Effect.suspend(() => {
          posted.push(type)
          if (!full) return Effect.void
          torn()
          return Effect.fail(new StorageFailed({ operation: "write", path: "system", reason: "ENOSPC" }))
        })
    })
    return Effect.gen(function* () {
      const system = yield* SystemLog
      torn = () => system.record("journal.torn", { path: "system" })
      const drain = yield* Effect.fork(system.drain)
      system.record("server.started", {})
      yield* TestClock.adjust("1 minute")
      assert.isAtMost(posted.length, 61)
      assert.strictEqual(warnings.length, 2)
      full = false
      yield* TestClock.adjust("1 minute")
      assert.isAtMost(posted.length, 63)
      system.record("server.stopped", {})
      yield* TestClock.adjust("1 second")
      assert.strictEqual(posted.at(-1), "server.stopped")
      yield* Fiber.interrupt(drain)
    }).pipe(
      Effect.provide([
        layer,
        store,
        Logger.replace(
          Logger.defaultLogger,
          Logger.make(({ message }) => void warnings.push(String(message)))
        )
      ])
    )
  }
)
