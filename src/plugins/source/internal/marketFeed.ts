/**
 * Exchanges as live feeds. What is particular to one stands in its own file; what is common stands here: its two channels,
 * `trades` and `book`, its settings, and how a pair is taken apart.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import {
  type Capabilities,
  type Conversation,
  type Feed,
  type FeedChannel,
  make,
  unsupported
} from "../../../source/Feed.js"
import type { SourceError } from "../../../source/SourceError.js"
import { baseUrl } from "../../../site/Setting.js"

/** What may be set for an exchange. */
export const FeedSettings = Schema.Struct({
  /** Instead of the exchange's own. */
  base_url: Schema.optionalWith(baseUrl("ws"), { exact: true })
})

/** What is asked for on one connection. */
export interface Wanted {
  readonly symbol: string
  readonly channels: ReadonlyArray<FeedChannel>
}

export interface MarketFeed<M, MI> {
  readonly name: string
  readonly title: string
  readonly baseUrl: string
  /** Behind the base. */
  readonly path: (wanted: Wanted) => string
  readonly perConnection?: number
  /** Levels a side that a book may have; the first is the default. */
  readonly depths: ReadonlyArray<number>
  readonly cut?: boolean
  readonly symbol: (base: string, quote: string) => string
  readonly messages: Schema.Schema<M, MI>
  readonly parse?: (text: string) => unknown
  readonly open: (wanted: Wanted) => ReturnType<Conversation<M>["open"]>
}

export const marketFeed = <M, MI>(market: MarketFeed<M, MI>): Feed => {
  const capabilities: Capabilities = {
    channels: {
      trades: { kind: "rows", type: "trades" },
      book: {
        kind: "book",
        type: "orderbook",
        depths: market.depths,
        ...(market.cut === undefined ? {} : { cut: market.cut })
      }
    },
    ...(market.perConnection === undefined ? {} : { perConnection: market.perConnection })
  }
  return make({
    name: market.name,
    description: `Trades and books of ${market.title}, live`,
    settings: FeedSettings,
    capabilities: () => capabilities,
    messages: market.messages,
    ...(market.parse === undefined ? {} : { parse: market.parse }),
    subscribe: ({ base_url }, { channels, pair }) =>
      Effect.map(symbolOf(market, pair), (symbol) => ({
        url: `${base_url ?? market.baseUrl}${market.path({ symbol, channels })}`,
        trusted: base_url !== undefined,
        open: () => market.open({ symbol, channels })
      }))
  })
}

/** The name of the channel that is of this kind; empty where none was asked for. */
export const nameOf = ({ channels }: Wanted, kind: "rows" | "book"): string =>
  channels.find(({ capability }) => capability.kind === kind)?.name ?? ""

// ------------------------------------------------------------------------------------------------------------------

/** `BTC/USDT` or `BTC-USDT`, in letters and digits. */
const pairForm = /^([A-Za-z0-9]{1,20})[/-]([A-Za-z0-9]{1,20})$/

const symbolOf = (
  { name, symbol }: Pick<MarketFeed<unknown, unknown>, "name" | "symbol">,
  pair: string
): Effect.Effect<string, SourceError> => {
  const [, base, quote] = pairForm.exec(pair) ?? []
  return base === undefined || quote === undefined
    ? unsupported(name, `'${pair}' is no pair such as BTC/USDT`)
    : Effect.succeed(symbol(base.toUpperCase(), quote.toUpperCase()))
}
