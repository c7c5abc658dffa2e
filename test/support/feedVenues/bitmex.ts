/** BitMEX, as it speaks over WebSocket. */
import type { Market, Venue } from "../FeedServer.js"
import { iso, both } from "./wire.js"

export const bitmex: Venue = {
  greet: () => [
    JSON.stringify({
      info: "Welcome to the BitMEX Realtime API.",
      version: "v",
      timestamp: iso(1),
      docs: "d",
      limit: { remaining: 39 }
    })
  ],
  hear: (text, client, server) => {
    if (text === "ping") return ["pong"]
    const request = JSON.parse(text)
    const [topic = ""] = request.args
    const [table, symbol] = topic.split(":")
    if (symbol !== "XBTUSDT" || server.refuses)
      return [JSON.stringify({ status: 400, error: `Unknown or expired symbol ${symbol}.`, meta: {}, request })]
    if (request.op === "unsubscribe") {
      client.subscribed.delete(table)
      return [JSON.stringify({ success: true, unsubscribe: topic, request })]
    }
    client.subscribed.set(table, {})
    const answer = JSON.stringify({ success: true, subscribe: topic, request })
    if (table === "orderBook10") return [answer, bitmexTen(server, "partial")]
    if (table === "trade") return [answer, JSON.stringify({ table, action: "partial", keys: [], data: [] })]
    const { asks, bids } = both(server, 25)
    client.subscribed.set(table, Object.fromEntries([...bids, ...asks].map(([price]) => [bitmexId(price), true])))
    const row =
      (side: string) =>
      ([price, size]: readonly [number, number]) => ({
        symbol,
        id: bitmexId(price),
        side,
        size,
        price,
        timestamp: iso(1)
      })
    return [
      answer,
      JSON.stringify({
        table,
        action: "partial",
        keys: ["symbol", "id", "side"],
        data: [...bids.map(row("Buy")), ...asks.map(row("Sell"))]
      })
    ]
  },
  trade: ({ amount, at, id, price, side }, client) =>
    client.subscribed.has("trade")
      ? [
          JSON.stringify({
            table: "trade",
            action: "insert",
            data: [
              {
                timestamp: iso(at),
                symbol: "XBTUSDT",
                side: side === "buy" ? "Buy" : "Sell",
                size: amount,
                price,
                tickDirection: "PlusTick",
                trdMatchID: `m-${id}`,
                grossValue: 1
              }
            ]
          })
        ]
      : [],
  change: ({ amount, price, side }, _, client, server) => {
    if (client.subscribed.has("orderBook10")) return [bitmexTen(server, "update")]
    const known = client.subscribed.get("orderBookL2_25")
    if (known === undefined) return []
    const id = bitmexId(price)
    const action = amount === 0 ? "delete" : known[id] === true ? "update" : "insert"
    known[id] = amount !== 0
    const row = { symbol: "XBTUSDT", id, side: side === "bid" ? "Buy" : "Sell", timestamp: iso(1) }
    const more = action === "delete" ? {} : action === "update" ? { size: amount } : { size: amount, price }
    return [JSON.stringify({ table: "orderBookL2_25", action, data: [{ ...row, ...more }] })]
  }
}
const bitmexId = (price: number) => 8_800_000_000 - Math.round(price * 100)
const bitmexTen = (server: Market, action: string) =>
  JSON.stringify({
    table: "orderBook10",
    action,
    data: [{ symbol: "XBTUSDT", ...both(server, 10), timestamp: iso(1) }]
  })
