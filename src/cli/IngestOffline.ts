/** `ingest pipeline` and `ingest replay`: an ensemble within this process, on made or on recorded frames. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as CommandSpec from "./CommandSpec.js"
import { EnsembleRoles, PipelineResult, ReplayResult } from "./EnsembleRoles.js"
import { CommandFailed, UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import { Globals } from "./Globals.js"
import * as Output from "./Output.js"
import * as Progress from "./Progress.js"
import * as Readable from "./Readable.js"

const modules = {
  module: Flags.text("module", "FILE", "Module that processes events (default: a built-in that sums and bins frames)"),
  reducer: Flags.text("reducer", "FILE", "Module that combines results (default: a built-in)"),
  workers: Flags.integer("workers", { least: 1, most: 64 }, "Workers (default 2)")
}

export const pipeline = CommandSpec.make(
  "pipeline",
  {
    summary: "A whole ensemble in this process, on frames made for it",
    about: [
      "A synthetic detector, an ingester, workers and a reducer, with no service and no account. `processed`, `reassigned` " +
        "and `lost` add up to `events`."
    ],
    examples: [
      ["outpost ingest pipeline --demo", "a few seconds, with progress"],
      ["outpost ingest pipeline --demo --events 100000 --json", "one line for programs"],
      ["outpost ingest pipeline --demo --module ./mean.mjs", "with a worker of your own"]
    ]
  },
  {
    demo: Flags.flag("demo", "Frames are made by a synthetic detector"),
    events: Flags.integer("events", { least: 1, most: 100_000_000 }, "Events of the scan (default 10000)"),
    bytes: Flags.integer("bytes", { least: 0, most: 2 ** 30 }, "Bytes of each frame (default 2048)"),
    ...modules
  },
  (input) =>
    Effect.gen(function* () {
      if (!input.demo) {
        return yield* new UsageProblem({
          message: "where are the frames to come from?",
          hint: "made ones: outpost ingest pipeline --demo; real ones: the section ingest of a site's config"
        })
      }
      const { json } = yield* Globals
      const roles = yield* EnsembleRoles
      const events = Option.getOrElse(input.events, () => 10_000)
      const result = yield* Effect.scoped(
        Effect.gen(function* () {
          const counted = yield* counter("event", Option.some(events))
          return yield* roles.pipeline({
            events,
            bytes: Option.getOrElse(input.bytes, () => 2_048),
            workers: Option.getOrElse(input.workers, () => 2),
            worker: input.module,
            reducer: input.reducer,
            onProgress: counted
          })
        })
      )
      yield* Output.answer({
        json: () => encodePipeline(result),
        text: (style) => [
          ...Output.pairs(
            [
              ["events", Readable.count(result.events)],
              ["processed", Readable.count(result.processed)],
              ["reassigned", Readable.count(result.reassigned)],
              ["lost", result.lost === 0 ? style.good("0") : style.bad(Readable.count(result.lost))],
              ["took", Readable.span(result.seconds * 1_000)],
              ["rate", `${Readable.count(Math.round(result.events / Math.max(result.seconds, 1e-3)))} events/s`],
              ...failures(result.failures, style)
            ],
            style
          ),
          ...published(result, style)
        ]
      })
      if (json && result.failures > 0) yield* Output.warning(`the modules have failed ${result.failures} times`)
      if (result.lost > 0) return yield* new CommandFailed({ message: `${result.lost} events were lost` })
    })
)

export const replay = CommandSpec.make(
  "replay",
  {
    summary: "Recorded frames once more, through workers and a reducer",
    about: [
      "Several files of one scan are merged by the number of the event. A file that ends in .gz is unpacked on the way. " +
        "Makes no site and needs no service."
    ],
    examples: [
      ["outpost ingest replay scan.cbors", "through the built-in module"],
      ["outpost ingest replay a.cbors b.cbors.gz --module ./mean.mjs --reducer ./sum.mjs --json", "with your own"],
      ["outpost ingest replay scan.cbors --speed 1", "as fast as it was recorded"]
    ]
  },
  {
    ...modules,
    speed: Flags.text("speed", "FACTOR", "1 as it was recorded, 10 ten times as fast (default: as fast as it goes)"),
    params: Flags.text("params", "FILE", "Parameters as the controller's companion file has them (.json or .cbor)"),
    files: Flags.restArgument("FILE", "Dumps (.cbors, .cbors.gz)")
  },
  (input) =>
    Effect.gen(function* () {
      if (input.files.length === 0) {
        return yield* new UsageProblem({ message: "which file?", hint: "outpost ingest replay scan.cbors" })
      }
      const speed = Option.map(input.speed, (text) => Number(text.replace(/x$/i, "")))
      if (Option.isSome(speed) && !(speed.value > 0 && Number.isFinite(speed.value))) {
        return yield* new UsageProblem({ message: "--speed: expected a number above 0, such as 1 or 10" })
      }
      const roles = yield* EnsembleRoles
      const result = yield* Effect.scoped(
        Effect.gen(function* () {
          const counted = yield* counter("event", Option.none())
          return yield* roles.replay({
            files: input.files,
            worker: input.module,
            reducer: input.reducer,
            workers: Option.getOrElse(input.workers, () => 2),
            parameters: input.params,
            speed,
            onProgress: counted
          })
        })
      )
      yield* Output.answer({
        json: () => encodeReplay(result),
        text: (style) => [
          ...Output.pairs(
            [
              ["events", Readable.count(result.events)],
              ["frames", `${Readable.count(result.frames)} (${Readable.bytes(result.bytes)})`],
              ["results", Readable.count(result.results)],
              ["took", Readable.span(result.seconds * 1_000)],
              ...failures(result.failed, style)
            ],
            style
          ),
          ...published(result, style)
        ]
      })
      if (result.events === 0) return yield* new CommandFailed({ message: "there is no event in what was given" })
      if (result.damages > 0) {
        return yield* new CommandFailed({
          message: `damaged in ${result.damages} ${result.damages === 1 ? "place" : "places"}: what could be read was played`
        })
      }
    })
)

// ------------------------------------------------------------------------------------------------------------------

const encodePipeline = Output.encode(PipelineResult)
const encodeReplay = Output.encode(ReplayResult)

/** A bar that is told how many there are by now. */
const counter = (noun: string, total: Option.Option<number>) =>
  Effect.map(
    Progress.make({ noun, total }),
    (progress) => (done: number) => Effect.flatMap(progress.done, ({ items }) => progress.add({ items: done - items }))
  )

const failures = (count: number, style: Output.Style): ReadonlyArray<readonly [string, string]> =>
  count === 0 ? [] : [["failures", style.bad(Readable.count(count))]]

const published = (
  { published: values }: { readonly published: Readonly<Record<string, unknown>> },
  style: Output.Style
) =>
  Output.pairs(
    Object.entries(values).map(([name, value]) => [name, shortened(JSON.stringify(value))]),
    style
  )

const shortened = (text: string | undefined): string => Output.cut(text ?? "", 100)
