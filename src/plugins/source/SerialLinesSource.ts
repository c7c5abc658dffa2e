/**
 * Lines from a serial device, each a frame. The system's own `stty` sets the line (speed, bits, nothing translated); what comes is
 * read without blocking, so that it can be stopped at any time. A device that is unplugged is told.
 */
import * as Command from "@effect/platform/Command"
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { close, constants, open } from "node:fs"
import { isatty, ReadStream } from "node:tty"
import { ByteCount, Count, optionalSetting, setting } from "../../site/Setting.js"
import { FrameIntake } from "../../source/FrameIntake.js"
import * as Source from "../../source/Source.js"
import { SourceError } from "../../source/SourceError.js"
import { follow } from "./internal/byteStream.js"
import { Lines, stripped } from "./internal/lines.js"

const name = "serial-lines"

const Settings = Schema.Struct({
  device: Schema.String.pipe(
    Schema.pattern(/^\/dev\/./, { message: () => "expected a device such as /dev/ttyUSB0" })
  ).annotations({ description: "The device file" }),
  baud: setting(Count, 9600, "Bits a second"),
  bits: setting(Schema.Literal(5, 6, 7, 8), 8, "Data bits of a character"),
  parity: setting(Schema.Literal("none", "even", "odd"), "none", "Parity"),
  stop_bits: setting(Schema.Literal(1, 2), 1, "Stop bits"),
  flow: setting(Schema.Literal("none", "hardware", "software"), "none", "Who holds back a sender that is too fast"),
  hello: optionalSetting(Schema.String, "Sent once the device is open"),
  keep_newline: setting(Schema.Boolean, false, "Frames end with the line's ending"),
  buffer: setting(ByteCount, 1024 * 1024, "What may wait here; beyond it the device's own buffer fills"),
  max_line: setting(ByteCount, 64 * 1024, "A longer line is dropped and told"),
  typ: setting(Schema.NonEmptyString, "lines", "What receivers are told the frames are")
})
type Settings = typeof Settings.Type

export const SerialLinesSource = Source.make({
  name,
  description: "Lines from a serial device; each is a frame",
  typ: ({ typ }) => typ,
  settings: Settings,
  open: Effect.fnUntraced(function* (settings) {
    const intake = new FrameIntake(name, settings.buffer)
    const device = yield* opened(settings)
    yield* setLine(settings)
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

// ---------------------------------------------------------------------------------------------------------------------

const failed = (reason: SourceError["reason"], detail: string) => new SourceError({ source: name, reason, detail })

/** The device, open as long as the scope. Not reading yet, so that nothing of another speed is taken for data. */
const opened = ({ device }: Settings): Effect.Effect<ReadStream, SourceError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<ReadStream, SourceError>((resume) =>
      open(device, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK, (error, descriptor) => {
        if (error !== null) return resume(failed("Disconnected", error.message))
        if (isatty(descriptor)) return resume(Effect.succeed(new ReadStream(descriptor)))
        close(descriptor)
        resume(failed("Misconfigured", `${device} is no serial device`))
      })
    ),
    (stream) => Effect.sync(() => stream.destroy())
  )

const flows: Readonly<Record<Settings["flow"], ReadonlyArray<string>>> = {
  none: ["-crtscts", "-ixon", "-ixoff"],
  hardware: ["crtscts", "-ixon", "-ixoff"],
  software: ["-crtscts", "ixon", "ixoff"]
}

const parities: Readonly<Record<Settings["parity"], ReadonlyArray<string>>> = {
  none: ["-parenb"],
  even: ["parenb", "-parodd"],
  odd: ["parenb", "parodd"]
}

/** Settings stay while the device is open. */
const setLine = (settings: Settings): Effect.Effect<void, SourceError, CommandExecutor.CommandExecutor> =>
  Command.make(
    "stty",
    "-F",
    settings.device,
    "raw",
    "-echo",
    "clocal",
    String(settings.baud),
    `cs${settings.bits}`,
    ...parities[settings.parity],
    settings.stop_bits === 2 ? "cstopb" : "-cstopb",
    ...flows[settings.flow]
  ).pipe(
    Command.exitCode,
    Effect.mapError(({ message }) => failed("Unsupported", `stty: ${message}`)),
    Effect.filterOrFail(
      (code) => code === 0,
      (code) => failed("Misconfigured", `stty ended with ${code}: ${settings.device} does not take these settings`)
    ),
    Effect.asVoid
  )
