import { assert, describe, it } from "@effect/vitest"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect, Fiber, Option, Schema, Stream } from "effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { make as makeDatabase } from "../../src/database/Database.js"
import * as StateDocument from "../../src/state/StateDocument.js"
import * as StateExport from "../../src/state/StateExport.js"
import * as StatePart from "../../src/state/StatePart.js"
import * as StateStore from "../../src/state/StateStore.js"
import { temporaryDirectory } from "../support/Store.js"

const pump = StatePart.make("pump", Schema.Struct({ on: Schema.Boolean, rounds: Schema.Int }))
const free = StatePart.free("free")

/** The document of a directory, with its export, as a site has it. */
const open = (directory: string) =>
  Effect.gen(function* () {
    const store = StateStore.make(yield* makeDatabase(join(directory, "state.sqlite"), StateStore.migrations, "now"))
    const path = join(directory, "state.json")
    yield* StateExport.restore(store, path)
    const document = yield* StateDocument.make(store)
    yield* StateExport.follow(document, path)
    yield* document.declare([pump, free])
    return document
  })

const exported = (directory: string): unknown => JSON.parse(readFileSync(join(directory, "state.json"), "utf8"))

const drivers = {
  "in memory": Effect.flatMap(StateStore.makeMemory, StateDocument.make).pipe(
    Effect.tap((document) => document.declare([pump, free]))
  ),
  "in SQLite": Effect.flatMap(temporaryDirectory, open)
}

for (const [name, document] of Object.entries(drivers)) {
  describe(`the state document ${name}`, () => {
    const test = (title: string, body: (state: StateDocument.StateDocument["Type"]) => Effect.Effect<void, unknown>) =>
      it.scopedLive(title, () => Effect.flatMap(document, body).pipe(Effect.provide(NodeContext.layer)))

    test("holds what it was given, part by part, and numbers each change", (state) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* state.get, { revision: 0, parts: {} })
        assert.isTrue(Option.isNone(yield* state.part("pump")))
        yield* state.set({ pump: { on: true, rounds: 1 }, free: [1, "two", null] }, "a")
        yield* state.set({ free: { deep: { er: true } } }, "b")
        assert.deepStrictEqual(yield* state.get, {
          revision: 3,
          parts: { pump: { on: true, rounds: 1 }, free: { deep: { er: true } } }
        })
        assert.deepStrictEqual(
          (yield* state.history({})).map(({ by, part, revision }) => [revision, part, by]),
          [
            [3, "free", "b"],
            [2, "free", "a"],
            [1, "pump", "a"]
          ]
        )
        assert.deepStrictEqual(
          (yield* state.history({ part: "free", before: 3 })).map(({ value }) => value),
          [[1, "two", null]]
        )
      }))

    test("ivy 14.5: 400 of 400 interleaved updates are kept", (state) =>
      Effect.gen(function* () {
        const add = state.update("free", "a", (value) => [
          ...Option.getOrElse(value as Option.Option<Array<number>>, () => []),
          1
        ])
        yield* Effect.all(
          Array.from({ length: 4 }, () => Effect.repeatN(Effect.zipRight(Effect.yieldNow(), add), 99)),
          { concurrency: 4 }
        )
        assert.lengthOf(Option.getOrThrow(yield* state.part("free")) as Array<number>, 400)
        assert.strictEqual((yield* state.get).revision, 400)
      }))

    test("what does not fit is refused with its reason and changes nothing, nor do the parts beside it", (state) =>
      Effect.gen(function* () {
        yield* state.set({ pump: { on: true, rounds: 1 } }, "a")
        const table: ReadonlyArray<readonly [Record<string, unknown>, string]> = [
          [{ pump: { on: "yes", rounds: 1 } }, "on"],
          [{ pump: { on: true, rounds: 1, speed: 2 } }, "speed"],
          [{ free: 1, pomp: {} }, "no such part is declared; there are: free, pump"],
          [{ free: Number.NaN }, "JSON"],
          [{ free: { when: new Date(0) } }, "JSON"]
        ]
        for (const [values, reason] of table) {
          const error = yield* Effect.flip(state.set(values, "a"))
          assert.strictEqual(error._tag, "StateRefused")
          assert.include(error.message, reason)
        }
        const thrown = yield* Effect.flip(
          state.update("pump", "a", () => {
            throw new Error("no")
          })
        )
        assert.include(thrown.message, "the change threw: Error: no")
        assert.deepStrictEqual(yield* state.get, { revision: 1, parts: { pump: { on: true, rounds: 1 } } })
      }))

    test("tells of changes in their order", (state) =>
      Effect.gen(function* () {
        const told = yield* Effect.fork(Stream.runCollect(Stream.take(state.changes, 3)))
        yield* Effect.sleep("20 millis")
        for (const value of [1, 2, 3]) yield* state.set({ free: value }, "a")
        assert.deepStrictEqual(
          Array.from(yield* Fiber.join(told), ({ revision, value }) => [revision, value]),
          [
            [1, 1],
            [2, 2],
            [3, 3]
          ]
        )
      }))
  })
}

describe("the state document on disk", () => {
  const life = <A, E>(directory: string, use: (state: StateDocument.StateDocument["Type"]) => Effect.Effect<A, E>) =>
    Effect.scoped(Effect.flatMap(open(directory), use))

  it.scopedLive("is there again in the next life, and exported for readers outside", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* life(directory, (state) => state.set({ pump: { on: true, rounds: 7 } }, "a"))
      assert.deepStrictEqual(exported(directory), { pump: { on: true, rounds: 7 } })
      yield* life(directory, (state) =>
        Effect.gen(function* () {
          assert.deepStrictEqual((yield* state.get).parts, { pump: { on: true, rounds: 7 } })
          yield* state.update("free", "b", () => "new")
        })
      )
      assert.deepStrictEqual(exported(directory), { pump: { on: true, rounds: 7 }, free: "new" })
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive("ivy 14.5: no silent reset: a lost database is restored from the export", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* life(directory, (state) => state.set({ pump: { on: true, rounds: 7 }, free: [1] }, "a"))
      for (const suffix of ["", "-wal"])
        writeFileSync(join(directory, `state.sqlite${suffix}`), "not a database at all")
      yield* life(directory, (state) =>
        Effect.gen(function* () {
          assert.deepStrictEqual((yield* state.get).parts, { pump: { on: true, rounds: 7 }, free: [1] })
          assert.strictEqual((yield* state.history({}))[0]?.by, "state.json")
        })
      )
      // What could not be read is kept beside.
      assert.isTrue(existsSync(join(directory, "state.sqlite.unreadable-now")))
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive("ivy 14.5: what no longer fits its schema is shown, built upon by nobody, and replaced by a set", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* life(directory, (state) => state.set({ free: { old: "form" } }, "a"))
      yield* life(directory, (state) =>
        Effect.gen(function* () {
          const count = StatePart.make("free", Schema.Struct({ count: Schema.Int }))
          yield* state.declare([count])
          assert.deepStrictEqual(Option.getOrThrow(yield* state.part("free")), { old: "form" })
          const error = yield* Effect.flip(state.update("free", "a", () => ({ count: 1 })))
          assert.include(error.message, "count")
          yield* state.set({ free: { count: 1 } }, "a")
          assert.deepStrictEqual(
            (yield* state.history({ part: "free" })).map(({ value }) => value),
            [{ count: 1 }, { old: "form" }]
          )
        }).pipe(Effect.scoped)
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive("keeps the last thousand changes of a part, and all parts", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* life(directory, (state) =>
        Effect.gen(function* () {
          yield* state.set({ pump: { on: false, rounds: 0 } }, "a")
          for (let n = 1; n <= 1_010; n++) yield* state.set({ free: n }, "a")
          assert.lengthOf(yield* state.history({ part: "free", limit: 5_000 }), 1_000)
          assert.lengthOf(yield* state.history({ part: "pump" }), 1)
        })
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
