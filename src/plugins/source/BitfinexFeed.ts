/**
 * Bitfinex, version 2: trades as they are executed (`te`), and books as a snapshot and single levels. One channel per connection;
 * its messages are numbered, because that is asked for first. The trades that a subscription begins with are older than it, and
 * not taken.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { heartbeat, type Level, type Meaning } from "../../source/FeedMessage.js"
import { marketFeed, type Wanted } from "./internal/marketFeed.js"
import { Millis, tradeRow } from "./internal/wireForms.js"

const Told = Schema.Struct({
  event: Schema.String,
  code: Schema.optional(Schema.Int),
  msg: Schema.optional(Schema.String)
})

/** Of a channel: its id, what it is, and, behind everything else, its number. */
const Messages = Schema.Union(Told, Schema.Tuple([Schema.Int, Schema.Unknown], Schema.Unknown))

/** Id, time, amount (negative: sold), price. */
const decodeTrade = Schema.decodeUnknownOption(Schema.Tuple(Schema.Int, Millis, Schema.JsonNumber, Schema.NonNegative))

/** Price, number of orders, amount (negative: an ask). */
const BookLevel = Schema.Tuple(Schema.NonNegative, Schema.NonNegativeInt, Schema.JsonNumber)
const decodeLevel = Schema.decodeUnknownOption(BookLevel)
const decodeLevels = Schema.decodeUnknownOption(Schema.Array(BookLevel))

const names: Readonly<Record<string, string>> = { USDT: "UST" }
/** The flag by which every message is numbered. */
const numberAll = 65_536
/** The server was restarted, or is back from its maintenance. */
const connectAnew = new Set([20_051, 20_061])

export const BitfinexFeed = marketFeed({
  name: "bitfinex",
  title: "Bitfinex",
  baseUrl: "wss://api-pub.bitfinex.com",
  path: () => "/ws/2",
  perConnection: 1,
  depths: [25, 1, 100, 250],
  symbol: (base, quote) => {
    const [left, right] = [names[base] ?? base, names[quote] ?? quote]
    return `t${left}${left.length > 3 || right.length > 3 ? ":" : ""}${right}`
  },
  messages: Messages,
  open: (wanted) => {
    const channel = wanted.channels[0]?.name ?? ""
    const isBook = wanted.channels[0]?.capability.kind === "book"

    const read = (message: typeof Messages.Type): ReadonlyArray<Meaning> => {
      if ("event" in message) return said(message, channel)
      const [, what, ...rest] = message
      const number = rest[what === "te" || what === "tu" ? 1 : 0]
      const meaning =
        what === "te" ? tradeOf(rest[0], channel) : isBook && Array.isArray(what) ? bookOf(what, channel) : quiet
      return typeof number === "number" ? [{ _tag: "Numbered", number }, meaning] : [meaning]
    }
    return {
      hello: [JSON.stringify({ event: "conf", flags: numberAll }), JSON.stringify(order(wanted))],
      ping: JSON.stringify({ event: "ping" }),
      read
    }
  }
})

// ------------------------------------------------------------------------------------------------------------------

const quiet: Meaning = { _tag: "Heartbeat" }

const order = ({ channels: [channel], symbol }: Wanted) =>
  channel?.capability.kind === "book"
    ? { event: "subscribe", channel: "book", symbol, prec: "P0", freq: "F0", len: String(channel.depth) }
    : { event: "subscribe", channel: "trades", symbol }

const said = ({ code, event, msg }: typeof Told.Type, channel: string): ReadonlyArray<Meaning> => {
  if (event === "subscribed") return [{ _tag: "Accepted", channel }]
  if (event === "error") return [{ _tag: "Rejected", channel, detail: `${msg ?? "refused"} (${code ?? "no code"})` }]
  if (code !== undefined && connectAnew.has(code)) return [{ _tag: "Farewell", detail: msg ?? "asks to connect anew" }]
  return heartbeat
}

const tradeOf = (trade: unknown, channel: string): Meaning =>
  Option.match(decodeTrade(trade), {
    onNone: () => ({ _tag: "Malformed", detail: "no trade" }),
    onSome: ([id, TS, amount, price]) => ({
      _tag: "Rows",
      channel,
      rows: [
        tradeRow({
          TS,
          tid: String(id),
          price: String(price),
          amount: String(Math.abs(amount)),
          side: amount < 0 ? "sell" : "buy"
        })
      ]
    })
  })

/** One level, or all of them. */
const bookOf = (what: unknown, channel: string): Meaning => {
  const level = Option.map(decodeLevel(what), (found) => [found])
  return Option.match(
    Option.orElse(level, () => decodeLevels(what)),
    {
      onNone: () => ({ _tag: "Malformed", detail: "no level of a book" }),
      onSome: (found) => ({
        _tag: "Book",
        channel,
        change: {
          snapshot: Option.isNone(level),
          bids: found.filter(([, , amount]) => amount > 0).map(levelOf),
          asks: found.filter(([, , amount]) => amount < 0).map(levelOf)
        }
      })
    }
  )
}

/** Without orders the level is gone, whatever the amount; then its sign only tells the side. */
const levelOf = ([price, count, amount]: typeof BookLevel.Type): Level => ({
  price: String(price),
  amount: count === 0 ? "0" : String(Math.abs(amount)),
  count
})
