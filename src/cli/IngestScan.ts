/** `ingest begin|stop|status`: what the controller of a site, or of an address, does. */
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { TriggerMap, unusableName } from "../ingest/controller/TriggerMap.js"
import { IngestOperations } from "../operations/IngestOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as EventBody from "./EventBody.js"
import { UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

export const begin = CommandSpec.make(
  "begin",
  {
    summary: "Begin a scan with a trigger map; it ends the one before",
    examples: [
      [
        `outpost ingest begin '{"parts":{"a":{"cam":[[{"constraint":0}]]}},"sequence":["a"]}'`,
        "one frame of the stream cam"
      ],
      ["outpost ingest begin - < map.json", "from a file"],
      ["outpost ingest begin - --url http://controller:5000 < map.json", "at a controller elsewhere"]
    ]
  },
  {
    noWrap: Flags.flag("no-wrap", "The map has events of its own for the first and the last message of each stream"),
    lose: Flags.flag("lose", "Events of a worker that dies are lost instead of given to others"),
    map: Flags.argument("MAP", "The trigger map as JSON; - reads standard input")
  },
  ({ lose, map, noWrap }) =>
    Effect.gen(function* () {
      const text = yield* EventBody.readData(map)
      const given = yield* Effect.mapError(parse(text), unfit)
      const refusal = unusableName(given)
      if (refusal !== undefined) return yield* refusal
      const decoded = yield* Effect.mapError(decodeMap(given), unfit)
      const ingest = yield* IngestOperations
      const mapping = yield* ingest.begin({
        map: decoded,
        allWrap: !noWrap,
        ...(lose ? { onWorkerLoss: "lose" as const } : {})
      })
      yield* Output.answer({ json: () => JSON.stringify({ mapping }), text: () => [`scan ${mapping} has begun`] })
    }).pipe(Connect.onServer)
)

export const stop = CommandSpec.make(
  "stop",
  {
    summary: "End the scan, whatever is done",
    examples: [["outpost ingest stop", "at the controller of ./site"]]
  },
  {},
  () =>
    Effect.gen(function* () {
      const ingest = yield* IngestOperations
      yield* ingest.stop
      const progress = yield* ingest.progress
      yield* Output.answer({
        json: () => JSON.stringify(progress),
        text: () => [`ended with ${progress.completed_events} of ${progress.total_events} events`]
      })
    }).pipe(Connect.onServer)
)

export const status = CommandSpec.make(
  "status",
  {
    summary: "The services of the ensemble, and how far the scan is",
    examples: [
      ["outpost ingest status", "a table"],
      ["outpost ingest status --json | jq .progress", "for programs"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const ingest = yield* IngestOperations
      const ensemble = yield* ingest.ensemble
      const progress = yield* ingest.progress
      yield* Output.answer({
        json: () => JSON.stringify({ ensemble, progress }),
        text: (style) => [
          ...Output.pairs(
            [
              [
                "scan",
                progress.finished ? "finished" : progress.total_events === 0 ? "none yet" : style.good("running")
              ],
              ["events", `${Readable.count(progress.completed_events)} of ${Readable.count(progress.total_events)}`],
              ["reassigned", Readable.count(progress.reassigned)],
              ["lost", progress.lost === 0 ? "0" : style.bad(Readable.count(progress.lost))]
            ],
            style
          ),
          "",
          ...Output.table(
            [
              ["SERVICE", "KIND", "EVENTS", "RATE", "WHAT"],
              ...ensemble.ingesters.map((one) => row(one, "ingester", one.streams.join(" "))),
              ...ensemble.workers.map((one) => row(one, "worker", one.tags.join(" "))),
              ...Option.toArray(Option.fromNullable(ensemble.reducer)).map((one) => row(one, "reducer", one.url))
            ],
            style
          )
        ]
      })
    }).pipe(Connect.onServer)
)

// ------------------------------------------------------------------------------------------------------------------

const parse = Schema.decode(Schema.parseJson())
const decodeMap = Schema.decodeUnknown(TriggerMap)

/** Where it is wrong, in a line. */
const unfit = (error: ParseResult.ParseError) => {
  const [first] = ParseResult.ArrayFormatter.formatErrorSync(error)
  const where = first === undefined || first.path.length === 0 ? "" : `${first.path.join(".")}: `
  const why = (first?.message ?? "").split("\n")[0] ?? ""
  return new UsageProblem({
    message: `the map can't be understood: ${where}${why}`,
    hint: `{"parts":{"a":{"cam":[[{"constraint":0}]]}},"sequence":["a"]}`
  })
}

const row = (
  one: { readonly name: string; readonly processed_events: number; readonly event_rate: number },
  kind: string,
  what: string
): ReadonlyArray<string> => [
  one.name,
  kind,
  Readable.count(one.processed_events),
  `${one.event_rate.toFixed(1)}/s`,
  what
]
