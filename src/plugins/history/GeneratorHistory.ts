/**
 * Invented series that look like real ones and need no network: the same rows for the same seed, name and time, whoever asks
 * and in whatever windows. `ohlc` is a random walk as candles, `sensor` a daily wave with noise. For trying things out; nothing
 * of it was ever measured.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { layoutOf } from "../../dataset/MarketLayout.js"
import type { Row, RowLayout } from "../../domain/RowLayout.js"
import * as History from "../../source/History.js"
import { SourceError } from "../../source/SourceError.js"
import { DurationText, setting } from "../../site/Setting.js"
import { holeIn, makeNoise } from "./internal/noise.js"

const name = "generator"

const Settings = Schema.Struct({
  seed: setting(Schema.String, "outpost", "Another text gives another series"),
  span: setting(DurationText, Duration.minutes(1), "Time between rows of a job without a span"),
  rows_per_page: setting(Schema.Int.pipe(Schema.between(1, 100_000)), 1_000, "Rows that one window asks for"),
  delay: setting(DurationText, Duration.zero, "How long each page takes"),
  /** One stretch without rows in each `every`; 0 for none. */
  hole_every: setting(DurationText, Duration.zero, "How often there is a hole in the series; 0 for never"),
  hole_length: setting(DurationText, Duration.hours(2), "How long a hole is")
})
type Settings = typeof Settings.Type

export const GeneratorHistory = History.make({
  name,
  description: "Invented candles (ohlc) and sensor readings (sensor), the same whenever they are asked for",
  settings: Settings,
  capabilities: () => ({ types: ["ohlc", "sensor"] }),
  plan: (settings, request, unit) =>
    Effect.map(layoutFor(request.type, unit), (layout) => {
      const grid = stepOf(settings, request)
      return { layout, window: settings.rows_per_page * grid, grid }
    }),
  pages: (settings, request, window) => {
    const step = stepOf(settings, request)
    const first = Math.ceil(window.start / step)
    const most = settings.rows_per_page
    const walk = Stream.paginateEffect(
      first,
      Effect.fnUntraced(function* (from) {
        yield* Effect.sleep(settings.delay)
        const now = yield* Clock.currentTimeMillis
        // What is not over yet is not known yet.
        const over = Math.min(Math.ceil(window.end / step), Math.floor(now / step))
        const to = Math.min(over, from + most)
        const rows = rowsOf(settings, request, step, from, to)
        return [{ rows, bytes: rows.length * 64 }, to < over ? Option.some(to) : Option.none<number>()] as const
      })
    )
    return Stream.unwrap(Effect.as(layoutFor(request.type, "s"), walk))
  }
})

// ------------------------------------------------------------------------------------------------------------------

const layoutFor = (type: string, unit: "s" | "ns"): Effect.Effect<RowLayout, SourceError> => {
  const layout = type === "sensor" ? sensorLayout(unit) : type === "ohlc" ? layoutOf(type, unit) : undefined
  const detail = `has no ${type}; it has ohlc and sensor`
  return layout === undefined
    ? Effect.fail(new SourceError({ source: name, reason: "Unsupported", detail }))
    : Effect.succeed(layout)
}

const sensorLayout = (unit: "s" | "ns"): RowLayout => ({
  time: { name: "TS", field: "TS", unit, type: "int64" },
  columns: [
    { name: "temperature", type: "double", field: "temperature" },
    { name: "humidity", type: "double", field: "humidity" }
  ],
  key: ["TS"],
  period: "month"
})

/** Milliseconds between rows. */
const stepOf = (settings: Settings, { span }: History.SeriesRequest): number =>
  Math.max(1000, Option.match(span, { onNone: () => Duration.toMillis(settings.span), onSome: (s) => s * 1000 }))

const rowsOf = (
  settings: Settings,
  { pair, type }: History.SeriesRequest,
  step: number,
  from: number,
  to: number
): ReadonlyArray<Row> => {
  const noise = makeNoise(`${settings.seed}/${type}/${pair}`)
  const every = Duration.toMillis(settings.hole_every)
  const length = Duration.toMillis(settings.hole_length)
  const rows: Array<Row> = []
  for (let n = from; n < to; n++) {
    const at = n * step
    if (every > 0 && holeIn(noise, at, every, length)) continue
    rows.push(type === "ohlc" ? candle(noise, at, step) : reading(noise, at))
  }
  return rows
}

type Noise = ReturnType<typeof makeNoise>

const candle = (noise: Noise, at: number, step: number): Row => {
  const [open, close] = [price(noise, at), price(noise, at + step)]
  const swing = Math.abs(close - open) + open * 0.001
  const volume = round(10 + 90 * noise.at(at / step, 3))
  const weighted = round((open + close) / 2)
  return {
    TS: BigInt(at) * 1_000_000n,
    open,
    high: round(Math.max(open, close) + swing * noise.at(at / step, 1)),
    low: round(Math.min(open, close) - swing * noise.at(at / step, 2)),
    close,
    volume,
    quote_volume: round(volume * weighted),
    weighted_average: weighted,
    trades: 1 + Math.floor(volume)
  }
}

/** Wanders over hours, days and months; a candle closes where the next one opens. */
const price = (noise: Noise, at: number): number => {
  const wander =
    noise.smooth(at / 3_600_000) + 4 * noise.smooth(at / 86_400_000) + 16 * noise.smooth(at / 2_592_000_000)
  return round(100 * Math.exp((wander - 10.5) / 12))
}

const reading = (noise: Noise, at: number): Row => {
  const day = Math.sin((2 * Math.PI * (at - 9 * 3_600_000)) / 86_400_000)
  const temperature = 12 + 8 * day + 4 * (noise.smooth(at / 86_400_000) - 0.5) + 0.4 * (noise.at(at / 1000, 1) - 0.5)
  return {
    TS: BigInt(at) * 1_000_000n,
    temperature: round(temperature),
    humidity: round(Math.min(100, Math.max(0, 65 - 20 * day + 6 * (noise.at(at / 1000, 2) - 0.5))))
  }
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000
