/** `event post`: one event from the command line, or a file of them. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { TelemetryOperations } from "../operations/TelemetryOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as EventBatch from "./EventBatch.js"
import * as EventBody from "./EventBody.js"
import { CommandFailed, NotFound, UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as JsonText from "./JsonText.js"
import * as Output from "./Output.js"
import * as Progress from "./Progress.js"
import * as Readable from "./Readable.js"
import { StandardIo } from "./StandardIo.js"

export const post = CommandSpec.make(
  "post",
  {
    summary: "Store an event, or a file of them",
    about: [
      "DATA is JSON and is stored with every digit as you typed it; quote it for the shell. The event is on disk when " +
        "this returns. With --ndjson a file of events is sent, one JSON object per line with the keys type and data " +
        "(and meta, make_current if you like); bad lines are refused and the others stored."
    ],
    examples: [
      [`outpost event post weather '{"wind":4.2,"rain":false}'`, "an event"],
      [`outpost event post note '"clouds coming in"'`, "a text has quotes of its own"],
      ["sensors | outpost event post reading -", "data from standard input"],
      ["outpost event post --ndjson night.ndjson", "a batch; exits 1 if a line was refused"]
    ]
  },
  {
    type: Flags.optionalArgument("TYPE", "What kind of event it is"),
    data: Flags.optionalArgument("DATA", "JSON text, or - for standard input"),
    noCurrent: Flags.flag("no-current", "Leave the current view as it is"),
    metaJson: Flags.text("meta-json", "JSON", "Notes as a JSON object, kept as they are"),
    ndjson: Flags.text("ndjson", "FILE", "Send the events of this file; - is standard input")
  },
  (input) => Effect.suspend(() => send(input))
)

// ------------------------------------------------------------------------------------------------------------------

interface Input {
  readonly type: Option.Option<string>
  readonly data: Option.Option<string>
  readonly noCurrent: boolean
  readonly metaJson: Option.Option<string>
  readonly ndjson: Option.Option<string>
}

const send = ({ data, metaJson, ndjson, noCurrent, type }: Input) =>
  Effect.gen(function* () {
    if (Option.isSome(ndjson)) {
      if (Option.isNone(type) && Option.isNone(metaJson) && !noCurrent) return yield* postFile(ndjson.value)
      return yield* new UsageProblem({
        message: "--ndjson takes the events from the file alone",
        hint: "leave out TYPE, DATA and the other options"
      })
    }
    if (Option.isNone(type) || Option.isNone(data)) {
      return yield* new UsageProblem({
        message: Option.isNone(type) ? "TYPE and DATA are missing" : "DATA is missing",
        hint: `for example: outpost event post weather '{"wind":4.2}'`
      })
    }
    return yield* postOne({ type: type.value, data: data.value, metaJson, makeCurrent: !noCurrent })
  })

const postOne = (input: EventBody.Input) =>
  Effect.gen(function* () {
    const body = yield* EventBody.text({ ...input, data: yield* EventBody.readData(input.data) })
    yield* Effect.gen(function* () {
      const ack = yield* Effect.flatMap(TelemetryOperations, (telemetry) => telemetry.post(body))
      const seq = JsonText.member(ack, "seq") ?? "?"
      yield* Output.answer({ json: () => ack, text: () => [`stored ${input.type} with number ${seq}`] })
    }).pipe(Connect.writing)
  })

const postFile = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { input } = yield* StandardIo
    if (file !== "-" && !(yield* Effect.orElseSucceed(fs.exists(file), () => false))) {
      return yield* new NotFound({ message: `there is no file ${file}`, hint: "check its path; - is standard input" })
    }
    const bytes =
      file === "-"
        ? input
        : fs
            .stream(file, { chunkSize: 1 << 20 })
            .pipe(Stream.mapError((error) => new CommandFailed({ message: `${file} can't be read: ${error.message}` })))
    const progress = yield* Progress.make({ noun: "line", total: Option.none() })
    const counted = Stream.tap(bytes, (chunk) => progress.add({ bytes: chunk.length }))
    let lines = 0
    const tally = yield* EventBatch.send(counted).pipe(
      Stream.tap((tally) => {
        const more = tally.lines - lines
        lines = tally.lines
        return progress.add({ items: more })
      }),
      Stream.runFold(EventBatch.none, (_, tally) => tally),
      Connect.writing
    )
    yield* Output.answer({
      json: () => JSON.stringify({ accepted: tally.accepted, refused: tally.refused, refusals: tally.refusals }),
      text: () => [
        `${Readable.count(tally.accepted)} accepted, ${Readable.count(tally.refused)} refused of ${Readable.plural(tally.lines, "line")}`
      ]
    })
    yield* Effect.forEach(tally.refusals, ({ error, line }) =>
      Output.note(`line ${line}: ${Output.cut(typeof error === "string" ? error : JSON.stringify(error), 200)}`)
    )
    if (tally.refused > 0) {
      return yield* new CommandFailed({
        message: `${Readable.plural(tally.refused, "line")} refused`,
        hint: "correct them and send them alone: what was accepted is stored"
      })
    }
  })
