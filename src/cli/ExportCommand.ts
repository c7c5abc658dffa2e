/** `export`: stored events into a file, whole or not at all. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { EventFilter } from "../domain/EventQuery.js"
import { type ExportFormat, TelemetryOperations } from "../operations/TelemetryOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as EventFilterFlags from "./EventFilterFlags.js"
import { CommandFailed, UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import { Globals } from "./Globals.js"
import * as Output from "./Output.js"
import * as Progress from "./Progress.js"
import * as Readable from "./Readable.js"
import { StandardIo } from "./StandardIo.js"

export const exportCommand = CommandSpec.make(
  "export",
  {
    summary: "Write stored events to a file: NDJSON, CSV or Parquet",
    about: ["The file appears when it is complete; one of that name is replaced then. `--out -` is standard output."],
    examples: [
      ["outpost export --format parquet --out night.parquet --since yesterday", "a table for analysis"],
      ["outpost export --format ndjson --out - --run 042 | gzip > 042.gz", "lines as they are stored"]
    ]
  },
  {
    format: Flags.choice("format", ["ndjson", "csv", "parquet"], "The file format"),
    out: Flags.required("out", "FILE", "Where to; - is standard output"),
    ...EventFilterFlags.flags
  },
  ({ format, out, ...input }) =>
    Effect.gen(function* () {
      const filter = yield* EventFilterFlags.filter(input)
      yield* checkTarget(out, format)
      yield* write(format, out, filter).pipe(Connect.reading)
    })
)

// ------------------------------------------------------------------------------------------------------------------

const write = (format: ExportFormat, out: string, filter: EventFilter) =>
  Effect.gen(function* () {
    const telemetry = yield* TelemetryOperations
    const countable = format !== "parquet"
    const total = yield* countable && EventFilterFlags.isEverything(filter)
      ? Effect.asSome(storedEvents(filter))
      : Effect.succeedNone
    const progress = yield* Progress.make({ noun: "event", total })
    const bytes = telemetry
      .export(format, filter)
      .pipe(Stream.tap((chunk) => progress.add({ bytes: chunk.length, items: countable ? lineEnds(chunk) : 0 })))
    if (out === "-") {
      const io = yield* StandardIo
      return yield* Stream.runForEach(bytes, io.out)
    }
    yield* writeWhole(out, bytes)
    const { bytes: size } = yield* progress.done
    yield* Output.answer({
      json: () => JSON.stringify({ file: out, format, bytes: size }),
      text: () => [`wrote ${out} (${Readable.bytes(size)})`]
    })
  })

const storedEvents = ({ stream }: EventFilter) =>
  Effect.flatMap(TelemetryOperations, ({ stats }) => stats).pipe(
    Effect.map(({ seq }) => (stream === undefined ? seq.site + seq.run : seq[stream]))
  )

const checkTarget = (
  out: string,
  format: string
): Effect.Effect<void, UsageProblem, StandardIo | Globals | FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const io = yield* StandardIo
    const { json } = yield* Globals
    if (out === "-" && json) {
      return yield* new UsageProblem({
        message: "--out - and --json both want standard output",
        hint: "leave out --json, or name a file"
      })
    }
    if (out === "-" && format === "parquet" && io.terminal.out) {
      return yield* new UsageProblem({
        message: "a Parquet file is no text for a terminal",
        hint: "name a file with --out"
      })
    }
    const fs = yield* FileSystem.FileSystem
    const info = yield* Effect.option(fs.stat(out))
    if (out === "")
      return yield* new UsageProblem({ message: "--out is empty", hint: "name a file, or - for standard output" })
    if (Option.exists(info, ({ type }) => type === "Directory")) {
      return yield* new UsageProblem({ message: `--out '${out}' is a directory`, hint: "name a file in it" })
    }
    // The finished file takes the place of the old one, which a device or a pipe must not lose.
    if (out !== "-" && Option.exists(info, ({ type }) => type !== "File")) {
      return yield* new UsageProblem({
        message: `--out '${out}' is no regular file`,
        hint: `write to it with: --out - > ${out}`
      })
    }
  })

/** Into a file beside the target, synced, then renamed over it; nothing is left behind by a failure or Ctrl-C. */
const writeWhole = <E, R>(
  out: string,
  bytes: Stream.Stream<Uint8Array, E, R>
): Effect.Effect<void, E | CommandFailed, R | FileSystem.FileSystem | Path.Path | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const failed = Effect.mapError(
      (error: { readonly message: string }) =>
        new CommandFailed({
          message: `${out} can't be written: ${error.message}`,
          hint: "is the directory there, and is there room?"
        })
    )
    const part = yield* Effect.acquireRelease(
      failed(fs.makeTempDirectory({ directory: path.dirname(out), prefix: ".export-" })),
      (directory) => Effect.ignore(fs.remove(directory, { recursive: true, force: true }))
    ).pipe(Effect.map((directory) => path.join(directory, path.basename(out))))
    yield* Effect.scoped(
      Effect.gen(function* () {
        const file = yield* failed(fs.open(part, { flag: "wx" }))
        yield* Stream.runForEach(bytes, (chunk) => failed(file.writeAll(chunk)))
        yield* failed(file.sync)
      })
    )
    yield* failed(fs.rename(part, out))
  })

const lineEnds = (chunk: Uint8Array): number => {
  let count = 0
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) count++
  return count
}
