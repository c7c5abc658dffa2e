/** OKX, as it speaks over WebSocket. */
import type { Market, Venue } from "../FeedServer.js"
import { texts, both } from "./wire.js"

export const okx: Venue = {
  hear: (text, client, server) => {
    if (text === "ping") return ["pong"]
    const { args, id, op } = JSON.parse(text)
    const [arg] = args
    const known = ["trades", "books5", "books"].includes(arg.channel) && arg.instId === "BTC-USDT" && !server.refuses
    if (!known)
      return [
        JSON.stringify({
          event: "error",
          id,
          code: "60018",
          msg: `Wrong URL or channel:${arg.channel},instId:${arg.instId} doesn't exist.`,
          connId: "c"
        })
      ]
    const answer = JSON.stringify({ id, event: op, arg, connId: "c" })
    if (op === "unsubscribe") client.subscribed.delete(arg.channel)
    if (op !== "subscribe") return [answer]
    client.subscribed.set(arg.channel, {})
    return arg.channel === "trades" ? [answer] : [answer, okxBook(server, arg.channel)]
  },
  trade: ({ amount, at, id, price, side }, client) =>
    client.subscribed.has("trades")
      ? [
          JSON.stringify({
            arg: { channel: "trades", instId: "BTC-USDT" },
            data: [
              {
                instId: "BTC-USDT",
                tradeId: String(id),
                px: String(price),
                sz: String(amount),
                side,
                ts: String(at),
                count: "1"
              }
            ]
          })
        ]
      : [],
  change: ({ amount, price, side }, number, client, server) =>
    [...client.subscribed.keys()].flatMap((channel) => {
      if (channel === "books5") return [okxBook(server, channel)]
      if (channel !== "books") return []
      const level = [[price.toFixed(2), amount === 0 ? "0" : amount.toFixed(8), "0", "1"]]
      const data = {
        asks: side === "ask" ? level : [],
        bids: side === "bid" ? level : [],
        ts: "1",
        checksum: 0,
        prevSeqId: number - 1,
        seqId: number
      }
      return [JSON.stringify({ arg: { channel, instId: "BTC-USDT" }, action: "update", data: [data] })]
    })
}
const okxBook = (server: Market, channel: string) => {
  const { asks, bids } = both(server, channel === "books5" ? 5 : 400)
  const data = { asks: texts(asks, "0", "1"), bids: texts(bids, "0", "1"), ts: "1", seqId: server.bookNumber }
  const arg = { channel, instId: "BTC-USDT" }
  return JSON.stringify(
    channel === "books5"
      ? { arg, data: [data] }
      : { arg, action: "snapshot", data: [{ ...data, checksum: 0, prevSeqId: -1 }] }
  )
}
