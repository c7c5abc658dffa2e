import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Outgoing } from "../../src/outgoing/Outgoing.js"
import * as History from "../../src/source/History.js"
import { SourceError } from "../../src/source/SourceError.js"

class Shelf extends Context.Tag("test/Shelf")<Shelf, { readonly bytes: number }>() {}

const noOutgoing = Layer.succeed(Outgoing, Outgoing.of({ send: () => Effect.dieMessage("nobody is asked") }))
const request = { type: "any", pair: "x", span: Option.none() }
const window = { start: 0, end: 1 }
const page = (bytes: number): History.Page => ({ rows: [], bytes })

/** What both ways of taking the pages give. */
const taken = (pages: Stream.Stream<History.Page, SourceError, Shelf>) =>
  Effect.gen(function* () {
    const history = History.make({
      name: "shelf",
      description: "For tests",
      settings: Schema.Struct({}),
      capabilities: () => ({ types: ["any"] }),
      plan: () => Effect.dieMessage("not planned"),
      pages: () => pages
    })
    const prepared = yield* Effect.provideService(history.prepare({}), Shelf, { bytes: 7 })
    const seen: Array<number> = []
    const exit = yield* Effect.exit(
      prepared.forEachPage(request, window, ({ bytes }) => Effect.sync(() => void seen.push(bytes)))
    )
    const streamed = yield* Effect.exit(Stream.runCollect(prepared.pages(request, window)))
    return { seen, exit, streamed: Exit.map(streamed, (found) => [...found].map(({ bytes }) => bytes)) }
  }).pipe(Effect.provide(noOutgoing))

describe("History", () => {
  it.effect("an effect is a window of one page, in either way", () =>
    Effect.gen(function* () {
      const { exit, seen, streamed } = yield* taken(Effect.map(Shelf, ({ bytes }) => page(bytes)))
      assert.deepStrictEqual(seen, [7])
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(streamed, Exit.succeed([7]))
    })
  )

  it.effect("a stream gives page after page, each with what the history needs", () =>
    Effect.gen(function* () {
      const pages = Stream.mapEffect(Stream.make(1, 2, 3), (n) => Effect.map(Shelf, ({ bytes }) => page(n * bytes)))
      const { exit, seen, streamed } = yield* taken(pages)
      assert.deepStrictEqual(seen, [7, 14, 21])
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(streamed, Exit.succeed([7, 14, 21]))
    })
  )

  it.effect("a failure comes behind the pages before it, and what was opened is closed", () =>
    Effect.gen(function* () {
      const error = new SourceError({ source: "shelf", reason: "Malformed", detail: "torn" })
      let open = 0
      const shelf = Stream.acquireRelease(
        Effect.sync(() => open++),
        () => Effect.sync(() => open--)
      )
      const { exit, seen } = yield* taken(
        Stream.flatMap(shelf, () => Stream.concat(Stream.make(page(1), page(2)), Stream.fail(error)))
      )
      assert.deepStrictEqual(seen, [1, 2])
      assert.deepStrictEqual(exit, Exit.fail(error))
      assert.strictEqual(open, 0)
    })
  )
})
