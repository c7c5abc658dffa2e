/**
 * OKX: trades, books of 5 levels whole each time, and deeper ones as a snapshot and changes that name the one before. The channels
 * with `l2-tbt` need a login and are not used.
 */
import * as Schema from "effect/Schema"
import { heartbeat, type Meaning } from "../../source/FeedMessage.js"
import { marketFeed, type Wanted } from "./internal/marketFeed.js"
import { Decimal, LevelTexts, MillisText, tradeRow } from "./internal/wireForms.js"

const BookData = Schema.Struct({
  bids: LevelTexts,
  asks: LevelTexts,
  seqId: Schema.optional(Schema.Int),
  prevSeqId: Schema.optional(Schema.Int)
})

const Messages = Schema.Union(
  Schema.Struct({
    arg: Schema.Struct({ channel: Schema.Literal("trades") }),
    data: Schema.Array(
      Schema.Struct({ tradeId: Schema.String, px: Decimal, sz: Decimal, side: Schema.String, ts: MillisText })
    )
  }),
  Schema.Struct({
    arg: Schema.Struct({ channel: Schema.Literal("books5", "books") }),
    action: Schema.optional(Schema.Literal("snapshot", "update")),
    data: Schema.Array(BookData)
  }),
  Schema.Struct({
    event: Schema.String,
    id: Schema.optional(Schema.String),
    msg: Schema.optional(Schema.String),
    arg: Schema.optional(Schema.Struct({ channel: Schema.optional(Schema.String) }))
  })
)

export const OkxFeed = marketFeed({
  name: "okx",
  title: "OKX",
  baseUrl: "wss://ws.okx.com:8443",
  path: () => "/ws/v5/public",
  depths: [5, 50, 400],
  symbol: (base, quote) => `${base}-${quote}`,
  messages: Messages,
  parse: (text) => (text === "pong" ? { event: "pong" } : JSON.parse(text)),
  open: (wanted) => {
    const venueNames = venueNamesOf(wanted)
    const nameOf = (venueName: string | undefined) => [...venueNames].find(([, named]) => named === venueName)?.[0]
    const order = (op: "subscribe" | "unsubscribe", channel: string) =>
      JSON.stringify({
        id: idOf(wanted, channel),
        op,
        args: [{ channel: venueNames.get(channel), instId: wanted.symbol }]
      })

    const read = (message: typeof Messages.Type): ReadonlyArray<Meaning> => {
      if ("event" in message) {
        const channel = nameOf(message.arg?.channel) ?? wanted.channels[Number(message.id ?? -1)]?.name
        if (message.event === "error") return [{ _tag: "Rejected", channel, detail: message.msg ?? "refused" }]
        return message.event === "subscribe" && channel !== undefined ? [{ _tag: "Accepted", channel }] : heartbeat
      }
      const channel = nameOf(message.arg.channel) ?? ""
      if (!isBook(message)) {
        const rows = message.data.map(({ px, side, sz, tradeId, ts }) =>
          tradeRow({ TS: ts, tid: tradeId, price: px, amount: sz, side })
        )
        return [{ _tag: "Rows", channel, rows }]
      }
      return message.data.map(({ asks, bids, prevSeqId, seqId }) => ({
        _tag: "Book",
        channel,
        change: { snapshot: message.action !== "update", bids, asks, number: seqId, previous: prevSeqId }
      }))
    }
    return {
      hello: wanted.channels.map(({ name }) => order("subscribe", name)),
      again: (channel) => [order("unsubscribe", channel), order("subscribe", channel)],
      ping: "ping",
      read
    }
  }
})

// ------------------------------------------------------------------------------------------------------------------

type BookMessage = Extract<typeof Messages.Type, { readonly data: ReadonlyArray<typeof BookData.Type> }>

const isBook = (message: Exclude<typeof Messages.Type, { readonly event: string }>): message is BookMessage =>
  message.arg.channel !== "trades"

/** The venue's channel by the name of ours. */
const venueNamesOf = ({ channels }: Wanted): ReadonlyMap<string, string> =>
  new Map(
    channels.map(({ capability, depth, name }) => [
      name,
      capability.kind === "rows" ? "trades" : depth === 5 ? "books5" : "books"
    ])
  )

/** Letters and digits only: the position of the channel. */
const idOf = ({ channels }: Wanted, channel: string): string =>
  String(channels.findIndex(({ name }) => name === channel))
