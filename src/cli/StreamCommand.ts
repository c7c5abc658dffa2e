/** `stream list|start|stop`: live streams. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { StreamEntry, type StreamKey } from "../domain/Collector.js"
import { CollectorOperations } from "../operations/CollectorOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { NotFound, UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

const list = CommandSpec.make(
  "list",
  {
    summary: "Live streams and how they are",
    examples: [
      ["outpost stream list", "live, stale, backing off: what they really do"],
      ["outpost stream list --json | jq '.streams[] | select(.state != \"live\")'", "for programs"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const streams = yield* Effect.flatMap(CollectorOperations, (collector) => collector.streams)
      const now = yield* Clock.currentTimeMillis
      yield* Output.answer({
        json: () => encode({ streams }),
        text: (style) =>
          streams.length === 0
            ? ["no streams; name some under stream_jobs in the config"]
            : Output.table([heading, ...streams.map(row(now, style))], style)
      })
    }).pipe(Connect.reading)
)

const which = {
  exchange: Flags.argument("EXCHANGE", "Such as binance"),
  pair: Flags.argument("PAIR", "Such as BTC/USDT"),
  channels: Flags.restArgument("CHANNEL", "Such as trades or book; without any, those of the only stream of this pair")
} as const

const start = CommandSpec.make(
  "start",
  {
    summary: "Start a live stream on the running server",
    about: ["It runs until it is stopped, and starts again with the server if it stands in the config."],
    examples: [
      ["outpost stream start binance BTC/USDT trades", "one channel"],
      ["outpost stream start kraken ETH/EUR", "as the config has it"]
    ]
  },
  which,
  (asked) =>
    Effect.gen(function* () {
      const collector = yield* CollectorOperations
      const key = yield* Effect.flatMap(chosen(asked), collector.startStream)
      yield* Output.answer({
        json: () => JSON.stringify({ key, running: true }),
        text: () => [`stream ${key} started; see how it is with: outpost stream list`]
      })
    }).pipe(Connect.onServer)
)

const stop = CommandSpec.make(
  "stop",
  {
    summary: "Stop a live stream; what it holds is written first",
    examples: [["outpost stream stop binance BTC/USDT", "the only stream of this pair"]]
  },
  which,
  (asked) =>
    Effect.gen(function* () {
      const collector = yield* CollectorOperations
      const stream = yield* chosen(asked)
      const { key, wasRunning } = yield* collector.stopStream(stream)
      const known = wasRunning || (yield* collector.streams).some((one) => one.key === key)
      if (!known) return yield* unknown(stream)
      yield* Output.answer({
        json: () => JSON.stringify({ key, running: false, was_running: wasRunning }),
        text: () => [wasRunning ? `stream ${key} stopped` : `stream ${key} was not running`]
      })
    }).pipe(Connect.onServer)
)

export const stream = CommandSpec.group(
  "stream",
  {
    summary: "Live streams: list, start, stop",
    examples: [
      ["outpost stream list", "which there are"],
      ["outpost stream stop binance BTC/USDT", "one of them"]
    ]
  },
  [list, start, stop]
)

// ------------------------------------------------------------------------------------------------------------------

const encode = Output.encode(Schema.Struct({ streams: Schema.Array(StreamEntry) }))

const heading = ["STREAM", "STATE", "SINCE", "LAST MESSAGE", "ROWS", "RECONNECTS", ""]

const row =
  (now: number, style: Output.Style) =>
  (entry: StreamEntry): ReadonlyArray<string> => {
    const ago = (seconds: number | null) =>
      seconds === null ? "" : Readable.span(Math.max(0, Math.round(now - seconds * 1000)))
    const last = ago(entry.last_message_at)
    return [
      entry.key,
      paint(entry.state, style),
      ago(entry.since),
      last === "" ? "" : `${last} ago`,
      Readable.count(entry.rows),
      Readable.count(entry.reconnects),
      entry.error === null ? "" : Output.cut(entry.error.split("\n", 1)[0] ?? "", 80)
    ]
  }

const paint = (state: StreamEntry["state"], style: Output.Style): string =>
  state === "live"
    ? style.good(state)
    : state === "rejected" || state === "failed"
      ? style.bad(state)
      : state === "stopped"
        ? style.dim(state)
        : style.doubtful(state)

/** The stream that is meant; without channels, the only one of its exchange and pair. */
const chosen = ({ channels, exchange, pair }: StreamKey) =>
  Effect.gen(function* () {
    if (channels.length > 0) return { exchange, pair, channels }
    const streams = yield* Effect.flatMap(CollectorOperations, (collector) => collector.streams)
    const [only, ...others] = streams.filter((one) => one.exchange === exchange && one.pair === pair)
    if (only === undefined) return yield* unknown({ exchange, pair, channels })
    if (others.length === 0) return { exchange, pair, channels: only.channels }
    const found = [only, ...others].map((one) => one.channels.join(" "))
    return yield* new UsageProblem({
      message: `${exchange} ${pair} has ${found.length} streams`,
      hint: `name the channels of one: ${found.join("; ")}`
    })
  })

const unknown = ({ channels, exchange, pair }: StreamKey) =>
  new NotFound({
    message: `there is no stream ${[exchange, pair, ...channels].join(" ")}`,
    hint: "see what there is with: outpost stream list"
  })
