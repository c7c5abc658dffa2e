import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { encode } from "../../../src/ingest/archive/DumpRecord.js"
import { ReplaySource } from "../../../src/plugins/source/ReplaySource.js"
import type { Frame } from "../../../src/source/Frame.js"
import { hasUpstream, upstream } from "../../support/Fixtures.js"

const place = mkdtempSync(join(tmpdir(), "outpost-replay-source-"))
afterAll(() => rmSync(place, { recursive: true, force: true }))

const prepare = (settings: unknown) => Effect.provide(ReplaySource.prepare(settings), NodeContext.layer)

const framesOf = (settings: unknown) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { open } = yield* prepare(settings)
      const reader = yield* open
      const frames: Array<Frame> = []
      for (;;) {
        const some = yield* Effect.either(reader.take)
        if (Either.isRight(some)) {
          assert.isNotEmpty(some.right)
          frames.push(...some.right)
        } else {
          assert.strictEqual(some.left.reason, "Exhausted")
          return frames
        }
      }
    })
  )

const twoScans = join(place, "two.cbors")
writeFileSync(
  twoScans,
  Buffer.concat(
    [0, 1, 2, 0, 1].flatMap((event, second) =>
      encode({
        event,
        streams: ["cam", "orca"].map((name) => ({
          name,
          typ: `typ-${name}`,
          parts: [Buffer.from(`${name}${second}`)]
        })),
        createdAt: `2026-01-01T00:00:0${second}Z`
      })
    )
  )
)

describe("a replay as a source", () => {
  it.live.skipIf(!hasUpstream)("gives the frames of the real program's dump with their type", () =>
    Effect.gen(function* () {
      const settings = { files: [join(upstream, "dump_xrd.cbors")], stream: "xrd" }
      const { name, typ } = yield* prepare(settings)
      assert.deepStrictEqual([name, typ], ["replay", "STINS"])
      const frames = yield* framesOf(settings)
      assert.deepStrictEqual(
        frames.map(({ marker, parts }) => [marker, parts.length]),
        [["start", 1], ...Array.from({ length: 9 }, () => [undefined, 2]), ["end", 1]]
      )
    })
  )

  it.live("gives a series for each scan of a dump", () =>
    Effect.gen(function* () {
      const frames = yield* framesOf({ files: [twoScans], stream: "orca" })
      assert.deepStrictEqual(
        frames.map(({ marker, parts }) => [marker, String(parts[0])]),
        [
          ["start", "orca0"],
          [undefined, "orca1"],
          ["end", "orca2"],
          ["start", "orca3"],
          ["end", "orca4"]
        ]
      )
    })
  )

  it.effect("keeps the pace of the record", () =>
    Effect.gen(function* () {
      const times: Array<number> = []
      const running = yield* Effect.gen(function* () {
        const { open } = yield* prepare({ files: [twoScans], stream: "cam", speed: 2 })
        const reader = yield* open
        const one = Effect.zipRight(reader.take, TestClock.currentTimeMillis)
        yield* Effect.repeatN(
          Effect.map(one, (now) => times.push(now)),
          4
        )
      }).pipe(Effect.scoped, Effect.fork)
      const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      while (Option.isNone(yield* Fiber.poll(running))) {
        yield* TestClock.adjust("100 millis")
        yield* turn
      }
      const [first = 0, ...others] = times
      assert.deepStrictEqual(
        others.slice(0, 3).map((time) => time - first),
        [500, 1000, 1500]
      )
      // Whether it is the last one shows when the file has ended, which takes its own time.
      assert.isAtLeast((others[3] ?? 0) - first, 2000)
    })
  )

  it.live("says what is wrong with its settings", () =>
    Effect.gen(function* () {
      const reasons = yield* Effect.forEach(
        [{}, { files: [twoScans], stream: "none" }, { files: [join(place, "none")], stream: "cam" }],
        (settings) => Effect.flip(prepare(settings))
      )
      assert.deepStrictEqual(
        reasons.map(({ reason }) => reason),
        ["Misconfigured", "Misconfigured", "Misconfigured"]
      )
      assert.include(reasons[1]?.detail ?? "", "has the stream none")
    })
  )
})
