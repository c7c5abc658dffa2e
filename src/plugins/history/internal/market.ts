/**
 * Exchanges as histories. What is particular to one stands in its own file, as data; what is common stands here: which series
 * it has, said before any work starts, and how one is fetched.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { layoutOf } from "../../../dataset/MarketLayout.js"
import { spanLabel } from "../../../domain/Series.js"
import * as History from "../../../source/History.js"
import { SourceError } from "../../../source/SourceError.js"
import { bookPage } from "./book.js"
import { candlePages } from "./candles.js"
import { callOf } from "./marketCall.js"
import { MarketSettings } from "./marketSettings.js"
import type { Market } from "./marketShape.js"
import { tradeCandlePages } from "./tradeCandles.js"
import { tradePages } from "./trades.js"

export const marketHistory = (market: Market): History.History =>
  History.make({
    name: market.name,
    description: `${market.title}: ${listed(typesOf(market).map((type) => words[type]))} of its spot market`,
    settings: MarketSettings,
    capabilities: (settings) => ({ types: typesOf(market), ...rateOf(market, settings), ...serverOf(settings) }),
    plan: (_, request, unit) => Effect.flatMap(seriesOf(market, request), (series) => planOf(market, series, unit)),
    pages: (settings, request, window) =>
      Stream.unwrap(
        Effect.map(seriesOf(market, request), ({ span, symbol, type }) => {
          const call = callOf(market, settings)
          const { candles, trades } = market
          if (type === "orderbook") return Stream.fromEffect(bookPage(market, call, symbol, window))
          if (type === "ohlc" && candles !== "from trades")
            return candlePages(market, candles, call, symbol, span, window)
          if (typeof trades === "string") return Stream.empty
          return type === "trades"
            ? tradePages(market, trades, call, symbol, window)
            : tradeCandlePages((range) => tradePages(market, trades, call, symbol, range), span, window)
        })
      )
  })

// ------------------------------------------------------------------------------------------------------------------

type MarketType = "ohlc" | "trades" | "orderbook"

const words: Record<MarketType, string> = { ohlc: "candles", trades: "trades", orderbook: "order book" }

const listed = (names: ReadonlyArray<string>): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`

const typesOf = ({ trades }: Market): ReadonlyArray<MarketType> =>
  typeof trades === "string" ? ["ohlc", "orderbook"] : ["ohlc", "trades", "orderbook"]

/** The limit is the exchange's; another address than its own has none that is known. */
const rateOf = (market: Market, { base_url, rate }: MarketSettings): Pick<History.Capabilities, "rate"> => {
  if (rate === null || (rate === undefined && base_url !== undefined)) return {}
  return { rate: rate === undefined ? market.rate : { perSecond: rate.per_second, burst: rate.burst } }
}

const serverOf = ({ base_url }: MarketSettings): Pick<History.Capabilities, "server"> =>
  base_url === undefined ? {} : { server: base_url }

interface MarketSeries {
  readonly type: MarketType
  readonly symbol: string
  /** Seconds; 0 for what has none. */
  readonly span: number
}

/** What a request names, where the exchange has it. */
const seriesOf = (
  market: Market,
  { pair, span, type }: History.SeriesRequest
): Effect.Effect<MarketSeries, SourceError> => {
  const refuse = (detail: string) =>
    Effect.fail(new SourceError({ source: market.name, reason: "Unsupported", detail }))
  const known = typesOf(market).find((candidate) => candidate === type)
  if (known === undefined) {
    const why = type === "trades" && typeof market.trades === "string" ? ` (${market.trades})` : ""
    return refuse(`has no ${type}${why}; it has ${listed(typesOf(market))}`)
  }
  const [, base, quote] = /^([A-Za-z0-9]+)\/([A-Za-z0-9]+)$/.exec(pair) ?? []
  if (base === undefined || quote === undefined) return refuse(`${pair} is no pair; write it as BTC/USDT`)
  const symbol = market.symbol(base.toUpperCase(), quote.toUpperCase())
  if (known !== "ohlc") return Effect.succeed({ type: known, symbol, span: 0 })
  if (Option.isNone(span)) return refuse(`candles need a span; it has ${spansOf(market)}`)
  return isSpan(market, span.value)
    ? Effect.succeed({ type: known, symbol, span: span.value })
    : refuse(`has no candles of ${span.value} s; it has ${spansOf(market)}`)
}

const isSpan = ({ candles }: Market, span: number): boolean =>
  candles === "from trades"
    ? Number.isInteger(span) && span >= 60 && span <= longestMade
    : Object.hasOwn(candles.spans, span)

const spansOf = ({ candles }: Market): string =>
  candles === "from trades"
    ? `any whole number of seconds from 60 to ${longestMade}`
    : listed(Object.keys(candles.spans).map((span) => `${spanLabel(Number(span))} (${span})`))

/** Seconds of the longest candle that is made of trades: so much is read for one. */
const longestMade = 604_800

/** Milliseconds of trades that are read at once where candles are made of them. */
const madeWindow = 6 * 3_600_000

const planOf = (
  { candles, trades }: Market,
  { span, type }: MarketSeries,
  unit: "s" | "ns"
): Effect.Effect<History.SeriesPlan> => {
  const layout = layoutOf(type, unit)
  if (layout === undefined) return Effect.dieMessage(`no layout of ${type}`)
  const millis = span * 1000
  if (type === "orderbook") return Effect.succeed({ layout, window: 60_000, grid: 1, snapshot: true })
  if (type === "trades")
    return Effect.succeed({ layout, window: typeof trades === "string" ? 1 : trades.window, grid: 1 })
  if (candles === "from trades") {
    const window = Math.max(1, Math.floor(madeWindow / millis)) * millis
    return Effect.succeed({ layout, window, grid: millis })
  }
  const settle = candles.unaligned?.includes(span) === true ? { settle: millis } : {}
  return Effect.succeed({ layout, window: (candles.window ?? candles.page) * millis, grid: millis, ...settle })
}
