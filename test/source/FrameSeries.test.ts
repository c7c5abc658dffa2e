import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import type { Frame } from "../../src/source/Frame.js"
import { batch, FrameIntake, keeping } from "../../src/source/FrameIntake.js"
import * as FrameSeries from "../../src/source/FrameSeries.js"
import { drained, textOf } from "../support/TakenFrames.js"

/** `s` starts, `i3` is image 3, `e` ends, `~` is a heartbeat, `(` begins what `)` completes, all else is malformed. */
const classify: FrameSeries.Classify = ([part]) => {
  const text = Buffer.from(part ?? []).toString()
  if (text === "s") return FrameSeries.start
  if (text === "e") return FrameSeries.end
  if (text === "~") return FrameSeries.noise
  if (text === "(") return { _tag: "Part", next: closing }
  if (text === "ii") return { _tag: "Frames", frames: [frame("x", 7), frame("y", 8)] }
  return text.startsWith("i") ? FrameSeries.image(Number(text.slice(1))) : FrameSeries.malformed(text)
}

const closing: FrameSeries.Classify = ([part]) => {
  const text = Buffer.from(part ?? []).toString()
  return text === ")"
    ? FrameSeries.image(9)
    : text === "."
      ? { _tag: "Part", next: closing }
      : FrameSeries.malformed("open")
}

const frame = (text: string, number: number): Frame => ({ parts: [Buffer.from(text)], number })

const run = (texts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const intake = new FrameIntake("test", 1e6)
    const series = new FrameSeries.FrameSeries(classify, intake)
    for (const text of texts) series.read([Buffer.from(text)])
    intake.finish("Exhausted", "all")
    const { items } = yield* drained(series.reader)
    return { items, dropped: series.dropped }
  })

const shown = (items: ReadonlyArray<Frame | string>) =>
  items.map((item) => (typeof item === "string" ? `!${item}` : textOf(item)))

describe("a series", () => {
  it.effect("begins with a start and ends with an end; what is outside is dropped and counted", () =>
    Effect.gen(function* () {
      const { dropped, items } = yield* run(["i1", "?", "e", "s", "i0", "i1", "e", "i2", "e", "s", "e"])
      assert.deepStrictEqual(shown(items), ["s", "i0", "i1", "e", "s", "e"])
      assert.deepStrictEqual(
        items.map((item) => (typeof item === "string" ? "" : (item.marker ?? item.number))),
        ["start", 0, 1, "end", "start", "end"]
      )
      assert.deepStrictEqual(dropped, { outside: 4, starts: 0, malformed: 1 })
    })
  )

  it.effect("has no second start, and tells what is malformed at its place", () =>
    Effect.gen(function* () {
      const { dropped, items } = yield* run(["s", "i0", "s", "~", "?", "i1", "e", "?"])
      assert.deepStrictEqual(shown(items), ["s", "i0", "!?", "i1", "e"])
      assert.deepStrictEqual(dropped, { outside: 0, starts: 1, malformed: 2 })
    })
  )

  it.effect("joins messages, and loses no more than the frame when one of them is missing", () =>
    Effect.gen(function* () {
      const { dropped, items } = yield* run(["(", ")", "s", "(", ".", ")", "(", "i4", "ii", "(", "(", ")", "e"])
      assert.deepStrictEqual(shown(items), ["s", "(|.|)", "!open", "i4", "x", "y", "!open", "(|)", "e"])
      assert.deepStrictEqual(dropped, { outside: 1, starts: 0, malformed: 2 })
    })
  )

  it.effect("does not collect for ever", () =>
    Effect.gen(function* () {
      const { items } = yield* run(["s", "(", ...Array.from({ length: FrameSeries.longest }, () => "."), "i1", "e"])
      assert.deepStrictEqual(shown(items), ["s", `!a frame of more than ${FrameSeries.longest} messages`, "i1", "e"])
    })
  )

  it.effect("hands over the very bytes that came", () =>
    Effect.gen(function* () {
      const intake = new FrameIntake("test", 1e6)
      const series = new FrameSeries.FrameSeries(classify, intake)
      const parts = [Buffer.from("s")]
      series.read(parts)
      const [first] = yield* intake.take
      assert.strictEqual(first?.parts, parts)
    })
  )
})

describe("an intake", () => {
  it.effect("hands over at most a batch, in order", () =>
    Effect.gen(function* () {
      const intake = new FrameIntake("test", 1e9)
      for (let number = 0; number < batch * 2 + 3; number++) intake.put(frame("", number))
      const sizes = [(yield* intake.take).length, (yield* intake.take).length, (yield* intake.take).length]
      assert.deepStrictEqual(sizes, [batch, batch, 3])
      assert.strictEqual(intake.bytes, 0)
    })
  )

  it.effect("is full by bytes, empty frames too, and calls each who waits once half of it is taken", () =>
    Effect.gen(function* () {
      const intake = new FrameIntake("test", keeping * batch * 2)
      let calls = 0
      for (let number = 0; number < batch * 2; number++) intake.put(frame("", number))
      assert.isTrue(intake.isFull)
      intake.whenRoom(() => calls++)
      intake.whenRoom(() => calls++)
      yield* intake.take
      assert.strictEqual(calls, 2)
      yield* intake.take
      assert.strictEqual(calls, 2)
      intake.whenRoom(() => calls++)
      assert.strictEqual(calls, 3)
    })
  )

  it.effect("tells a flood of malformed messages once, and the end behind everything, again and again", () =>
    Effect.gen(function* () {
      const intake = new FrameIntake("test", 1e6)
      intake.put(frame("a", 0))
      for (let n = 0; n < 1000; n++) intake.malformed(`${n}`)
      intake.put(frame("b", 1))
      intake.finish("Disconnected", "gone")
      intake.finish("Exhausted", "later")
      const { end, items } = yield* drained(intake)
      assert.deepStrictEqual(shown(items), ["a", "!0", "b"])
      assert.strictEqual(end.detail, "gone")
      assert.strictEqual((yield* Effect.flip(intake.take)).detail, "gone")
    })
  )

  it.effect("loses nothing when a reader is interrupted", () =>
    Effect.gen(function* () {
      const intake = new FrameIntake("test", 1e6)
      const waiting = yield* Effect.fork(intake.take)
      yield* Effect.yieldNow()
      intake.put(frame("a", 0))
      intake.announce()
      // Told of the frame and interrupted before it could take it.
      const outcome = yield* Fiber.interrupt(waiting)
      assert.isTrue(Exit.isInterrupted(outcome))
      assert.deepStrictEqual(shown(yield* intake.take), ["a"])
    })
  )
})
