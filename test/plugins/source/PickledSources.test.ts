/** Contrast and LeCroy: the formats whose messages are, or carry, pickles. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { classify } from "../../../src/plugins/source/ContrastSource.js"
import { LecroySeries } from "../../../src/plugins/source/internal/LecroySeries.js"
import type { Frame } from "../../../src/source/Frame.js"
import { FrameIntake } from "../../../src/source/FrameIntake.js"
import { FrameSeries, type Message } from "../../../src/source/FrameSeries.js"
import type { FrameReader } from "../../../src/source/Source.js"
import type { SourceError } from "../../../src/source/SourceError.js"
import { messages } from "../../source/pickle/Captures.js"
import { hasUpstream } from "../../support/Fixtures.js"

/** Everything that a reader gives, frames and problems in their order. */
const drain = (reader: FrameReader) =>
  Effect.gen(function* () {
    const found: Array<Frame | SourceError> = []
    for (;;) {
      const some = yield* Effect.either(reader.take)
      if (Either.isRight(some)) found.push(...some.right)
      else if (some.left.reason === "Exhausted") return found
      else found.push(some.left)
    }
  })

const contrast = (given: ReadonlyArray<Message>) => {
  const intake = new FrameIntake("contrast", 1 << 30)
  const series = new FrameSeries(classify, intake)
  for (const message of given) series.read(message)
  intake.finish("Exhausted", "end")
  return series.reader
}

const lecroy = (given: ReadonlyArray<Message>) => {
  const intake = new FrameIntake("lecroy", 1 << 30)
  const series = new LecroySeries(intake)
  for (const message of given) series.read(message)
  intake.finish("Exhausted", "end")
  return series.reader
}

const shape = (found: ReadonlyArray<Frame | SourceError>) =>
  found.map((one) => ("parts" in one ? `${one.marker ?? one.number ?? "-"}:${one.parts.length}` : one.detail))

describe.skipIf(!hasUpstream)("contrast", () => {
  it.effect("frames are the messages between started and finished, heartbeats left out, the same bytes", () =>
    Effect.gen(function* () {
      const given = messages("contrast-dump.cbors")
      const found = yield* drain(contrast(given))
      assert.deepStrictEqual(shape(found), ["start:1", ...Array.from({ length: 20 }, () => "-:1"), "end:1"])
      const parts = found.flatMap((one) => ("parts" in one ? one.parts : []))
      assert.isTrue(parts.every((part) => given.some(([own]) => own === part)))
    })
  )

  it.effect("dranspose weak point 18: a message that would run code is malformed, and the series goes on", () =>
    Effect.gen(function* () {
      const [, started = [], running = []] = messages("contrast-dump.cbors")
      const evil = [Buffer.from("}(U\x06statuscposix\nsystem\n(U\x02idtRu.", "latin1")]
      const found = yield* drain(contrast([started, evil, [Buffer.from("N.")], [], running]))
      assert.deepStrictEqual(shape(found).slice(0, 1), ["start:1"])
      assert.include(shape(found)[1], '"posix.system" is not read')
      assert.strictEqual(shape(found).at(-1), "-:1")
    })
  )
})

const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const prepare = [text({ htype: "msg", what: 0, frame: 0 })]
const begin = (seqno: number, ntriggers = 20, channels = [2, 4]) => [
  text({ htype: "msg", what: 1, frame: 0, ntriggers, seqno, channels })
]
const trace = (ch: number) => [text({ htype: "traces", ch }), Buffer.from([ch]), Buffer.from("\x80\x04].", "latin1")]
const end = [text({ htype: "msg", what: 2, frame: 2 })]
const stop = [text({ htype: "msg", what: 3, frame: 4, frames: 4 })]

describe("lecroy", () => {
  it.effect.skipIf(!hasUpstream)("sequential: prepare, each sequence as one frame of 2+3n parts, stop", () =>
    Effect.gen(function* () {
      const given = messages("maui-02-sequential-3.cbor.gz")
      const found = yield* drain(lecroy(given))
      assert.deepStrictEqual(shape(found), ["start:1", "0:8", "1:8", "end:1"])
      assert.deepStrictEqual(
        found.flatMap((one) => ("parts" in one ? one.parts : [])),
        given.flat()
      )
    })
  )

  it.effect.skipIf(!hasUpstream)("continuous: the one start is at the front of every frame", () =>
    Effect.gen(function* () {
      const given = messages("maui-02-continuous-3.cbor.gz")
      const found = yield* drain(lecroy(given))
      assert.deepStrictEqual(shape(found), ["start:1", "-:8", "-:8", "end:1"])
      const [, first, second] = found
      assert(first && "parts" in first && second && "parts" in second)
      assert.strictEqual(first.parts[0], second.parts[0])
      assert.deepStrictEqual(second.parts.slice(1), given.slice(5, 8).flat())
    })
  )

  it.effect("the prepare message counts once a sequence follows it, and the last one of several", () =>
    Effect.gen(function* () {
      const early = [text({ htype: "msg", what: 0, frame: 9 })]
      const found = yield* drain(lecroy([end, trace(2), early, prepare, begin(0), trace(2), trace(4), end, stop, stop]))
      assert.deepStrictEqual(shape(found), ["start:1", "0:8", "end:1"])
      assert.deepStrictEqual("parts" in (found[0] ?? {}) && found[0], { parts: prepare, marker: "start" })
      assert.lengthOf(yield* drain(lecroy([prepare, stop, begin(0), trace(2)])), 0)
    })
  )

  it.effect("a lost message costs its sequence alone, and is told", () =>
    Effect.gen(function* () {
      const whole = (n: number) => [begin(n), trace(2), trace(4), end]
      const lost = [
        [begin(1), trace(2), end],
        [begin(1), trace(2), trace(4)],
        [trace(2), trace(4), end],
        [begin(1), [text({ htype: "traces" })], trace(4), end],
        [begin(1), trace(2), [Buffer.from("junk")], end]
      ]
      for (const damaged of lost) {
        const found = yield* drain(lecroy([prepare, ...whole(0), ...damaged, ...whole(2), stop]))
        const frames = found.filter((one) => "parts" in one)
        assert.deepStrictEqual(shape(frames), ["start:1", "0:8", "2:8", "end:1"])
        assert.isAbove(found.length, frames.length)
      }
    })
  )

  it.effect("a continuous series survives lost traces and lost ends", () =>
    Effect.gen(function* () {
      const series = [prepare, begin(0, -1), trace(2), end, trace(2), trace(4), trace(2), trace(4), end]
      const found = yield* drain(lecroy([...series, trace(2), trace(4), end, stop]))
      assert.deepStrictEqual(shape(found.filter((one) => "parts" in one)), ["start:1", "-:8", "end:1"])
    })
  )

  it.effect("traces without an end are bounded", () =>
    Effect.gen(function* () {
      const flood = Array.from({ length: 5000 }, () => trace(2))
      const reader = lecroy([prepare, begin(0), ...flood, begin(1), trace(2), trace(4), end])
      const found = yield* drain(reader)
      assert.deepStrictEqual(shape(found.filter((one) => "parts" in one)), ["start:1", "1:8"])
      assert.isAbove((yield* reader.dropped ?? Effect.die("none")).malformed, 0)
    })
  )
})
