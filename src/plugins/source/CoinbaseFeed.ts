/**
 * Coinbase, Advanced Trade: trades, and books of all levels, cut when they are stored. All messages of a connection are numbered,
 * whatever they are of. The side of a trade is given as the venue tells it.
 */
import * as Schema from "effect/Schema"
import { heartbeat, type Level, type Meaning } from "../../source/FeedMessage.js"
import { marketFeed, nameOf, type Wanted } from "./internal/marketFeed.js"
import { Decimal, Iso, tradeRow } from "./internal/wireForms.js"

const numbered = { sequence_num: Schema.optional(Schema.Int) }

const Messages = Schema.Union(
  Schema.Struct({
    ...numbered,
    channel: Schema.Literal("market_trades"),
    events: Schema.Array(
      Schema.Struct({
        trades: Schema.Array(
          Schema.Struct({ trade_id: Schema.String, price: Decimal, size: Decimal, side: Schema.String, time: Iso })
        )
      })
    )
  }),
  Schema.Struct({
    ...numbered,
    channel: Schema.Literal("l2_data"),
    events: Schema.Array(
      Schema.Struct({
        type: Schema.Literal("snapshot", "update"),
        updates: Schema.Array(
          Schema.Struct({
            side: Schema.Literal("bid", "offer", "ask"),
            price_level: Decimal,
            new_quantity: Decimal
          })
        )
      })
    )
  }),
  Schema.Struct({
    ...numbered,
    channel: Schema.Literal("subscriptions"),
    events: Schema.Array(
      Schema.Struct({ subscriptions: Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) }) })
    )
  }),
  Schema.Struct({ ...numbered, channel: Schema.Literal("heartbeats") }),
  Schema.Struct({ type: Schema.Literal("error"), message: Schema.String })
)

export const CoinbaseFeed = marketFeed({
  name: "coinbase",
  title: "Coinbase",
  baseUrl: "wss://advanced-trade-ws.coinbase.com",
  path: () => "",
  depths: [50, 10, 100, 500, 1000],
  symbol: (base, quote) => `${base}-${quote}`,
  messages: Messages,
  open: (wanted) => {
    const read = (message: typeof Messages.Type): ReadonlyArray<Meaning> => {
      if ("type" in message) return [{ _tag: "Rejected", detail: message.message }]
      const { sequence_num: number } = message
      const meanings = meaningsOf(message, wanted)
      return number === undefined ? meanings : [{ _tag: "Numbered", number }, ...meanings]
    }
    const channelOf = (name: string) => venueName(wanted.channels.find((channel) => channel.name === name))
    return {
      hello: [
        ...wanted.channels.map((channel) => order("subscribe", venueName(channel), wanted)),
        order("subscribe", "heartbeats", wanted)
      ],
      again: (name) => [order("unsubscribe", channelOf(name), wanted), order("subscribe", channelOf(name), wanted)],
      read
    }
  }
})

// ------------------------------------------------------------------------------------------------------------------

const venueName = (channel: Wanted["channels"][number] | undefined): string =>
  channel?.capability.kind === "book" ? "level2" : "market_trades"

const order = (type: "subscribe" | "unsubscribe", channel: string, { symbol }: Wanted): string =>
  JSON.stringify({ type, product_ids: [symbol], channel })

const meaningsOf = (
  message: Exclude<typeof Messages.Type, { readonly type: "error" }>,
  wanted: Wanted
): ReadonlyArray<Meaning> => {
  switch (message.channel) {
    case "market_trades":
      return message.events.map(({ trades }) => ({
        _tag: "Rows",
        channel: nameOf(wanted, "rows"),
        rows: trades.map(({ price, side, size, time, trade_id }) =>
          tradeRow({ TS: time, tid: trade_id, price, amount: size, side })
        )
      }))
    case "l2_data":
      return message.events.map(({ type, updates }) => {
        const levels = (isBid: boolean): ReadonlyArray<Level> =>
          updates
            .filter(({ side }) => (side === "bid") === isBid)
            .map(({ new_quantity, price_level }) => ({ price: price_level, amount: new_quantity }))
        const change = { snapshot: type === "snapshot", bids: levels(true), asks: levels(false) }
        return { _tag: "Book", channel: nameOf(wanted, "book"), change }
      })
    case "subscriptions": {
      const standing = new Set(
        message.events.flatMap(({ subscriptions }) =>
          Object.entries(subscriptions).flatMap(([channel, products]) =>
            products.includes(wanted.symbol) ? [channel] : []
          )
        )
      )
      const accepted = wanted.channels.filter((channel) => standing.has(venueName(channel)))
      return accepted.map(({ name }) => ({ _tag: "Accepted", channel: name }))
    }
    case "heartbeats":
      return heartbeat
  }
}
