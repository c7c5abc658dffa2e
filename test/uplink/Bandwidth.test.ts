import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, TestClock } from "effect"
import * as Bandwidth from "../../src/uplink/internal/bandwidth.js"
import * as ForeignConfig from "../../src/uplink/ForeignConfig.js"
import { Either } from "effect"

describe("bandwidth", () => {
  it.effect("after a second's worth nothing passes faster than it may, in the order of asking", () =>
    Effect.gen(function* () {
      const { pass } = Bandwidth.make(1000)
      const times: Array<number> = []
      const one = Effect.zipRight(
        pass(500),
        Effect.map(Clock.currentTimeMillis, (now) => times.push(now))
      )
      const fiber = yield* Effect.fork(Effect.forEach([1, 2, 3, 4, 5, 6], () => one, { concurrency: "unbounded" }))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(times, [0, 0, 0, 500, 1000, 1500])
    })
  )
})

describe("a config of any version", () => {
  const read = (document: unknown, revision?: number) =>
    Either.getOrElse(
      Either.map(ForeignConfig.read(document, revision), ({ general }) => general.config_revision),
      (reason) => reason
    )

  it("needs a revision from -1 and a version, and may hold anything else", () => {
    const general = { config_revision: -1, software_version: "1.2.3-rc.1", own: [1] }
    assert.deepStrictEqual(Either.getOrThrow(ForeignConfig.read({ general, other: { a: 1 } }, undefined)), {
      general,
      other: { a: 1 }
    })
    assert.strictEqual(
      read({ general: { ...general, config_revision: -2 } }),
      "general.config_revision: expected a whole number from -1"
    )
    assert.strictEqual(
      read({ general: { ...general, config_revision: 1.5 } })
        .toString()
        .slice(0, 23),
      "general.config_revision"
    )
    assert.strictEqual(
      read({ general: { ...general, software_version: "v1.2.3" } }),
      "general.software_version: expected a version such as 1.2.3"
    )
    assert.strictEqual(read({ general }, 4), 4)
    assert.match(String(read(null, 4)), /^the document: /)
  })

  it("a build that was never released counts as the release it is made of", () => {
    assert.deepStrictEqual(["1.2.3", "0.0.0-source", "1.2.3-rc.4"].map(ForeignConfig.releaseOf), [
      "1.2.3",
      "0.0.0",
      "1.2.3-rc.4"
    ])
  })
})
