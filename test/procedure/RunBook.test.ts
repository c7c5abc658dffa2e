import { assert, describe, it } from "@effect/vitest"
import { RunBook } from "../../src/procedure/RunBook.js"

describe("RunBook", () => {
  it("progress is shown as JSON carries it, whatever a module says", () => {
    const circle: Record<string, unknown> = {}
    circle["self"] = circle
    let deep: unknown = 1
    for (let i = 0; i < 200_000; i++) deep = [deep]
    const table: ReadonlyArray<readonly [unknown, unknown]> = [
      [undefined, null],
      [
        { done: 3, of: 4 },
        { done: 3, of: 4 }
      ],
      [new Date(0), "1970-01-01T00:00:00.000Z"],
      [1n, "no JSON"],
      [circle, "no JSON"],
      [deep, "no JSON"],
      [() => 1, null]
    ]
    for (const [said, shown] of table) {
      const book = new RunBook()
      book.progress = said
      assert.deepStrictEqual(book.shownProgress, shown)
    }
  })

  it("a long progress is cut", () => {
    const book = new RunBook()
    book.progress = "x".repeat(1_000_000)
    assert.isBelow(String(book.shownProgress).length, 20_000)
  })
})
