/**
 * Invented candles, for files where they are asked for: on the grid between the first and the last real row, the price of
 * the last close, volume 0, and `filled` true. Only whole times have a grid.
 */
import type { MergedForm } from "./columns.js"

const prices = new Set(["open", "high", "low", "close"])
const amounts = new Set(["volume", "quote_volume", "trades"])

/** The table `merged` of a result, and `missing` with the times that it lacks; `step` is the span in the file's unit. */
export const tables = (result: string, step: number): string => `
  create or replace temp table merged as ${result};
  create or replace temp table missing as
    select t from (select unnest(range(min(t), max(t), ${step})) as t from merged) g
    where not exists (select 1 from merged m where m.t = g.t)`

/** Real and invented rows together. */
export const rows = ({ columns }: MergedForm): string => {
  const close = columns.findIndex(({ field }) => field === "close")
  const values = columns.map(({ field = "" }, i) => {
    const value = prices.has(field) && close >= 0 ? `m.c${close}` : amounts.has(field) ? "0" : "null"
    return `, ${value} as c${i}`
  })
  const real = columns.map((_, i) => `, c${i}`).join("")
  return `select t, n${real}, false as filled from merged
    union all
    select g.t, 0 as n${values.join("")}, true as filled from missing g asof left join merged m on g.t >= m.t`
}
