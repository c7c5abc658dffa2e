import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as TestClock from "effect/TestClock"
import { existsSync } from "node:fs"
import * as FreeSpace from "../../../src/backfill/sync/FreeSpace.js"

const GiB = 1024 ** 3

const scene = (minFree: number) =>
  Effect.gen(function* () {
    const disk = { free: 10 * GiB, asked: 0 }
    const told: Array<string> = []
    const space = yield* FreeSpace.make({
      directory: Effect.succeed("/data"),
      minFree: Effect.succeed(minFree),
      tell: (type) => Effect.sync(() => void told.push(type)),
      freeOf: () => {
        disk.asked++
        return disk.free < 0 ? Promise.reject(new Error("gone")) : Promise.resolve(disk.free)
      }
    })
    const at = (free: number) =>
      Effect.gen(function* () {
        disk.free = free
        yield* TestClock.adjust("2 seconds")
        return Either.isRight(yield* Effect.either(space.check))
      })
    return { at, disk, space, told }
  })

describe("FreeSpace", () => {
  it.effect(
    "with too little of it nothing new is begun, with the reason, until there is a tenth more; told once each",
    () =>
      Effect.gen(function* () {
        const { at, space, told } = yield* scene(2 * GiB)
        assert.isTrue(yield* at(2 * GiB))
        assert.isFalse(yield* at(2 * GiB - 1))
        const error = yield* Effect.flip(space.check)
        assert.strictEqual(
          error.message,
          "collect into /data: 2.0 GiB free, less than storage.min_free (2.0 GiB): nothing new is begun"
        )
        assert.isFalse(yield* at(GiB))
        assert.isFalse(yield* at(2.1 * GiB))
        assert.isTrue(yield* at(2.2 * GiB))
        assert.isTrue(yield* at(2 * GiB))
        assert.deepStrictEqual(told, ["storage.low", "storage.recovered"])
      })
  )

  it.effect("the disk is asked once a second, however often the engine asks", () =>
    Effect.gen(function* () {
      const { disk, space } = yield* scene(GiB)
      yield* Effect.repeatN(space.check, 9_999)
      assert.strictEqual(disk.asked, 1)
      yield* TestClock.adjust("1 second")
      yield* space.check
      assert.strictEqual(disk.asked, 2)
    })
  )

  it.effect("without a bound, or where it can't be told, collection goes on", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* (yield* scene(0)).at(0))
      const lost = yield* scene(GiB)
      assert.isTrue(yield* lost.at(-1))
      assert.isNull(yield* lost.space.bytes)
    })
  )

  it.effect("a directory that is not made yet is on the disk of the one above it", () =>
    Effect.gen(function* () {
      const directory = "/tmp/outpost-none/below/it"
      assert.isFalse(existsSync(directory))
      const space = yield* FreeSpace.make({
        directory: Effect.succeed(directory),
        minFree: Effect.succeed(0),
        tell: () => Effect.void
      })
      assert.isAbove((yield* space.bytes) ?? 0, 0)
    })
  )
})
