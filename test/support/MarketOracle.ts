/**
 * The truth behind the imitated exchanges: candles and trades as a function of exchange, symbol and time alone, with single
 * candles missing, long stretches without trade, several trades in one millisecond, and a day of listing before which there is
 * nothing. Written from the reference of the exchanges, knowing nothing of the plug-ins.
 */

export interface OracleCandle {
  /** Begin, in ms. */
  readonly at: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly quote: number
  readonly trades: number
}

export interface OracleTrade {
  readonly id: number
  /** In ms; kraken's own has microseconds beside it. */
  readonly at: number
  readonly micros: number
  readonly price: number
  readonly amount: number
  readonly isBuy: boolean
}

export interface OracleLevel {
  readonly price: number
  readonly amount: number
  readonly count: number
}

export interface MarketOracle {
  /** Candles that begin in `[start, end)`, in order of time; all spans count from 1970. */
  readonly candles: (symbol: string, span: number, start: number, end: number) => ReadonlyArray<OracleCandle>
  /** Trades in `[start, end)`, in order of time and number. */
  readonly trades: (symbol: string, start: number, end: number) => ReadonlyArray<OracleTrade>
  readonly book: (symbol: string) => {
    readonly bids: ReadonlyArray<OracleLevel>
    readonly asks: ReadonlyArray<OracleLevel>
  }
  readonly listedAt: number
}

/** Milliseconds of a block of trades, and the most trades in one. */
const block = 10_000
const mostPerBlock = 15

export const make = (options: { readonly seed?: string; readonly listedAt?: number } = {}): MarketOracle => {
  const listedAt = options.listedAt ?? Date.UTC(2020, 0, 3, 5, 17)
  const roots = new Map<string, number>()
  const rootOf = (symbol: string) => {
    const known = roots.get(symbol) ?? hashOf(`${options.seed ?? "oracle"}/${symbol}`)
    roots.set(symbol, known)
    return known
  }

  const hasCandle = (root: number, n: number): boolean =>
    mix(root, n, 1) % 50 !== 0 &&
    !(mix(root, Math.floor(n / 500), 2) % 7 === 0 && n % 500 > 100 && n % 500 < 260) &&
    mix(root, Math.floor(n / 3000), 3) % 6 !== 0

  const candle = (root: number, n: number, at: number): OracleCandle => {
    const open = 10_000 + (mix(root, n, 4) % 20_000)
    const close = 10_000 + (mix(root, n, 5) % 20_000)
    const volume = 1 + (mix(root, n, 6) % 100_000)
    return {
      at,
      open: open / 100,
      high: (Math.max(open, close) + (mix(root, n, 7) % 300)) / 100,
      low: (Math.min(open, close) - (mix(root, n, 8) % 300)) / 100,
      close: close / 100,
      volume: volume / 1000,
      quote: (volume * 3) / 8,
      trades: 1 + (volume % 977)
    }
  }

  return {
    listedAt,
    candles: (symbol, span, start, end) => {
      const root = rootOf(`${symbol}/${span}`)
      const step = span * 1000
      const found: Array<OracleCandle> = []
      for (let n = Math.ceil(Math.max(start, listedAt) / step); n * step < end; n++)
        if (hasCandle(root, n)) found.push(candle(root, n, n * step))
      return found
    },
    trades: (symbol, start, end) => {
      const root = rootOf(symbol)
      const found: Array<OracleTrade> = []
      for (let k = Math.floor(Math.max(start, listedAt) / block); k * block < end; k++) {
        // Six hours out of thirty, and one minute in ten, without a trade.
        if (mix(root, Math.floor(k / 2160), 1) % 5 === 0 || mix(root, Math.floor(k / 6), 2) % 10 === 0) continue
        const count = mix(root, k, 3) % (mostPerBlock + 1)
        const offsets = Array.from({ length: count }, (_, j) => (mix(root, k * 16 + j, 4) % 100) * 100).sort(
          (a, b) => a - b
        )
        offsets.forEach((offset, j) => {
          const at = k * block + offset
          if (at < start || at >= end || at < listedAt) return
          const h = mix(root, k * 16 + j, 5)
          found.push({
            id: k * 16 + j,
            at,
            micros: (h >>> 8) % 1000,
            price: (10_000 + (h % 20_000)) / 100,
            amount: (1 + (h % 5000)) / 1000,
            isBuy: h % 2 === 0
          })
        })
      }
      return found
    },
    book: (symbol) => {
      const root = rootOf(symbol)
      const level = (sign: number) => (_: unknown, n: number) => ({
        price: (20_000 + sign * (n * 7 + 3)) / 100,
        amount: (1 + (mix(root, n, 9 + sign) % 5000)) / 1000,
        count: 1 + (mix(root, n, 20 + sign) % 9)
      })
      return { bids: Array.from({ length: 40 }, level(-1)), asks: Array.from({ length: 40 }, level(1)) }
    }
  }
}

/** Candles of trades, as an exchange would make them; intervals without a trade have none. */
export const candlesOfTrades = (trades: ReadonlyArray<OracleTrade>, span: number): ReadonlyArray<OracleCandle> => {
  const groups = groupOf(trades, span)
  return [...groups].map(([at, group]) => ({
    at,
    open: group[0]!.price,
    high: Math.max(...group.map(({ price }) => price)),
    low: Math.min(...group.map(({ price }) => price)),
    close: group[group.length - 1]!.price,
    volume: group.reduce((sum, { amount }) => sum + amount, 0),
    quote: group.reduce((sum, { amount, price }) => sum + amount * price, 0),
    trades: group.length
  }))
}

// ------------------------------------------------------------------------------------------------------------------

const groupOf = (trades: ReadonlyArray<OracleTrade>, span: number) => {
  const groups = new Map<number, Array<OracleTrade>>()
  for (const trade of trades) {
    const key = Math.floor(trade.at / (span * 1000)) * span * 1000
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [trade])
    else group.push(trade)
  }
  return groups
}

const hashOf = (text: string): number => {
  let h = 2_166_136_261
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16_777_619)
  return h >>> 0
}

/** 32 bits of a place and a channel; places beyond 32 bits count in full. */
const mix = (root: number, place: number, channel: number): number => {
  let h =
    root ^ Math.imul(channel, 0x9e3779b1) ^ ((place % 4_294_967_296) | 0) ^ Math.imul(place / 4_294_967_296, 0x27d4eb2f)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return (h ^ (h >>> 15)) >>> 0
}
