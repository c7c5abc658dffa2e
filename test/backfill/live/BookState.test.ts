import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { BookState } from "../../../src/backfill/live/BookState.js"
import type { BookChange, Level } from "../../../src/source/FeedMessage.js"

const level = (price: number, amount: number): Level => ({ price: String(price), amount: String(amount) })
const snapshot = (
  bids: ReadonlyArray<Level>,
  asks: ReadonlyArray<Level>,
  more: Partial<BookChange> = {}
): BookChange => ({
  snapshot: true,
  bids,
  asks,
  ...more
})
const update = (
  bids: ReadonlyArray<Level>,
  asks: ReadonlyArray<Level>,
  more: Partial<BookChange> = {}
): BookChange => ({
  ...snapshot(bids, asks, more),
  snapshot: false
})

describe("BookState", () => {
  it.prop(
    "is the venue's own after any changes, and tells the best first",
    {
      before: fc.array(
        fc.record({ bid: fc.boolean(), price: fc.integer({ min: 1, max: 30 }), amount: fc.integer({ min: 1, max: 9 }) })
      ),
      changes: fc.array(
        fc.record({ bid: fc.boolean(), price: fc.integer({ min: 1, max: 30 }), amount: fc.integer({ min: 0, max: 9 }) })
      )
    },
    ({ before, changes }) => {
      const model = { bids: new Map<number, number>(), asks: new Map<number, number>() }
      const put = ({ amount, bid, price }: { amount: number; bid: boolean; price: number }) => {
        const side = bid ? model.bids : model.asks
        if (amount === 0) side.delete(price)
        else side.set(price, amount)
      }
      const levels = (all: typeof changes, bid: boolean) =>
        all.filter((one) => one.bid === bid).map(({ amount, price }) => level(price, amount))
      const book = new BookState(undefined)
      before.forEach(put)
      book.take(snapshot(levels(before, true), levels(before, false)))
      for (const change of changes) {
        put(change)
        book.take(update(levels([change], true), levels([change], false)))
      }
      const sorted = (side: Map<number, number>, sign: number) =>
        [...side].sort(([a], [b]) => sign * (a - b)).map(([price, amount]) => level(price, amount))
      assert.deepStrictEqual(book.bids(100), sorted(model.bids, -1))
      assert.deepStrictEqual(book.asks(100), sorted(model.asks, 1))
      assert.deepStrictEqual(book.bids(3), sorted(model.bids, -1).slice(0, 3))
    }
  )

  it("ignores changes until a snapshot came, and after a loss until the next", () => {
    const book = new BookState(undefined)
    assert.strictEqual(book.take(update([level(1, 1)], [])), "old")
    assert.isFalse(book.isWhole)
    book.take(snapshot([level(1, 1)], [level(2, 1)], { number: 5 }))
    assert.strictEqual(book.take(update([level(1, 2)], [], { number: 6 })), "applied")
    assert.strictEqual(book.take(update([level(1, 3)], [], { number: 8 })), "lost")
    assert.isFalse(book.isWhole)
    assert.deepStrictEqual(book.bids(9), [])
    assert.strictEqual(book.take(update([level(1, 3)], [], { number: 9 })), "old")
    assert.strictEqual(book.take(snapshot([level(1, 4)], [], { number: 2 })), "applied")
    assert.strictEqual(book.take(update([], [], { number: 3 })), "applied")
  })

  it("passes over what it has", () => {
    const book = new BookState(undefined)
    book.take(snapshot([level(1, 1)], [], { number: 5 }))
    assert.strictEqual(book.take(update([level(1, 9)], [], { number: 4 })), "old")
    assert.strictEqual(book.take(update([level(1, 9)], [], { number: 4, previous: 3 })), "old")
    assert.deepStrictEqual(book.bids(1), [level(1, 1)])
  })

  it("follows numbers that name the one before, also when they begin anew", () => {
    const book = new BookState(undefined)
    book.take(snapshot([level(1, 1)], [], { number: 50, previous: -1 }))
    assert.strictEqual(book.take(update([], [], { number: 50, previous: 50 })), "applied")
    assert.strictEqual(book.take(update([], [], { number: 70, previous: 50 })), "applied")
    assert.strictEqual(book.take(update([], [], { number: 3, previous: 70 })), "applied")
    assert.strictEqual(book.take(update([], [], { number: 9, previous: 8 })), "lost")
  })

  it("is lost with a wrong sum", () => {
    const book = new BookState(undefined)
    book.take(snapshot([level(1, 1)], []))
    assert.strictEqual(
      book.take(update([level(1, 2)], [], { verify: ({ bids }) => bids(1)[0]?.amount === "2" })),
      "applied"
    )
    assert.strictEqual(book.take(update([level(1, 2)], [], { verify: () => false })), "lost")
  })

  it("is cut where the venue tells no more, and else is not", () => {
    const many = Array.from({ length: 5 }, (_, n) => level(10 - n, 1))
    const cut = new BookState(3)
    cut.take(snapshot(many, []))
    assert.deepStrictEqual(cut.bids(9), many.slice(0, 3))
    cut.take(update([level(11, 1)], []))
    assert.deepStrictEqual(cut.bids(9), [level(11, 1), ...many.slice(0, 2)])
    const whole = new BookState(undefined)
    whole.take(snapshot(many, []))
    assert.strictEqual(whole.bids(9).length, 5)
  })

  it("knows when it is crossed", () => {
    const book = new BookState(undefined)
    book.take(snapshot([level(10, 1)], [level(11, 1)]))
    assert.isFalse(book.isCrossed)
    book.take(update([level(11, 1)], []))
    assert.isTrue(book.isCrossed)
  })
})
