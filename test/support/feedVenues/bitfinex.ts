/** Bitfinex, version 2, as it speaks over WebSocket. */
import type { Listener, Venue, VenueTrade } from "../FeedServer.js"
import { both } from "./wire.js"

const chanId = 17_470
export const bitfinex: Venue = {
  greet: () => [JSON.stringify({ event: "info", version: 2, serverId: "s", platform: { status: 1 } })],
  hear: (text, client, server) => {
    const { channel, event, flags, len, symbol } = JSON.parse(text)
    if (event === "ping") return [JSON.stringify({ event: "pong", ts: 1, cid: 1 })]
    if (event === "conf") {
      client.subscribed.set("conf", { flags })
      return [JSON.stringify({ event: "conf", status: "OK", flags })]
    }
    if (symbol !== "tBTCUST" || server.refuses)
      return [JSON.stringify({ event: "error", msg: "symbol: invalid", code: 10300, channel, symbol })]
    client.subscribed.set(channel, {})
    const answer = JSON.stringify({ event: "subscribed", channel, chanId, symbol, pair: "BTCUST" })
    const past: VenueTrade = { id: 1, at: 1000, price: 1, amount: 1, side: "buy" }
    if (channel === "trades") return [answer, bitfinexMessage(client, [[[past.id, past.at, past.amount, past.price]]])]
    const { asks, bids } = both(server, Number(len))
    const all = [
      ...bids.map(([price, amount]) => [price, 1, amount]),
      ...asks.map(([price, amount]) => [price, 1, -amount])
    ]
    return [answer, bitfinexMessage(client, [all])]
  },
  trade: ({ amount, at, id, price, side }, client) => {
    if (!client.subscribed.has("trades")) return []
    const trade = [id, at, side === "buy" ? amount : -amount, price]
    return [
      bitfinexMessage(client, ["te", trade]),
      bitfinexMessage(client, ["tu", trade]),
      bitfinexMessage(client, ["hb"])
    ]
  },
  change: ({ amount, price, side }, _, client) => {
    if (!client.subscribed.has("book")) return []
    const signed = side === "bid" ? 1 : -1
    return [bitfinexMessage(client, [amount === 0 ? [price, 0, signed] : [price, 2, signed * amount]])]
  }
}
/** Numbered where the flag for it was set. */
const bitfinexMessage = (client: Listener, what: ReadonlyArray<unknown>) => {
  const { flags } = client.subscribed.get("conf") ?? {}
  const number = ++client.sent
  return JSON.stringify([chanId, ...what, ...(Number(flags) & 65_536 ? [number] : [])])
}
