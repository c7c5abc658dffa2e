/**
 * The procedure `serial-lines`: each line that a serial device sends becomes an event, as a text, a JSON value, or the numbers
 * that stand in it. It does not end by itself; a device that is unplugged is a failure, and tried again.
 */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Self from "../../actor/Self.js"
import { Emitter, make, ProcedureError } from "../../procedure/Procedure.js"
import { ByteCount, optionalSetting, setting } from "../../site/Setting.js"
import type { SourceError } from "../../source/SourceError.js"
import { Lines, stripped } from "../source/internal/lines.js"
import * as SerialPort from "../source/internal/serialPort.js"

const name = "serial-lines"

const Settings = Schema.Struct({
  ...SerialPort.lineFields,
  type: setting(Schema.NonEmptyString, name, "Type of its events"),
  parse: setting(
    Schema.Literal("text", "json", "numbers"),
    "text",
    "What a line is: a text, a JSON value, or numbers with anything between them"
  ),
  hello: optionalSetting(Schema.String, "Sent once the device is open"),
  max_line: setting(ByteCount, 64 * 1024, "A longer line is dropped and told")
})
type Settings = typeof Settings.Type

export const SerialLines = make({
  name,
  description: "Posts each line of a serial device as an event",
  pace: "endless",
  settings: Settings,
  prepare: (settings) =>
    Effect.succeed(
      Effect.gen(function* () {
        const device = yield* SerialPort.acquire(name, settings).pipe(Effect.mapError(ofSource))
        if (Option.isSome(settings.hello)) device.write(settings.hello.value)
        const emitter = yield* Emitter
        const self = yield* Self.Self
        const found: Array<string> = []
        let tooLong = 0
        const lines = new Lines(
          settings.max_line,
          (line) => void found.push(new TextDecoder().decode(stripped(line))),
          () => void tooLong++
        )
        yield* NodeStream.fromReadable<ProcedureError, Uint8Array>(
          () => device,
          (cause) => failed(settings, String(cause))
        ).pipe(
          Stream.runForEach((bytes) => {
            lines.push(bytes)
            const complete = found.splice(0)
            const dropped = tooLong
            tooLong = 0
            const told = dropped === 0 ? Effect.void : Effect.logWarning(`${dropped} lines were too long`)
            const events = complete.map((line) => emitter.emit({ type: settings.type, data: dataOf(settings, line) }))
            return told.pipe(
              Effect.zipRight(Effect.all(events, { concurrency: "unbounded", discard: true })),
              Effect.zipRight(self.mark)
            )
          })
        )
        return yield* failed(settings, "the device sends no more")
      }).pipe(Effect.scoped)
    )
})

// -----------------------------------------------------------------------------

const failed = ({ device }: Settings, detail: string) =>
  new ProcedureError({ procedure: name, reason: "Disconnected", detail: `${device}: ${detail}` })

const ofSource = ({ detail, reason }: SourceError) =>
  new ProcedureError({
    procedure: name,
    reason: reason === "Misconfigured" || reason === "Unsupported" ? "Misconfigured" : "Disconnected",
    detail
  })

const fromJson = Schema.decodeEither(Schema.parseJson())

/** A line that is not what it should be is kept as a text. */
const dataOf = ({ parse }: Settings, line: string): unknown => {
  if (parse === "numbers") return (line.match(/[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?/g) ?? []).map(Number)
  return parse === "json" ? Either.getOrElse(fromJson(line), () => line) : line
}
