import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as ModuleProcedure from "../../src/procedure/module/ModuleProcedure.js"
import { Emitter } from "../../src/procedure/Procedure.js"
import { RunBook } from "../../src/procedure/RunBook.js"
import * as StatePart from "../../src/state/StatePart.js"
import { StateDocument } from "../../src/state/StateDocument.js"
import * as ProcedureGround from "../support/ProcedureGround.js"
import * as RecordingEmitter from "../support/RecordingEmitter.js"
import { temporaryDirectory } from "../support/Store.js"

/** A module of this text, and what comes of a run of it. */
const running = (text: string, accepts = true) =>
  Effect.gen(function* () {
    const file = join(yield* temporaryDirectory, "module.mjs")
    writeFileSync(file, text)
    const recording = RecordingEmitter.make(accepts)
    const book = new RunBook()
    const state = yield* StateDocument
    yield* state.declare([StatePart.free("a")])
    const procedure = ModuleProcedure.make({ name: "a", file, book })
    const run = Effect.flatMap(procedure.prepare({ port: 7 }), (prepared) => prepared).pipe(
      Effect.provideService(Emitter, recording.emitter)
    )
    return { ...recording, book, run, state }
  })

describe("a module", () => {
  it.scopedLive("that exports a function is given its settings and its tools", () =>
    Effect.gen(function* () {
      const { book, events, messages, run, state } = yield* running(`
        export default async (settings, { emit, message, state, progress, log }) => {
          log.info("hello")
          progress("half")
          await state.set("a", { rounds: 1 })
          await state.update("a", ({ rounds }) => ({ rounds: rounds + 1 }))
          await message({ variant: "data", data: { port: settings.port } })
          await emit({ type: "done", data: await state.get("a") })
        }`)
      yield* run
      assert.deepStrictEqual(events, [{ type: "done", data: { rounds: 2 } }])
      assert.deepStrictEqual(messages, [{ body: { variant: "data", data: { port: 7 } } }])
      assert.deepStrictEqual(Option.getOrThrow(yield* state.part("a")), { rounds: 2 })
      assert.strictEqual(book.progress, "half")
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )

  it.scopedLive("that throws, now or later, has failed with its words", () =>
    Effect.gen(function* () {
      for (const text of [
        'export default () => { throw new Error("no water") }',
        'export default async () => { throw new Error("no water") }',
        'export const procedure = async () => Promise.reject("no water")'
      ]) {
        const error = yield* Effect.flip((yield* running(text)).run)
        assert.deepInclude(error, { reason: "Failed", detail: "no water", procedure: "a" })
      }
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )

  it.scopedLive("that is not there, does not parse or exports nothing of use is misconfigured", () =>
    Effect.gen(function* () {
      for (const text of ["export const b = 1", "export default 1", "this is no module", 'throw new Error("x")']) {
        const error = yield* Effect.flip((yield* running(text)).run)
        assert.strictEqual(error.reason, "Misconfigured", text)
        assert.include(error.detail, "module.mjs")
      }
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )

  it.scopedLive("that is stopped has its signal aborted, and is waited for", () =>
    Effect.gen(function* () {
      const { events, run } = yield* running(`
        export default async (settings, { emit, signal }) => {
          await emit({ type: "up", data: 1 })
          await new Promise((resolve) => signal.addEventListener("abort", resolve))
          await new Promise((resolve) => setTimeout(resolve, 100))
          await emit({ type: "closed", data: 1 })
        }`)
      const fiber = yield* Effect.fork(run)
      yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => events.length === 1 })
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["up", "closed"]
      )
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )

  it.scopedLive("ivy 14.18: a disk that refuses is an answer to measurement code, and no exception in it", () =>
    Effect.gen(function* () {
      const { book, events, run } = yield* running(
        `export default async (settings, { emit, message, progress }) => {
          const taken = [await emit({ type: "a", data: 1 }), await message({ variant: "data", data: { a: 1 } })]
          progress(taken)
        }`,
        false
      )
      yield* run
      assert.deepStrictEqual(book.progress, [false, false])
      assert.lengthOf(events, 1)
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )
})
