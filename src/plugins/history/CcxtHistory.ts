/**
 * The exchanges that have no plug-in of their own, through the library ccxt where the user has installed it (`npm install
 * ccxt`). It brings its own way out: addresses, redirects and limits are its own, and an interruption does not abort what it
 * has asked already.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { layoutOf } from "../../dataset/MarketLayout.js"
import type { TimeRange } from "../../domain/TimeRange.js"
import * as History from "../../source/History.js"
import type { SourceError } from "../../source/SourceError.js"
import * as ccxt from "./internal/ccxt.js"

const Settings = Schema.Struct({
  exchange: Schema.String.pipe(
    Schema.pattern(/^[a-z0-9]+$/, { message: () => "expected the name of an exchange of ccxt, such as kucoin" })
  )
})

/** `load` gives the library; a test gives its own. */
export const make = (load: ccxt.Load) =>
  History.make({
    name: ccxt.source,
    description: "Candles and trades of the exchanges that the library ccxt knows, where it is installed",
    settings: Settings,
    capabilities: () => ({ types: ["ohlc", "trades"], generic: true }),
    plan: ({ exchange }, request, unit) =>
      Effect.gen(function* () {
        const { span, step } = yield* seriesOf(yield* ccxt.open(load, exchange), request)
        const layout = layoutOf(request.type, unit)
        if (layout === undefined) return yield* Effect.dieMessage(`no layout of ${request.type}`)
        const grid = span === undefined ? 1 : span * 1000
        // Whose candles begin when is not known.
        return { layout, window: step, grid, settle: span === undefined ? 0 : grid }
      }),
    pages: ({ exchange }, request, window) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const opened = yield* ccxt.open(load, exchange)
          const { span, step, timeframe } = yield* seriesOf(opened, request)
          const fetch = (since: number, end: number) =>
            timeframe === undefined || span === undefined
              ? ccxt.trades(opened, request.pair, since, end)
              : ccxt.candles(opened, request.pair, timeframe, span, since, end)
          return walk(fetch, window, step)
        })
      )
  })

export const CcxtHistory = make(ccxt.installed)

// ------------------------------------------------------------------------------------------------------------------

const seriesOf = (
  exchange: ccxt.Exchange,
  { span, type }: History.SeriesRequest
): Effect.Effect<
  { readonly step: number; readonly span: number | undefined; readonly timeframe: string | undefined },
  SourceError
> => {
  if (type === "trades" && ccxt.has(exchange, "fetchTrades"))
    return Effect.succeed({ step: 3_600_000, span: undefined, timeframe: undefined })
  if (type !== "ohlc" || !ccxt.has(exchange, "fetchOHLCV"))
    return ccxt.unsupported(`${exchange.id} has no ${type}; ccxt gives ohlc and trades where an exchange has them`)
  const frames = ccxt.timeframesOf(exchange)
  const seconds = Option.getOrElse(span, () => 0)
  const timeframe = frames.get(seconds)
  return timeframe === undefined
    ? ccxt.unsupported(`${exchange.id} has no candles of ${seconds} s; it has ${[...frames.values()].join(", ")}`)
    : Effect.succeed({ step: seconds * 1000 * candlesPerPage, span: seconds, timeframe })
}

/** Most exchanges give so many at once. */
const candlesPerPage = 100

const walk = (
  fetch: (since: number, end: number) => Effect.Effect<History.Page, SourceError>,
  { end, start }: TimeRange,
  step: number
): Stream.Stream<History.Page, SourceError> =>
  Stream.paginateEffect(start, (since) => {
    const until = Math.min(end, since + step)
    return Effect.zipWith(Clock.currentTimeMillis, fetch(since, until), (now, page) => [
      page,
      until < Math.min(end, now) ? Option.some(until) : Option.none<number>()
    ])
  })
