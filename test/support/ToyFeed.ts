/**
 * A feed that speaks a protocol of its own, for tests of the engine: `{"ok":"trades"}` accepts, `{"no":"reason"}` refuses,
 * `{"t":[1,2]}` are trades by their numbers, `{"n":7}` numbers a message, `{"book":[bid,ask],"u":1,"snap":true}` is a book,
 * `{"bye":"reason"}` asks to go, `{"hb":1}` is a heartbeat.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { make } from "../../src/source/Feed.js"
import type { Meaning } from "../../src/source/FeedMessage.js"

const Messages = Schema.Struct({
  ok: Schema.optional(Schema.String),
  no: Schema.optional(Schema.String),
  channel: Schema.optional(Schema.String),
  t: Schema.optional(Schema.Array(Schema.Int)),
  n: Schema.optional(Schema.Int),
  book: Schema.optional(Schema.Tuple(Schema.Number, Schema.Number)),
  u: Schema.optional(Schema.Int),
  snap: Schema.optional(Schema.Boolean),
  bye: Schema.optional(Schema.String)
})

export const ToyFeed = make({
  name: "toy",
  description: "speaks to tests",
  settings: Schema.Struct({
    base_url: Schema.optionalWith(Schema.String, { default: () => "ws://toy" }),
    /** Books can be asked for again on the same connection. */
    again: Schema.optionalWith(Schema.Boolean, { default: () => false })
  }),
  capabilities: () => ({
    channels: {
      trades: { kind: "rows", type: "trades" },
      book: { kind: "book", type: "orderbook", depths: [2, 5] }
    }
  }),
  messages: Messages,
  subscribe: ({ again, base_url }, { channels }) =>
    Effect.succeed({
      url: base_url,
      trusted: true,
      open: () => ({
        hello: channels.map(({ name }) => `subscribe ${name}`),
        ...(again ? { again: (channel: string) => [`again ${channel}`] } : {}),
        ping: "ping",
        read: meanings
      })
    })
})

/** The trade of a number, as it is stored. */
export const tradeOf = (id: number) => ({
  TS: BigInt(id) * 1_000_000_000n,
  tid: String(id),
  price: 100 + id,
  amount: 1,
  side: "buy"
})

const meanings = (message: typeof Messages.Type): ReadonlyArray<Meaning> => {
  const found: Array<Meaning> = []
  const { book, bye, channel, n, no, ok, snap = false, t, u } = message
  if (n !== undefined) found.push({ _tag: "Numbered", number: n })
  if (ok !== undefined) found.push({ _tag: "Accepted", channel: ok })
  if (no !== undefined) found.push({ _tag: "Rejected", channel, detail: no })
  if (t !== undefined)
    found.push({ _tag: "Rows", channel: "trades", rows: t.map(tradeOf), first: t[0], last: t.at(-1) })
  if (book !== undefined) {
    const [bid, ask] = book.map((price) => [{ price: String(price), amount: "1" }])
    found.push({
      _tag: "Book",
      channel: "book",
      change: { snapshot: snap, bids: bid ?? [], asks: ask ?? [], number: u }
    })
  }
  if (bye !== undefined) found.push({ _tag: "Farewell", detail: bye })
  return found.length === 0 ? [{ _tag: "Heartbeat" }] : found
}
