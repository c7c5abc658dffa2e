/**
 * The little of ccxt that is used, over a library that may not be there and whose values are not trusted.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Row } from "../../../domain/RowLayout.js"
import type { Page } from "../../../source/History.js"
import { SourceError } from "../../../source/SourceError.js"
import { at, instantOf, listOf, millisOf, numberOf } from "./fields.js"

export const source = "ccxt"

/** What the library exports, whatever that is. */
export type Load = () => Promise<unknown>

/** Not a dependency: found where the user has installed it. */
export const installed: Load = () => {
  const library = "ccxt"
  return import(library)
}

export interface Exchange {
  readonly id: string
  readonly object: object
}

export const unsupported = (detail: string) => new SourceError({ source, reason: "Unsupported", detail })

export const open = (load: Load, id: string): Effect.Effect<Exchange, SourceError> =>
  Effect.tryPromise({
    try: load,
    catch: () => unsupported("the library ccxt is not installed; `npm install ccxt` beside outpost installs it")
  }).pipe(
    Effect.flatMap((library) => {
      const make = at(at(library, "default"), id) ?? at(library, id)
      return typeof make === "function"
        ? Effect.try({
            try: (): Exchange => ({ id, object: Reflect.construct(make, [{ enableRateLimit: true }]) }),
            catch: (cause) => unsupported(`ccxt can't open ${id}: ${String(cause)}`)
          })
        : unsupported(`ccxt knows no exchange ${id}`)
    })
  )

/** Whether the exchange says that it can. */
export const has = ({ object }: Exchange, method: string): boolean =>
  Reflect.get(Object(Reflect.get(object, "has")), method) === true

/** Seconds of each span the exchange has, and its name of it. */
export const timeframesOf = ({ object }: Exchange): ReadonlyMap<number, string> =>
  new Map(
    Object.keys(Object(Reflect.get(object, "timeframes"))).flatMap((name) => {
      const [, count = "", unit = ""] = /^(\d+)([smhdw])$/.exec(name) ?? []
      const seconds = Number(count) * (units[unit] ?? Number.NaN)
      return Number.isFinite(seconds) ? [[seconds, name] as const] : []
    })
  )

/** Candles in `[since, end)` that are over. */
export const candles = (
  exchange: Exchange,
  pair: string,
  timeframe: string,
  span: number,
  since: number,
  end: number
): Effect.Effect<Page, SourceError> =>
  Effect.zipWith(
    called(exchange, "fetchOHLCV", [pair, timeframe, since, Math.ceil((end - since) / (span * 1000))]),
    Clock.currentTimeMillis,
    (items, now) => pageOf(items, candleOf, since, Math.min(end, now - span * 1000 + 1))
  )

/** Trades in `[since, end)`, page by page as far as the exchange goes on. */
export const trades = (
  exchange: Exchange,
  pair: string,
  since: number,
  end: number
): Effect.Effect<Page, SourceError> =>
  Effect.gen(function* () {
    const rows = new Map<string, Row>()
    let from = since
    let malformed = 0
    while (from < end) {
      const page = pageOf(yield* called(exchange, "fetchTrades", [pair, from]), tradeOf, since, Infinity)
      malformed += page.malformed ?? 0
      const times = page.rows.map(({ TS }) => (typeof TS === "bigint" ? millisOf(TS) : from))
      const last = times.reduce((a, b) => Math.max(a, b), from)
      const before = rows.size
      page.rows.forEach((row, n) => {
        if ((times[n] ?? end) < end) rows.set(`${String(row["tid"])} ${String(row["TS"])} ${String(row["price"])}`, row)
      })
      if (page.rows.length === 0 || (rows.size === before && last <= from) || last >= end) break
      if (last <= from) return yield* unsupported(`${exchange.id} gives no trades after ${from}; ccxt can't go on`)
      from = last
    }
    return { rows: [...rows.values()], bytes: rows.size * 64, malformed }
  })

// ------------------------------------------------------------------------------------------------------------------

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

const called = (
  { id, object }: Exchange,
  method: string,
  args: ReadonlyArray<unknown>
): Effect.Effect<ReadonlyArray<unknown>, SourceError> =>
  Effect.tryPromise({
    try: async () => Reflect.apply(Reflect.get(object, method), object, [...args]),
    catch: (cause) => failureOf(id, cause)
  }).pipe(
    Effect.flatMap((answer) => {
      const items = listOf(answer)
      return items === undefined
        ? new SourceError({ source, reason: "Malformed", detail: `${id} answered no list` })
        : Effect.succeed(items)
    })
  )

const ErrorShape = Schema.Struct({ name: Schema.String, message: Schema.String })
const isError = Schema.is(ErrorShape)

/** The library names its errors by class. */
const failureOf = (id: string, cause: unknown): SourceError => {
  const { message, name } = isError(cause) ? cause : { name: "", message: String(cause) }
  const detail = `${id}: ${message.slice(0, 200)}`
  if (/RateLimit|DDoS/.test(name)) return new SourceError({ source, reason: "RetryAfter", detail, retryAfter: 10_000 })
  if (/BadSymbol|NotSupported|Authentication|Permission|ArgumentsRequired/.test(name))
    return new SourceError({ source, reason: "Misconfigured", detail })
  const isNetwork = /Network|Timeout|NotAvailable|Nonce|OnMaintenance/.test(name)
  return new SourceError({ source, reason: isNetwork ? "Disconnected" : "Malformed", detail })
}

const pageOf = (
  items: ReadonlyArray<unknown>,
  read: (item: unknown) => (Row & { readonly TS: bigint }) | undefined,
  start: number,
  end: number
): Page => {
  const all = items.map(read)
  const readable = all.filter((row) => row !== undefined)
  const rows = readable.filter(({ TS }) => millisOf(TS) >= start && millisOf(TS) < end)
  return { rows, bytes: items.length * 64, malformed: all.length - readable.length }
}

const candleOf = (item: unknown) => {
  const TS = instantOf(at(item, 0), "ms")
  const [open, high, low, close] = [1, 2, 3, 4].map((place) => numberOf(at(item, place)))
  if (TS === undefined || open === undefined || high === undefined || low === undefined || close === undefined)
    return undefined
  const volume = numberOf(at(item, 5)) ?? null
  return { TS, open, high, low, close, volume, quote_volume: null, weighted_average: null, trades: null }
}

const tradeOf = (item: unknown) => {
  const TS = instantOf(at(item, "timestamp"), "ms")
  const [price, amount] = [numberOf(at(item, "price")), numberOf(at(item, "amount"))]
  if (TS === undefined || price === undefined || amount === undefined) return undefined
  const [id, side] = [at(item, "id"), at(item, "side")]
  return { TS, tid: typeof id === "string" ? id : null, price, amount, side: typeof side === "string" ? side : null }
}
