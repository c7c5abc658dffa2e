/** Binance, as it speaks over WebSocket. */
import type { Listener, Market, Venue } from "../FeedServer.js"
import { texts, both } from "./wire.js"

const binanceStreams = (client: Listener) => new URL(client.url, "ws://x").searchParams.get("streams")?.split("/") ?? []
const binanceKnown = (stream: string) => /^btcusdt@(aggTrade|trade|depth(5|10|20)(@100ms)?)$/.test(stream)
const binanceBook = (client: Listener, server: Market) =>
  binanceStreams(client)
    .filter((stream) => stream.includes("@depth") && binanceKnown(stream))
    .map((stream) => {
      const { asks, bids } = both(server, Number(/depth(\d+)/.exec(stream)?.[1]))
      return JSON.stringify({ stream, data: { lastUpdateId: server.bookNumber, bids: texts(bids), asks: texts(asks) } })
    })

export const binance: Venue = {
  greet: (client, server) => (server.refuses ? [] : binanceBook(client, server)),
  hear: (text, client, server) => {
    const { id, method } = JSON.parse(text)
    const result = server.refuses ? [] : binanceStreams(client).filter(binanceKnown)
    return method === "LIST_SUBSCRIPTIONS" ? [JSON.stringify({ result, id })] : []
  },
  trade: ({ amount, at, id, price, side }, client) =>
    binanceStreams(client)
      .filter((stream) => stream === "btcusdt@aggTrade")
      .map((stream) =>
        JSON.stringify({
          stream,
          data: {
            e: "aggTrade",
            E: at,
            s: "BTCUSDT",
            a: id,
            p: String(price),
            q: String(amount),
            f: id,
            l: id,
            T: at,
            m: side === "sell",
            M: true
          }
        })
      ),
  change: (_, __, client, server) => binanceBook(client, server)
}
