import { assert, describe, it } from "@effect/vitest"
import { ResultBook } from "../../../src/ingest/controller/ResultBook.js"

/** A book with the results of so many events of a worker announced. */
const announced = (count: number) => {
  const book = new ResultBook()
  for (let event = 0; event < count; event++) book.announce("w1", event)
  return book
}

describe("ResultBook", () => {
  it("waits for what was announced, in whatever order it is confirmed, and twice counts once", () => {
    const book = announced(2)
    book.confirm("w1", 2, true)
    book.announce("w1", 2)
    assert.deepStrictEqual([book.isWaiting, book.lost], [true, 0])
    for (const event of [1, 1, 0, 2]) book.confirm("w1", event, false)
    assert.deepStrictEqual([book.isWaiting, book.lost], [false, 0])
  })

  it("a reducer that goes takes with it what it had, and what was on its way unless that still comes", () => {
    const book = announced(4)
    book.confirm("w1", 0, false)
    book.confirm("w1", 1, false)
    book.loseReducer()
    book.announce("w1", 4)
    assert.deepStrictEqual([book.isWaiting, book.lost], [false, 5])
    book.findReducer()
    book.announce("w1", 5)
    assert.isTrue(book.isWaiting)
    for (const event of [3, 4, 5]) book.confirm("w1", event, false)
    assert.deepStrictEqual([book.isWaiting, book.lost], [false, 3])
  })

  it("a worker that leaves is not waited for", () => {
    const book = announced(3)
    book.leave("w1")
    assert.deepStrictEqual([book.isWaiting, book.lost], [false, 3])
    book.confirm("w1", 1, false)
    assert.strictEqual(book.lost, 2)
  })

  it("results that do not come are given up after a while without any", () => {
    const book = announced(3)
    book.watch(0, 60_000)
    book.watch(50_000, 60_000)
    book.confirm("w1", 0, false)
    book.watch(70_000, 60_000)
    book.watch(129_000, 60_000)
    assert.isTrue(book.isWaiting)
    book.watch(130_000, 60_000)
    assert.deepStrictEqual([book.isWaiting, book.lost], [false, 2])
  })
})
