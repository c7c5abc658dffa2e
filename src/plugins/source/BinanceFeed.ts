/**
 * Binance's spot market: aggregated trades, the ones its history has, and books of 5, 10 or 20 levels, whole each time. Streams are
 * named in the address; the list of them is asked for, because the venue says nothing of a stream it does not have.
 */
import * as Schema from "effect/Schema"
import { heartbeat, type Meaning } from "../../source/FeedMessage.js"
import { marketFeed, type Wanted } from "./internal/marketFeed.js"
import { Decimal, LevelTexts, Millis, tradeRow } from "./internal/wireForms.js"

const trade = { p: Decimal, q: Decimal, T: Millis, m: Schema.Boolean }

const Messages = Schema.Union(
  Schema.Struct({
    data: Schema.Union(
      Schema.Struct({ ...trade, e: Schema.Literal("aggTrade"), a: Schema.Int }),
      Schema.Struct({ ...trade, e: Schema.Literal("trade"), t: Schema.Int }),
      Schema.Struct({ lastUpdateId: Schema.Int, bids: LevelTexts, asks: LevelTexts })
    )
  }),
  Schema.Struct({ result: Schema.NullOr(Schema.Array(Schema.String)) }),
  Schema.Struct({ error: Schema.Struct({ msg: Schema.String }) })
)

const names: Readonly<Record<string, string>> = { XBT: "BTC" }
const quotes: Readonly<Record<string, string>> = { EUR: "USDT", USD: "USDT" }

export const BinanceFeed = marketFeed({
  name: "binance",
  title: "Binance",
  baseUrl: "wss://stream.binance.com:9443",
  path: (wanted) =>
    `/stream?streams=${streamsOf(wanted)
      .map(({ stream }) => stream)
      .join("/")}`,
  depths: [20, 10, 5],
  symbol: (base, quote) => `${names[base] ?? base}${quotes[quote] ?? names[quote] ?? quote}`.toLowerCase(),
  messages: Messages,
  open: (wanted) => {
    const streams = streamsOf(wanted)
    let newest = 0

    const read = (message: typeof Messages.Type): ReadonlyArray<Meaning> => {
      if ("error" in message) return [{ _tag: "Rejected", detail: message.error.msg }]
      if ("result" in message) {
        const { result } = message
        return result === null ? heartbeat : streams.map(({ channel, stream }) => answer(channel, stream, result))
      }
      const { data } = message
      if (!("lastUpdateId" in data)) {
        const number = "a" in data ? data.a : data.t
        // `m` tells that the buyer was there first, so it was sold to him.
        const side = data.m ? "sell" : "buy"
        const row = tradeRow({ TS: data.T, tid: String(number), price: data.p, amount: data.q, side })
        return inChannel(streams, "rows", (channel) => ({
          _tag: "Rows",
          channel,
          rows: [row],
          first: number,
          last: number
        }))
      }
      // Each is whole: one that was overtaken on the way says nothing.
      if (data.lastUpdateId < newest) return heartbeat
      newest = data.lastUpdateId
      const change = { snapshot: true, bids: data.bids, asks: data.asks }
      return inChannel(streams, "book", (channel) => ({ _tag: "Book", channel, change }))
    }
    return { hello: [JSON.stringify({ method: "LIST_SUBSCRIPTIONS", id: 1 })], read }
  }
})

// ------------------------------------------------------------------------------------------------------------------

interface Stream {
  readonly channel: string
  readonly kind: "rows" | "book"
  readonly stream: string
}

const streamsOf = ({ channels, symbol }: Wanted): ReadonlyArray<Stream> =>
  channels.map(({ capability: { kind }, depth, name }) => ({
    channel: name,
    kind,
    stream: `${symbol}@${kind === "book" ? `depth${depth}@100ms` : "aggTrade"}`
  }))

const inChannel = (
  streams: ReadonlyArray<Stream>,
  kind: Stream["kind"],
  meaning: (channel: string) => Meaning
): ReadonlyArray<Meaning> => streams.filter((stream) => stream.kind === kind).map(({ channel }) => meaning(channel))

const answer = (channel: string, stream: string, listed: ReadonlyArray<string>): Meaning =>
  listed.includes(stream)
    ? { _tag: "Accepted", channel }
    : { _tag: "Rejected", channel, detail: `there is no stream ${stream}` }
