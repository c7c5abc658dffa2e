/** What several venues write alike. */
import type { Listener, Market } from "../FeedServer.js"

export const iso = (at: number) => new Date(at).toISOString()
export const levels = (
  side: Map<number, number>,
  sign: number,
  depth: number
): ReadonlyArray<readonly [number, number]> => [...side].sort(([a], [b]) => sign * (a - b)).slice(0, depth)
export const texts = (side: ReadonlyArray<readonly [number, number]>, ...more: ReadonlyArray<string>) =>
  side.map(([price, amount]) => [price.toFixed(2), amount.toFixed(8), ...more])
export const both = ({ book }: Market, depth: number) => ({
  bids: levels(book.bids, -1, depth),
  asks: levels(book.asks, 1, depth)
})
/** Every message but those that the venue counts apart. */
export const numbered = (client: Listener, body: object) => JSON.stringify({ ...body, sequence_num: client.sent++ })
