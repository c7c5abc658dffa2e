/**
 * Kraken, version 2 of its protocol: trades with numbers that follow each other, and books of 10 to 1000 levels with a checksum
 * over their ten best. The checksum is of the digits as they were sent, so prices and amounts are kept as texts.
 */
import * as Schema from "effect/Schema"
import { crc32 } from "node:zlib"
import { type BookView, heartbeat, type Level, type Meaning } from "../../source/FeedMessage.js"
import { marketFeed, nameOf, type Wanted } from "./internal/marketFeed.js"
import { Decimal, Iso, tradeRow } from "./internal/wireForms.js"

const Levels = Schema.transform(
  Schema.Array(Schema.Struct({ price: Decimal, qty: Decimal })),
  Schema.Array(Schema.Struct({ price: Schema.String, amount: Schema.String })),
  {
    strict: true,
    decode: (levels) => levels.map(({ price, qty }) => ({ price, amount: qty })),
    encode: (levels) => levels.map(({ amount, price }) => ({ price, qty: amount }))
  }
)

const Messages = Schema.Union(
  Schema.Struct({
    channel: Schema.Literal("trade"),
    data: Schema.Array(
      Schema.Struct({ side: Schema.String, price: Decimal, qty: Decimal, trade_id: Schema.Int, timestamp: Iso })
    )
  }),
  Schema.Struct({
    channel: Schema.Literal("book"),
    type: Schema.Literal("snapshot", "update"),
    data: Schema.Array(Schema.Struct({ bids: Levels, asks: Levels, checksum: Schema.optional(Schema.Int) }))
  }),
  Schema.Struct({ channel: Schema.Literal("heartbeat", "status") }),
  Schema.Struct({
    method: Schema.String,
    success: Schema.optional(Schema.Boolean),
    error: Schema.optional(Schema.String),
    req_id: Schema.optional(Schema.Int),
    result: Schema.optional(Schema.Struct({ channel: Schema.optional(Schema.String) }))
  })
)

const names: Readonly<Record<string, string>> = { XBT: "BTC", XDG: "DOGE" }

export const KrakenFeed = marketFeed({
  name: "kraken",
  title: "Kraken",
  baseUrl: "wss://ws.kraken.com",
  path: () => "/v2",
  depths: [10, 25, 100, 500, 1000],
  cut: true,
  symbol: (base, quote) => `${names[base] ?? base}/${names[quote] ?? quote}`,
  messages: Messages,
  parse: (text) => JSON.parse(text.replaceAll(/"(price|qty)":\s*(\d[\d.eE+-]*)/g, '"$1":"$2"')),
  open: (wanted) => {
    const read = (message: typeof Messages.Type): ReadonlyArray<Meaning> => {
      if ("method" in message) return answer(message, wanted)
      switch (message.channel) {
        case "trade": {
          const rows = message.data.map(({ price, qty, side, timestamp, trade_id }) =>
            tradeRow({ TS: timestamp, tid: String(trade_id), price, amount: qty, side })
          )
          const numbers = message.data.map(({ trade_id }) => trade_id)
          const [first, last] = rows.length === 0 ? [] : [Math.min(...numbers), Math.max(...numbers)]
          return [{ _tag: "Rows", channel: nameOf(wanted, "rows"), rows, first, last }]
        }
        case "book":
          return message.data.map(({ asks, bids, checksum }) => ({
            _tag: "Book",
            channel: nameOf(wanted, "book"),
            change: {
              snapshot: message.type === "snapshot",
              bids,
              asks,
              verify: checksum === undefined ? undefined : (book) => checksumOf(book) === checksum
            }
          }))
        default:
          return heartbeat
      }
    }
    return {
      hello: wanted.channels.map(({ name }) => order("subscribe", name, wanted)),
      again: (channel) => [order("unsubscribe", channel, wanted), order("subscribe", channel, wanted)],
      ping: JSON.stringify({ method: "ping" }),
      read
    }
  }
})

// ------------------------------------------------------------------------------------------------------------------

const order = (method: "subscribe" | "unsubscribe", name: string, { channels, symbol }: Wanted): string => {
  const index = channels.findIndex((channel) => channel.name === name)
  const { capability, depth = 0 } = channels[index] ?? {}
  const params =
    capability?.kind === "book"
      ? { channel: "book", symbol: [symbol], depth, snapshot: true }
      : { channel: "trade", symbol: [symbol], snapshot: false }
  return JSON.stringify({ method, params, req_id: index + 1 })
}

const answer = (
  { error, method, req_id = 0, success }: Extract<typeof Messages.Type, { readonly method: string }>,
  { channels }: Wanted
): ReadonlyArray<Meaning> => {
  if (method !== "subscribe" || success === undefined) return heartbeat
  const channel = channels[req_id - 1]?.name
  if (!success) return [{ _tag: "Rejected", channel, detail: error ?? "refused" }]
  return channel === undefined ? heartbeat : [{ _tag: "Accepted", channel }]
}

/** Of the ten best asks, then bids: the digits of price and amount without point and leading zeros. */
const checksumOf = (book: BookView): number => crc32([...book.asks(10), ...book.bids(10)].map(digitsOf).join(""))

const digitsOf = ({ amount, price }: Level): string =>
  [price, amount].map((text) => text.replace(".", "").replace(/^0+/, "")).join("")
