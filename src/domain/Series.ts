/**
 * What a series of rows is called: where it comes from, what its rows are, whose they are, and for rows at fixed distances,
 * how far these are apart. The same name stands in paths of files, ledgers, the API and the command line:
 * `<source>/<type>/<pair>[/<span label>]`, such as `binance/ohlc/BTC-USDT/1h` or `weather/hourly/berlin`.
 */
import * as Schema from "effect/Schema"

/** One segment of a path: no separator, no dot at the beginning, nothing that a file system or a shell would mind. */
export const SeriesPart = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9_][A-Za-z0-9._+=@-]{0,99}$/, {
    message: () => "expected letters, digits and . _ + = @ -, at most 100, not beginning with a dot"
  })
)

export class Series extends Schema.Class<Series>("outpost/domain/Series")({
  /** An exchange, an archive, a station. Lower case. */
  source: SeriesPart,
  /** `ohlc`, `trades`, `orderbook`, or any name of a generic kind of rows. */
  type: SeriesPart,
  /** As it stands in a path: `BTC-USDT`. */
  pair: SeriesPart,
  /** Seconds between rows; undefined for rows that come when they come. */
  span: Schema.optional(Schema.Int.pipe(Schema.positive()))
}) {
  /** `binance/ohlc/BTC-USDT/1h` */
  get key(): string {
    const { pair, source, span, type } = this
    return `${source}/${type}/${pair}${span === undefined ? "" : `/${spanLabel(span)}`}`
  }

  /** The same as a file name: `binance_ohlc_BTC-USDT_1h`. */
  get slug(): string {
    return this.key.replaceAll("/", "_")
  }
}

const labels: ReadonlyArray<readonly [number, string]> = [
  [60, "1m"],
  [180, "3m"],
  [300, "5m"],
  [900, "15m"],
  [1800, "30m"],
  [3600, "1h"],
  [7200, "2h"],
  [14_400, "4h"],
  [21_600, "6h"],
  [28_800, "8h"],
  [43_200, "12h"],
  [86_400, "1d"],
  [604_800, "1w"]
]

/** How a span is called in paths: `1m`, `1h`, `1d`, else `<seconds>s`. */
export const spanLabel = (span: number): string => labels.find(([seconds]) => seconds === span)?.[1] ?? `${span}s`

/** Seconds of a span label; undefined for what is none. */
export const spanOfLabel = (label: string): number | undefined => {
  const known = labels.find(([, name]) => name === label)
  if (known !== undefined) return known[0]
  const seconds = /^([1-9]\d{0,9})s$/.exec(label)
  return seconds === null ? undefined : Number(seconds[1])
}

/** `BTC/USDT` as it stands in a path. */
export const pairInPath = (pair: string): string => pair.replaceAll("/", "-")

/** The name a directory stands for: its first `-` is the slash of a pair. */
export const pairOfPath = (name: string): string => name.replace("-", "/")

/** The series a key names; undefined for text that is none. */
export const ofKey = (key: string): Series | undefined => {
  const [source = "", type = "", pair = "", label, ...rest] = key.split("/")
  const span = label === undefined ? undefined : spanOfLabel(label)
  if (rest.length > 0 || (label !== undefined && span === undefined)) return undefined
  const parts = { source, type, pair }
  return Object.values(parts).every(Schema.is(SeriesPart))
    ? Series.make(span === undefined ? parts : { ...parts, span })
    : undefined
}
