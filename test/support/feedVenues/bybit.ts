/** Bybit, as it speaks over WebSocket. */
import type { Venue } from "../FeedServer.js"
import { texts, both } from "./wire.js"

export const bybit: Venue = {
  hear: (text, client, server) => {
    const { args = [], op, req_id } = JSON.parse(text)
    if (op === "ping") return [JSON.stringify({ success: true, ret_msg: "pong", conn_id: "c", req_id: "", op: "ping" })]
    const [topic] = args
    const known = /^(publicTrade|orderbook\.(1|50|200|1000))\.BTCUSDT$/.test(topic) && !server.refuses
    const answer = JSON.stringify({
      success: known,
      ret_msg: known ? op : `error:handler not found,topic:${topic}`,
      conn_id: "c",
      req_id,
      op
    })
    if (op === "unsubscribe") client.subscribed.delete(topic)
    if (op !== "subscribe" || !known) return [answer]
    client.subscribed.set(topic, {})
    const depth = Number(/orderbook\.(\d+)/.exec(topic)?.[1] ?? 0)
    if (depth === 0) return [answer]
    const { asks, bids } = both(server, depth)
    const data = { s: "BTCUSDT", b: texts(bids), a: texts(asks), u: server.bookNumber, seq: 7 }
    return [answer, JSON.stringify({ topic, type: "snapshot", ts: 1, data, cts: 1 })]
  },
  trade: ({ amount, at, id, price, side }, client) =>
    client.subscribed.has("publicTrade.BTCUSDT")
      ? [
          JSON.stringify({
            topic: "publicTrade.BTCUSDT",
            type: "snapshot",
            ts: at,
            data: [
              {
                T: at,
                s: "BTCUSDT",
                S: side === "buy" ? "Buy" : "Sell",
                v: String(amount),
                p: String(price),
                L: "PlusTick",
                i: `t-${id}`,
                BT: false
              }
            ]
          })
        ]
      : [],
  change: ({ amount, price, side }, u, client) =>
    [...client.subscribed.keys()]
      .filter((topic) => topic.startsWith("orderbook."))
      .map((topic) => {
        const level = [[price.toFixed(2), amount === 0 ? "0" : amount.toFixed(8)]]
        return JSON.stringify({
          topic,
          type: "delta",
          ts: 1,
          data: { s: "BTCUSDT", b: side === "bid" ? level : [], a: side === "ask" ? level : [], u, seq: 8 },
          cts: 1
        })
      })
}
