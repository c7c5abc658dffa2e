/** Coinbase, Advanced Trade, as it speaks over WebSocket. */
import type { Listener, Venue } from "../FeedServer.js"
import { iso, both, numbered } from "./wire.js"

export const coinbase: Venue = {
  hear: (text, client, server) => {
    const { channel, product_ids, type } = JSON.parse(text)
    if (
      !["level2", "market_trades", "heartbeats"].includes(channel) ||
      product_ids[0] !== "BTC-USDT" ||
      server.refuses
    ) {
      return [JSON.stringify({ type: "error", message: `channel ${channel} is not available` })]
    }
    if (type === "unsubscribe") client.subscribed.delete(channel)
    else client.subscribed.set(channel, {})
    const subscriptions = Object.fromEntries([...client.subscribed.keys()].map((name) => [name, ["BTC-USDT"]]))
    const { asks, bids } = both(server, 1000)
    const levels = [
      ...bids.map(([price, amount]) => ({ side: "bid", price, amount })),
      ...asks.map(([price, amount]) => ({ side: "offer", price, amount }))
    ]
    const book = type === "subscribe" && channel === "level2" ? [coinbaseBook(client, "snapshot", levels)] : []
    return [...book, numbered(client, { channel: "subscriptions", timestamp: iso(1), events: [{ subscriptions }] })]
  },
  trade: ({ amount, at, id, price, side }, client) =>
    client.subscribed.has("market_trades")
      ? [
          numbered(client, {
            channel: "market_trades",
            timestamp: iso(at),
            events: [
              {
                type: "update",
                trades: [
                  {
                    trade_id: String(id),
                    product_id: "BTC-USDT",
                    price: String(price),
                    size: String(amount),
                    side: side.toUpperCase(),
                    time: iso(at)
                  }
                ]
              }
            ]
          })
        ]
      : [],
  change: ({ amount, price, side }, _, client) =>
    client.subscribed.has("level2")
      ? [coinbaseBook(client, "update", [{ side: side === "bid" ? "bid" : "offer", price, amount }])]
      : []
}
const coinbaseBook = (
  client: Listener,
  type: string,
  updates: ReadonlyArray<{ side: string; price: number; amount: number }>
) =>
  numbered(client, {
    channel: "l2_data",
    timestamp: iso(1),
    events: [
      {
        type,
        product_id: "BTC-USDT",
        updates: updates.map(({ amount, price, side }) => ({
          side,
          event_time: iso(1),
          price_level: price.toFixed(2),
          new_quantity: amount === 0 ? "0" : amount.toFixed(8)
        }))
      }
    ]
  })
