/** `outbox export`: the archive of messages into a file, whole or not at all. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ArchiveRange } from "../domain/Outbox.js"
import { type ArchiveFormat, OutboxOperations } from "../operations/OutboxOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as Flags from "./Flags.js"
import * as Instant from "./Instant.js"
import * as Output from "./Output.js"
import * as Progress from "./Progress.js"
import * as Readable from "./Readable.js"
import { StandardIo } from "./StandardIo.js"
import * as TargetFile from "./TargetFile.js"

export const exportArchive = CommandSpec.make(
  "export",
  {
    summary: "Write the archive of messages to a file: NDJSON or CSV",
    about: [
      "Every message that was ever put, delivered or not, by its own time. CSV is the form of the archive itself. The " +
        "file appears when it is complete; `--out -` is standard output."
    ],
    examples: [
      ["outpost outbox export --format csv --out november.csv --since 2026-11-01 --until 2026-12-01", "a month"],
      ["outpost outbox export --format ndjson --out - --since 1h", "the last hour, one object a line"]
    ]
  },
  {
    format: Flags.choice("format", ["ndjson", "csv"], "The file format"),
    out: Flags.required("out", "FILE", "Where to; - is standard output"),
    since: Flags.text("since", "TIME", `From this moment on: ${Instant.spellings}`),
    until: Flags.text("until", "TIME", "Before this moment")
  },
  ({ format, out, since, until }) =>
    Effect.gen(function* () {
      const range = { since: yield* Instant.option("since", since), until: yield* Instant.option("until", until) }
      yield* TargetFile.check(out, format)
      yield* write(format, out, range).pipe(Connect.reading)
    })
)

// ------------------------------------------------------------------------------------------------------------------

const write = (format: ArchiveFormat, out: string, range: ArchiveRange) =>
  Effect.gen(function* () {
    const outbox = yield* OutboxOperations
    const archive = yield* outbox.export(format, range)
    if (out === "-") {
      const io = yield* StandardIo
      return yield* Stream.runForEach(archive, io.out)
    }
    const progress = yield* Progress.make({ noun: "message", total: yield* Effect.succeedNone })
    const bytes = Stream.tap(archive, (chunk) =>
      progress.add({ bytes: chunk.length, items: TargetFile.lineEnds(chunk) })
    )
    yield* TargetFile.write(out, bytes)
    const { bytes: size } = yield* progress.done
    yield* Output.answer({
      json: () => JSON.stringify({ file: out, format, bytes: size }),
      text: () => [`wrote ${out} (${Readable.bytes(size)})`]
    })
  })
