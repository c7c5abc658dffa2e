/**
 * Lines from a serial device, each a frame. The system's own `stty` sets the line (speed, bits, nothing translated); what comes is
 * read without blocking, so that it can be stopped at any time. A device that is unplugged is told.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ByteCount, optionalSetting, setting } from "../../site/Setting.js"
import { FrameIntake } from "../../source/FrameIntake.js"
import * as Source from "../../source/Source.js"
import { follow } from "./internal/byteStream.js"
import { Lines, stripped } from "./internal/lines.js"
import * as SerialPort from "./internal/serialPort.js"

const name = "serial-lines"

const Settings = Schema.Struct({
  ...SerialPort.lineFields,
  hello: optionalSetting(Schema.String, "Sent once the device is open"),
  keep_newline: setting(Schema.Boolean, false, "Frames end with the line's ending"),
  buffer: setting(ByteCount, 1024 * 1024, "What may wait here; beyond it the device's own buffer fills"),
  max_line: setting(ByteCount, 64 * 1024, "A longer line is dropped and told"),
  typ: setting(Schema.NonEmptyString, "lines", "What receivers are told the frames are")
})

export const SerialLinesSource = Source.make({
  name,
  description: "Lines from a serial device; each is a frame",
  typ: ({ typ }) => typ,
  settings: Settings,
  open: Effect.fnUntraced(function* (settings) {
    const intake = new FrameIntake(name, settings.buffer)
    const device = yield* SerialPort.acquire(name, settings)
    const lines = new Lines(
      settings.max_line,
      (line) => intake.put({ parts: [settings.keep_newline ? line : stripped(line)] }),
      (bytes) => intake.malformed(`a line of ${bytes} bytes`)
    )
    follow(device, intake, {
      data: (chunk) => lines.push(chunk),
      end: (detail) => intake.finish("Disconnected", `${settings.device}: ${detail}`)
    })
    if (Option.isSome(settings.hello)) device.write(settings.hello.value)
    return { take: intake.take }
  })
})
