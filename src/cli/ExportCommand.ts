/** `export`: stored events into a file, whole or not at all. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { EventFilter } from "../domain/EventQuery.js"
import { type ExportFormat, TelemetryOperations } from "../operations/TelemetryOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as EventFilterFlags from "./EventFilterFlags.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"
import * as Progress from "./Progress.js"
import * as Readable from "./Readable.js"
import { StandardIo } from "./StandardIo.js"
import * as TargetFile from "./TargetFile.js"

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
      yield* TargetFile.check(out, format)
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
      .pipe(
        Stream.tap((chunk) => progress.add({ bytes: chunk.length, items: countable ? TargetFile.lineEnds(chunk) : 0 }))
      )
    if (out === "-") {
      const io = yield* StandardIo
      return yield* Stream.runForEach(bytes, io.out)
    }
    yield* TargetFile.write(out, bytes)
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
