/** `outbox stats|retry|stop|start`: how the outgoing queue is doing, and what is to be done with it. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { MessageId, OutboxStats, type UplinkStats } from "../domain/Outbox.js"
import { OutboxOperations } from "../operations/OutboxOperations.js"
import { DurationText } from "../site/Setting.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

export const stats = CommandSpec.make(
  "stats",
  {
    summary: "How much waits to be sent, for whom, and since when",
    examples: [
      ["outpost outbox stats", "a table of the uplinks"],
      ["outpost outbox stats --json | jq .messages", "for programs"]
    ]
  },
  {},
  () => Effect.flatMap(OutboxOperations, (outbox) => Effect.flatMap(outbox.stats, show)).pipe(Connect.reading)
)

export const retry = CommandSpec.make(
  "retry",
  {
    summary: "Try again what was set aside",
    about: ["All of it, unless numbers or --uplink narrow it."],
    examples: [
      ["outpost outbox retry", "everything"],
      ["outpost outbox retry 4711 4712 --uplink office", "two messages"]
    ]
  },
  {
    ids: Flags.restArgument("ID", "Numbers of messages, as outpost outbox list --set-aside shows them"),
    uplink: Flags.text("uplink", "NAME", "Only what this uplink has set aside")
  },
  ({ ids, uplink }) =>
    Effect.gen(function* () {
      const wanted = yield* Effect.forEach(ids, numberOf)
      const outbox = yield* OutboxOperations
      const messages = yield* outbox.retry({
        uplink: Option.getOrUndefined(uplink),
        ids: wanted.length === 0 ? undefined : wanted
      })
      yield* Output.answer({
        json: () => JSON.stringify({ messages }),
        text: () => [
          messages === 0 ? "nothing of it was set aside" : `${Readable.plural(messages, "message")} back in line`
        ]
      })
    }).pipe(Connect.reading)
)

export const stop = CommandSpec.make(
  "stop",
  {
    summary: "Deliver what waits, within a limit, then send nothing more",
    about: [
      "Says what is left. Messages are taken all the while, and kept. Sending goes on with `outpost outbox start`, or when " +
        "the site is started again."
    ],
    examples: [
      ["outpost outbox stop --limit 5m", "before the link is taken down"],
      ["outpost outbox stop --limit 0s", "at once"]
    ]
  },
  { limit: Flags.text("limit", "DURATION", "How long to wait for the uplinks: 90s, 5m; 60s unless given") },
  ({ limit }) =>
    Effect.gen(function* () {
      const patience = yield* Option.match(limit, {
        onNone: () => Effect.succeed(Duration.seconds(60)),
        onSome: duration
      })
      const outbox = yield* OutboxOperations
      yield* show(yield* outbox.stop(patience))
    }).pipe(Connect.onServer)
)

export const start = CommandSpec.make(
  "start",
  { summary: "Send again what waits", examples: [["outpost outbox start", "after outpost outbox stop"]] },
  {},
  () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(OutboxOperations, (outbox) => outbox.start)
      yield* Output.answer({
        json: () => JSON.stringify({ started: true }),
        text: () => ["messages are sent again"]
      })
    }).pipe(Connect.onServer)
)

// ------------------------------------------------------------------------------------------------------------------

const numberOf = (text: string): Effect.Effect<MessageId, UsageProblem> =>
  Effect.mapError(
    Schema.decode(Schema.compose(Schema.NumberFromString, MessageId))(text),
    () => new UsageProblem({ message: `'${text}' is not the number of a message` })
  )

const duration = (text: string): Effect.Effect<Duration.Duration, UsageProblem> =>
  Effect.mapError(
    Schema.decode(DurationText)(text),
    () => new UsageProblem({ message: `--limit takes a duration such as 90s or 5m, not '${text}'` })
  )

const show = (stats: OutboxStats) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const zone = yield* DateTime.CurrentTimeZone
    yield* Output.answer({ json: () => encode(stats), text: (style) => describe(stats, now, zone, style) })
  })

const encode = Output.encode(OutboxStats)

const describe = (
  { bytes, dropped, expired, max_bytes, max_messages, messages, stopped, uplinks }: OutboxStats,
  now: number,
  zone: DateTime.TimeZone,
  style: Output.Style
): ReadonlyArray<string> => [
  ...Output.pairs(
    [
      ["waiting", `${Readable.count(messages)} of ${Readable.plural(max_messages, "message")} at most`],
      ["bytes", `${Readable.bytes(bytes)} of ${Readable.bytes(max_bytes)}`],
      ["dropped", dropped === 0 ? "none" : style.doubtful(Readable.count(dropped))],
      ["expired", Readable.count(expired)]
    ],
    style
  ),
  "",
  ...(uplinks.length === 0
    ? ["no uplink: messages are archived, and not queued"]
    : Output.table(
        [
          ["UPLINK", "WAITING", "IN FLIGHT", "SET ASIDE", "DELIVERED", "OLDEST", "LAST"],
          ...uplinks.map(row(now, zone))
        ],
        style
      )),
  ...(stopped ? [style.doubtful("nothing is sent; go on with: outpost outbox start")] : [])
]

const row =
  (now: number, zone: DateTime.TimeZone) =>
  (uplink: UplinkStats): ReadonlyArray<string> => [
    uplink.name,
    Readable.count(uplink.waiting),
    Readable.count(uplink.in_flight),
    Readable.count(uplink.set_aside),
    Readable.count(uplink.delivered),
    uplink.oldest_at === null ? "" : Readable.span(Math.max(0, now - uplink.oldest_at * 1000)),
    uplink.last_delivered_at === null ? "" : Readable.moment(Math.round(uplink.last_delivered_at * 1000), zone)
  ]
