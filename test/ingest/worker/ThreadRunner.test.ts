import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as SupervisionTree from "../../../src/actor/SupervisionTree.js"
import type { EventRunner } from "../../../src/ingest/worker/EventRunner.js"
import * as ThreadRunner from "../../../src/ingest/worker/ThreadRunner.js"
import { userThreads } from "../../support/UserThreads.js"

const threads = userThreads()

const event = (event_number: number, ...frames: ReadonlyArray<Uint8Array>) => ({
  event_number,
  streams: { cam: { typ: "x", frames } }
})

const runner = (file: string, options: { readonly threads?: number; readonly event?: Duration.Duration } = {}) =>
  ThreadRunner.make({ file, threads: options.threads ?? 1, entry: threads.entry, event: options.event })

const outcomeOf = (of: EventRunner, number: number, ...frames: ReadonlyArray<Uint8Array>) =>
  Effect.map(of.run([event(number, ...frames)], {}, false), ([outcome]) => outcome)

const trouble = `
let begun = 0
export const parameters = [{ name: "gain", dtype: "float", default: 2 }]
export const tickInterval = () => 0.5
export const start = () => { begun++ }
export const process = async ({ event_number, streams }, { gain }) => {
  if (event_number === 1) throw new Error("no such event")
  if (event_number === 2) setTimeout(() => { throw new Error("behind its back") })
  if (event_number === 2) await new Promise(() => {})
  if (event_number === 3) process$.exit(7)
  if (event_number === 4) for (;;) {}
  if (event_number === 5) return () => 1
  return { begun, gain, sum: streams.cam.frames[0].reduce((a, b) => a + b, 0), shared: streams.cam.frames[0].buffer instanceof SharedArrayBuffer }
}
import process$ from "node:process"
export const finish = () => {}
`

describe("ThreadRunner", () => {
  it.live("runs the module in a thread, with its parameters and frames", () =>
    Effect.gen(function* () {
      const made = yield* runner(threads.module("good", trouble))
      assert.deepStrictEqual(
        made.parameters.map(({ name }) => name),
        ["gain"]
      )
      assert.deepStrictEqual(yield* made.tickInterval({}), Option.some(Duration.millis(500)))
      yield* made.start({})
      const frame = new Uint8Array([9, 1, 2, 3]).subarray(1)
      const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(5)
      const [first] = yield* made.run([event(0, frame)], { gain: 3 }, false)
      assert.deepStrictEqual(first?.result, { begun: 1, gain: 3, sum: 6, shared: false })
      const [second] = yield* made.run([event(0, shared)], { gain: 3 }, false)
      assert.deepStrictEqual(second?.result, { begun: 1, gain: 3, sum: 10, shared: true })
      assert.deepStrictEqual([...frame], [1, 2, 3])
      yield* made.finish({})
    }).pipe(Effect.scoped, Effect.provide(SupervisionTree.layer))
  )

  it.live(
    "a throw, a crash, an exit and a hang each fail their own event; the next one is served by another thread",
    () =>
      Effect.gen(function* () {
        const made = yield* runner(threads.module("trouble", trouble), { event: Duration.millis(1500) })
        yield* made.start({})
        const reasons: Array<string> = []
        for (const number of [1, 2, 3, 4, 5]) {
          const outcome = yield* outcomeOf(made, number, new Uint8Array([number]))
          reasons.push(`${outcome?.failure?.reason} ${outcome?.failure?.event}`)
          const after = yield* outcomeOf(made, 0, new Uint8Array([number]))
          assert.strictEqual(after?.failure, undefined)
        }
        assert.deepStrictEqual(reasons, ["threw 1", "crashed 2", "exited 3", "hung 4", "unfit 5"])
      }).pipe(Effect.scoped, Effect.provide(SupervisionTree.layer))
  )

  it.live("threads work side by side, and are gone with the scope even where they hang", () =>
    Effect.gen(function* () {
      // The first event is done only when the second one is under way.
      const file = threads.module(
        "meet",
        `export const process = ({ event_number, streams }) => {
           if (event_number === 9) for (;;) {}
           const met = new Int32Array(streams.cam.frames[0].buffer)
           if (event_number === 0) Atomics.wait(met, 0, 0)
           Atomics.store(met, 0, 1)
           Atomics.notify(met, 0)
           return event_number
         }`
      )
      const met = new Uint8Array(new SharedArrayBuffer(4))
      yield* Effect.gen(function* () {
        const made = yield* runner(file, { threads: 2, event: Duration.seconds(20) })
        assert.strictEqual(made.width, 2)
        const both = yield* Effect.all([outcomeOf(made, 0, met), outcomeOf(made, 1, met)], { concurrency: "unbounded" })
        assert.deepStrictEqual(
          both.map((outcome) => outcome?.result),
          [0, 1]
        )
        yield* Effect.timeoutOption(outcomeOf(made, 9), "100 millis")
      }).pipe(Effect.scoped)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.live("an event that was left unfinished costs the next scan nothing", () =>
    Effect.gen(function* () {
      const made = yield* runner(threads.module("left", trouble), { event: Duration.hours(1) })
      yield* made.start({})
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(outcomeOf(made, 4), "300 millis")))
      yield* made.start({})
      const outcome = yield* outcomeOf(made, 0, new Uint8Array([7]))
      assert.deepInclude(outcome?.result, { begun: 1, sum: 7 })
    }).pipe(Effect.scoped, Effect.provide(SupervisionTree.layer))
  )

  it.live("a module that can't be used is said so at once", () =>
    Effect.gen(function* () {
      const failures = yield* Effect.forEach(
        [
          threads.module("none", "export const other = 1"),
          threads.module("broken", "import 'not-there'"),
          "/not/there.mjs"
        ],
        (file) => Effect.scoped(Effect.flip(runner(file)))
      )
      assert.deepStrictEqual(
        failures.map(({ step }) => step),
        ["load", "load", "load"]
      )
      assert.match(failures[0]?.message ?? "", /has to export 'process'/)
    }).pipe(Effect.provide(SupervisionTree.layer))
  )

  it.live("a rejection that nobody awaited costs no event and is told; its console is logged, not printed", () => {
    const file = threads.module(
      "stray",
      `export const process = ({ event_number }) => {
        console.log("at event", event_number)
        void Promise.reject(new Error("nobody awaits " + event_number))
        return event_number
      }`
    )
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    return Effect.gen(function* () {
      const made = yield* runner(file)
      for (const number of [1, 2]) assert.deepInclude(yield* outcomeOf(made, number), { result: number })
      const strays = yield* Stream.runCollect(Stream.take(made.strays, 2))
      assert.deepStrictEqual(
        Array.from(strays, ({ detail }) => detail),
        ["a rejection that nobody awaited: nobody awaits 1", "a rejection that nobody awaited: nobody awaits 2"]
      )
      yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => lines.length >= 2 })
      assert.includeMembers(lines, ["at event 1", "at event 2"])
    }).pipe(
      Effect.scoped,
      Effect.provide(SupervisionTree.layer),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger))
    )
  })
})
