/** Bybit's spot market: trades, and books of 1, 50, 200 or 1000 levels as a snapshot and numbered changes. */
import * as Schema from "effect/Schema"
import { heartbeat, type Meaning } from "../../source/FeedMessage.js"
import { marketFeed, type Wanted } from "./internal/marketFeed.js"
import { Decimal, LevelTexts, Millis, tradeRow } from "./internal/wireForms.js"

const Messages = Schema.Union(
  Schema.Struct({
    topic: Schema.TemplateLiteral("publicTrade.", Schema.String),
    data: Schema.Array(Schema.Struct({ T: Millis, i: Schema.String, p: Decimal, v: Decimal, S: Schema.String }))
  }),
  Schema.Struct({
    topic: Schema.TemplateLiteral("orderbook.", Schema.String),
    type: Schema.Literal("snapshot", "delta"),
    data: Schema.Struct({ b: LevelTexts, a: LevelTexts, u: Schema.Int })
  }),
  Schema.Struct({
    op: Schema.String,
    success: Schema.optional(Schema.Boolean),
    ret_msg: Schema.optional(Schema.String),
    req_id: Schema.optional(Schema.String)
  })
)

export const BybitFeed = marketFeed({
  name: "bybit",
  title: "Bybit",
  baseUrl: "wss://stream.bybit.com",
  path: () => "/v5/public/spot",
  depths: [50, 1, 200, 1000],
  symbol: (base, quote) => `${base}${quote}`,
  messages: Messages,
  open: (wanted) => {
    const topics = topicsOf(wanted)
    const nameOf = (topic: string) => [...topics].find(([, named]) => named === topic)?.[0] ?? ""

    const read = (message: typeof Messages.Type): ReadonlyArray<Meaning> => {
      if ("op" in message) return answer(message, topics)
      const channel = nameOf(message.topic)
      if ("type" in message) {
        const { a: asks, b: bids, u: number } = message.data
        const change = { snapshot: message.type === "snapshot", bids, asks, number }
        return [{ _tag: "Book", channel, change }]
      }
      const rows = message.data.map(({ i, p, S, T, v }) => tradeRow({ TS: T, tid: i, price: p, amount: v, side: S }))
      return [{ _tag: "Rows", channel, rows }]
    }
    return {
      hello: [...topics].map(([channel, topic]) => order("subscribe", channel, topic)),
      again: (channel) => {
        const topic = topics.get(channel) ?? ""
        return [order("unsubscribe", "", topic), order("subscribe", channel, topic)]
      },
      ping: JSON.stringify({ op: "ping" }),
      read
    }
  }
})

// ------------------------------------------------------------------------------------------------------------------

/** By the name of the channel. */
const topicsOf = ({ channels, symbol }: Wanted): ReadonlyMap<string, string> =>
  new Map(
    channels.map(({ capability, depth, name }) => [
      name,
      capability.kind === "book" ? `orderbook.${depth}.${symbol}` : `publicTrade.${symbol}`
    ])
  )

const order = (op: "subscribe" | "unsubscribe", channel: string, topic: string): string =>
  JSON.stringify({ req_id: channel, op, args: [topic] })

const answer = (
  {
    op,
    req_id: channel = "",
    ret_msg = "refused",
    success
  }: {
    readonly op: string
    readonly success?: boolean | undefined
    readonly ret_msg?: string | undefined
    readonly req_id?: string | undefined
  },
  topics: ReadonlyMap<string, string>
): ReadonlyArray<Meaning> => {
  if (op !== "subscribe") return heartbeat
  const named = topics.has(channel) ? channel : undefined
  if (success === false) return [{ _tag: "Rejected", channel: named, detail: ret_msg }]
  return named === undefined ? heartbeat : [{ _tag: "Accepted", channel: named }]
}
