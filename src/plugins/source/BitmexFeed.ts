/**
 * BitMEX: trades, books of 10 levels whole each time, and of 25 as changes to levels by their id. One channel per connection.
 * Amounts are numbers of contracts. The trades that a subscription begins with are older than it, and not taken.
 */
import * as Schema from "effect/Schema"
import { type BookChange, heartbeat, type Level, type Meaning } from "../../source/FeedMessage.js"
import { marketFeed, type Wanted } from "./internal/marketFeed.js"
import { DecimalNumber, Iso, tradeRow } from "./internal/wireForms.js"

const Action = Schema.Literal("partial", "insert", "update", "delete")

const L2Level = Schema.Struct({
  id: Schema.Int,
  side: Schema.Literal("Buy", "Sell"),
  size: Schema.optional(DecimalNumber),
  price: Schema.optional(DecimalNumber)
})

const Pairs = Schema.Array(Schema.Tuple(DecimalNumber, DecimalNumber))

const Messages = Schema.Union(
  Schema.Struct({
    table: Schema.Literal("trade"),
    action: Action,
    data: Schema.Array(
      Schema.Struct({
        timestamp: Iso,
        side: Schema.String,
        size: DecimalNumber,
        price: DecimalNumber,
        trdMatchID: Schema.String
      })
    )
  }),
  Schema.Struct({
    table: Schema.Literal("orderBook10"),
    action: Action,
    data: Schema.Array(Schema.Struct({ bids: Pairs, asks: Pairs }))
  }),
  Schema.Struct({ table: Schema.Literal("orderBookL2_25"), action: Action, data: Schema.Array(L2Level) }),
  Schema.Struct({ success: Schema.Boolean }),
  Schema.Struct({ error: Schema.String }),
  Schema.Struct({ info: Schema.String })
)

const names: Readonly<Record<string, string>> = { BTC: "XBT" }

export const BitmexFeed = marketFeed({
  name: "bitmex",
  title: "BitMEX",
  baseUrl: "wss://www.bitmex.com",
  path: () => "/realtime",
  perConnection: 1,
  depths: [10, 25],
  symbol: (base, quote) => `${names[base] ?? base}${names[quote] ?? quote}`,
  messages: Messages,
  parse: (text) => (text === "pong" ? { info: text } : JSON.parse(text)),
  open: (wanted) => {
    const channel = wanted.channels[0]?.name ?? ""
    const levels = new LevelsById()

    const read = (message: typeof Messages.Type): ReadonlyArray<Meaning> => {
      if ("error" in message) return [{ _tag: "Rejected", channel, detail: message.error }]
      if ("success" in message) return message.success ? [{ _tag: "Accepted", channel }] : heartbeat
      if ("info" in message) return heartbeat
      switch (message.table) {
        case "trade": {
          if (message.action !== "insert") return heartbeat
          const rows = message.data.map(({ price, side, size, timestamp, trdMatchID }) =>
            tradeRow({ TS: timestamp, tid: trdMatchID, price, amount: size, side })
          )
          return [{ _tag: "Rows", channel, rows }]
        }
        case "orderBook10":
          return message.data.map(({ asks, bids }) => ({
            _tag: "Book",
            channel,
            change: { snapshot: true, bids: bids.map(levelOf), asks: asks.map(levelOf) }
          }))
        case "orderBookL2_25":
          return [{ _tag: "Book", channel, change: levels.change(message.action, message.data) }]
      }
    }
    return { hello: [order("subscribe", wanted)], again: () => again(wanted), ping: "ping", read }
  }
})

// ------------------------------------------------------------------------------------------------------------------

const order = (op: "subscribe" | "unsubscribe", { channels: [channel], symbol }: Wanted): string => {
  const table = channel?.capability.kind === "rows" ? "trade" : channel?.depth === 10 ? "orderBook10" : "orderBookL2_25"
  return JSON.stringify({ op, args: [`${table}:${symbol}`] })
}

const again = (wanted: Wanted) => [order("unsubscribe", wanted), order("subscribe", wanted)]

const levelOf = ([price, amount]: readonly [string, string]): Level => ({ price, amount })

/** Changes name a level by its id; its price was told when it came. */
class LevelsById {
  private readonly prices = new Map<number, string>()

  change(action: typeof Action.Type, data: ReadonlyArray<typeof L2Level.Type>): BookChange {
    if (action === "partial") this.prices.clear()
    const side = (wanted: "Buy" | "Sell") =>
      data.flatMap(({ id, price = this.prices.get(id), side, size }) => {
        if (side !== wanted || price === undefined) return []
        if (action === "delete") this.prices.delete(id)
        else this.prices.set(id, price)
        return [{ price, amount: action === "delete" ? "0" : (size ?? "0") }]
      })
    return { snapshot: action === "partial", bids: side("Buy"), asks: side("Sell") }
  }
}
