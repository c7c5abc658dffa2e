/** `run start|stop|show|list`: the run context. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { contractText, fullText, NoActiveRun, type Run } from "../domain/Run.js"
import { RunOperations } from "../operations/RunOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as JsonText from "./JsonText.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

const start = CommandSpec.make(
  "start",
  {
    summary: "Start a run; events go to its directory until it is stopped",
    about: [
      "Without an ID the next number is taken (001, 002, ...). The run is recorded on disk before this returns, and " +
        "only `outpost run stop` ends it: neither a stop of the server nor a power cut does."
    ],
    examples: [
      ["outpost run start", "the next number"],
      ["outpost run start 042 --meta field=M42 --meta observer=Ada", "with notes"],
      ["outpost run start m42 --dir /data/m42 --meta-json '{\"exposures\":120}'", "in another directory"]
    ]
  },
  {
    id: Flags.optionalArgument("ID", "Name of the run: one path segment"),
    dir: Flags.text("dir", "DIR", "Directory of its events; relative to the site (default <site>/<ID>)"),
    meta: Flags.many("meta", "K=V", "A note, kept as text with every event of the run"),
    metaJson: Flags.text("meta-json", "JSON", "Notes as a JSON object, kept as they are")
  },
  ({ dir, id, meta, metaJson }) =>
    Effect.gen(function* () {
      const request = {
        runId: Option.getOrUndefined(id),
        runDir: Option.getOrUndefined(dir),
        metaJson: yield* metaText(meta, metaJson)
      }
      const run = yield* Effect.flatMap(RunOperations, (runs) => runs.start(request)).pipe(Connect.writing)
      yield* Output.answer({
        json: () => contractText(run),
        text: () => [`run ${run.run_id} started in ${run.run_dir}`]
      })
    })
)

const stop = CommandSpec.make(
  "stop",
  {
    summary: "End the active run",
    examples: [["outpost run stop", "prints the run that ended"]]
  },
  {},
  () =>
    Effect.gen(function* () {
      const runs = yield* RunOperations
      const run = yield* runs.stop
      yield* Output.answer({ json: () => contractText(run), text: () => [`run ${run.run_id} stopped`] })
    }).pipe(Connect.writing)
)

const show = CommandSpec.make(
  "show",
  {
    summary: "The active run, or any run by its ID",
    examples: [
      ["outpost run show", "the active run; exits 3 if there is none"],
      ["outpost run show 042 --json", "everything known of a run"]
    ]
  },
  { id: Flags.optionalArgument("ID", "The run (default the active one)") },
  ({ id }) =>
    Effect.gen(function* () {
      const runs = yield* RunOperations
      const run = yield* Option.match(id, {
        onSome: runs.get,
        onNone: () => runs.active.pipe(Effect.flatMap(Effect.mapError(() => new NoActiveRun())))
      })
      const zone = yield* DateTime.CurrentTimeZone
      yield* Output.answer({ json: () => fullText(run), text: (style) => describe(run, zone, style) })
    }).pipe(Connect.reading)
)

const list = CommandSpec.make(
  "list",
  {
    summary: "All runs, newest first",
    examples: [
      ["outpost run list", "a table"],
      ["outpost run list --json | jq -r '.runs[].run_id'", "for programs"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const runs = yield* Effect.flatMap(RunOperations, (operations) => operations.list)
      const zone = yield* DateTime.CurrentTimeZone
      yield* Output.answer({
        json: () => `{"runs":[${runs.map(fullText).join(",")}]}`,
        text: (style) => (runs.length === 0 ? ["no runs yet"] : Output.table([heading, ...runs.map(row(zone))], style))
      })
    }).pipe(Connect.reading)
)

export const run = CommandSpec.group(
  "run",
  {
    summary: "Runs: named stretches of observation",
    examples: [
      ["outpost run start 042 --meta field=M42", "start one"],
      ["outpost run show", "which is active"],
      ["outpost run stop", "end it"]
    ]
  },
  [start, stop, show, list]
)

// ------------------------------------------------------------------------------------------------------------------

const heading = ["ID", "STARTED", "STOPPED", "EVENTS", "DIRECTORY"]

const row = (zone: DateTime.TimeZone) => (run: Run) => [
  run.run_id,
  Readable.moment(run.started_at, zone),
  run.stopped_at === undefined ? "active" : Readable.moment(run.stopped_at, zone),
  eventsOf(run) ?? "",
  run.run_dir
]

const eventsOf = ({ after_seq, last_seq }: Run): string | undefined =>
  after_seq === undefined || last_seq === undefined ? undefined : Readable.count(Math.max(0, last_seq - after_seq))

const describe = (run: Run, zone: DateTime.TimeZone, style: Output.Style): ReadonlyArray<string> => {
  const events = eventsOf(run)
  return Output.pairs(
    [
      ["run", run.run_id],
      ["state", run.stopped_at === undefined ? style.good("active") : "stopped"],
      ["started", Readable.moment(run.started_at, zone)],
      ...(run.stopped_at === undefined ? [] : [["stopped", Readable.moment(run.stopped_at, zone)] as const]),
      ...(events === undefined ? [] : [["events", events] as const]),
      ["directory", run.run_dir],
      ...JsonText.members(run.metaJson)
        .filter(([key]) => key !== "run_id")
        .map(([key, value]) => [`meta.${key}`, value] as const)
    ],
    style
  )
}

/** The notes as the text of one JSON object: the object as it was given, then the pairs as text values. */
const metaText = (
  pairs: ReadonlyArray<string>,
  json: Option.Option<string>
): Effect.Effect<string | undefined, UsageProblem> =>
  Effect.gen(function* () {
    const object = Option.getOrElse(json, () => "{}")
    if (!JsonText.isObject(object)) {
      return yield* new UsageProblem({
        message: "--meta-json is not a JSON object",
        hint: `quote it for the shell: --meta-json '{"field":"M42"}'`
      })
    }
    const taken = new Set(JsonText.members(object).map(([key]) => key))
    const added: Array<string> = []
    for (const pair of pairs) {
      const at = pair.indexOf("=")
      if (at < 1) {
        return yield* new UsageProblem({ message: `--meta '${pair}' is no note`, hint: "write --meta key=value" })
      }
      const key = pair.slice(0, at)
      if (taken.has(key))
        return yield* new UsageProblem({ message: `the note '${key}' is given twice`, hint: "keep one" })
      taken.add(key)
      added.push(`${JSON.stringify(key)}:${JSON.stringify(pair.slice(at + 1))}`)
    }
    if (added.length === 0) return Option.getOrUndefined(json)
    const inside = object.slice(object.indexOf("{") + 1, object.lastIndexOf("}")).trim()
    return `{${[...(inside === "" ? [] : [inside]), ...added].join(",")}}`
  })
