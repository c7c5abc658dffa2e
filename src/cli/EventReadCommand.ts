/** `event list` and `event tail`: what is stored, and what comes. */
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { EventFilter } from "../domain/EventQuery.js"
import { TelemetryOperations } from "../operations/TelemetryOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as EventFilterFlags from "./EventFilterFlags.js"
import * as EventLineView from "./EventLineView.js"
import * as Flags from "./Flags.js"
import { Globals } from "./Globals.js"
import * as Output from "./Output.js"
import { StandardIo } from "./StandardIo.js"

/** So many events are shown on a terminal where nothing says how many. */
const shownAtOnce = 50

export const list = CommandSpec.make(
  "list",
  {
    summary: "Stored events, oldest first",
    about: [
      `On a terminal the newest ${shownAtOnce} are shown as a table, unless --limit, --desc, --since or --after-seq asks ` +
        "for others. With --json, or into a pipe or file, every line is printed as it is stored (NDJSON)."
    ],
    examples: [
      ["outpost event list --type weather --since yesterday", "one type, since a moment"],
      ["outpost event list --run 042 --json > 042.ndjson", "a run's events, as they are stored"],
      ["outpost event list --desc --limit 1", "the newest"]
    ]
  },
  {
    ...EventFilterFlags.flags,
    limit: Flags.integer("limit", { least: 1 }, "At most so many"),
    descending: Flags.flag("desc", "Newest first")
  },
  ({ descending, limit, ...input }) =>
    Effect.flatMap(EventFilterFlags.filter(input), (filter) =>
      print(filter, descending, Option.getOrUndefined(limit)).pipe(Connect.reading)
    )
)

export const tail = CommandSpec.make(
  "tail",
  {
    summary: "Follow events as they are stored, until interrupted",
    about: [
      "Begins now; with --since or --after-seq with what is stored from there on. Goes on by itself after a lost connection, " +
        "with no event left out. Ctrl-C ends it (exit code 130)."
    ],
    examples: [
      ["outpost event tail", "everything"],
      ["outpost event tail --since 5m", "the last five minutes first"],
      ["outpost event tail --type weather --json | jq .data.wind", "for programs"]
    ]
  },
  EventFilterFlags.flags,
  (input) => Effect.flatMap(EventFilterFlags.filter(input), (filter) => follow(filter).pipe(Connect.onServer))
)

// ------------------------------------------------------------------------------------------------------------------

/** How a line is shown to people; none where it goes to a program. */
const rowView = Effect.gen(function* () {
  const { json } = yield* Globals
  const io = yield* StandardIo
  if (json || !io.terminal.out) return Option.none()
  const zone = yield* DateTime.CurrentTimeZone
  return Option.some(EventLineView.row(zone, yield* io.columns, yield* Output.style))
})

const print = (filter: EventFilter, descending: boolean, limit: number | undefined) =>
  Effect.gen(function* () {
    const telemetry = yield* TelemetryOperations
    const view = yield* rowView
    const most = limit === undefined ? {} : { limit }
    if (Option.isNone(view)) return yield* Output.lines(telemetry.events(filter, { descending, ...most }))
    const unbounded = limit === undefined && !descending && filter.since === undefined && filter.afterSeq === undefined
    if (!unbounded) {
      return yield* telemetry.events(filter, { descending, ...most }).pipe(Stream.map(view.value), Output.lines)
    }
    const newest = yield* Stream.runCollect(telemetry.events(filter, { descending: true, limit: shownAtOnce }))
    yield* Chunk.isEmpty(newest)
      ? Output.note("no events")
      : Output.line(Chunk.toReadonlyArray(newest).toReversed().map(view.value).join("\n"))
    if (newest.length === shownAtOnce) yield* Output.note(`the newest ${shownAtOnce}; --limit N shows others`)
  })

const follow = (filter: EventFilter) =>
  Effect.gen(function* () {
    const telemetry = yield* TelemetryOperations
    const view = yield* rowView
    yield* telemetry.tail(filter).pipe(
      Stream.map(({ line }) => Option.match(view, { onNone: () => line, onSome: (row) => row(line) })),
      Output.lines
    )
  })
