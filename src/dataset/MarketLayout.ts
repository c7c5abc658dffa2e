/**
 * The layouts of market data, in the two forms that the dccd daemon writes: `s` (its releases up to 2.4, the default) and
 * `ns` (3.x). A row is a record of canonical fields, whatever the form:
 *
 * - `ohlc`: TS, open, high, low, close, volume, quote_volume, weighted_average, trades
 * - `trades`: TS, tid, price, amount, side
 * - `orderbook`: TS, side, price, amount, count, is_snapshot; one row per level
 */
import type { Column, RowLayout } from "../domain/RowLayout.js"

export type MarketUnit = "s" | "ns"

/** The layout of a kind of market data; undefined for what is none. */
export const layoutOf = (type: string, unit: MarketUnit): RowLayout | undefined => forms[unit].get(type)

/** Every form in which files of this kind of rows may be found. */
export const formsOf = (type: string): ReadonlyArray<RowLayout> =>
  [forms.s.get(type), forms.ns.get(type)].filter((form) => form !== undefined)

// -----------------------------------------------------------------------------

const column = (name: string, type: Column["type"], field = name): Column => ({ name, type, field })
const doubles = (...names: ReadonlyArray<string>): ReadonlyArray<Column> => names.map((name) => column(name, "double"))

const seconds = { name: "TS", field: "TS", unit: "s", type: "int64" } as const
const fractions = { ...seconds, type: "double" } as const
const nanoseconds = { ...seconds, unit: "ns" } as const

const ohlc = { key: ["TS"], period: "year" } as const
const trades = { key: ["tid"], otherwise: ["TS", "price", "amount", "side"], period: "day" } as const
const orderbook = { key: ["TS", "side", "price"], period: "day" } as const

const forms: Record<MarketUnit, ReadonlyMap<string, RowLayout>> = {
  s: new Map<string, RowLayout>([
    [
      "ohlc",
      {
        ...ohlc,
        time: seconds,
        columns: [
          ...doubles("open", "high", "low", "close", "volume"),
          column("quoteVolume", "double", "quote_volume"),
          column("weightedAverage", "double", "weighted_average")
        ]
      }
    ],
    [
      "trades",
      {
        ...trades,
        time: fractions,
        columns: [column("tid", "text"), ...doubles("price", "amount"), column("type", "text", "side")]
      }
    ],
    ["orderbook", { ...orderbook, time: fractions, columns: [column("side", "text"), ...doubles("price", "amount")] }]
  ]),
  ns: new Map<string, RowLayout>([
    [
      "ohlc",
      {
        ...ohlc,
        time: nanoseconds,
        columns: [...doubles("open", "high", "low", "close", "volume", "quote_volume"), column("trades", "int64")]
      }
    ],
    [
      "trades",
      {
        ...trades,
        time: nanoseconds,
        columns: [...doubles("price", "amount"), column("side", "text"), column("tid", "text")]
      }
    ],
    [
      "orderbook",
      {
        ...orderbook,
        time: nanoseconds,
        columns: [
          column("side", "text"),
          ...doubles("price", "amount"),
          column("count", "int64"),
          column("is_snapshot", "boolean")
        ]
      }
    ]
  ])
}
