/**
 * A serial device that belongs to a scope. The system's own `stty` sets the line (speed, bits, nothing translated); what comes
 * is read without blocking, so that it can be stopped at any time.
 *
 * @internal
 */
import * as Command from "@effect/platform/Command"
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { close, constants, open } from "node:fs"
import { isatty, ReadStream } from "node:tty"
import { Count, setting } from "../../../site/Setting.js"
import { SourceError } from "../../../source/SourceError.js"

/** What a line can be told. */
export const lineFields = {
  device: Schema.String.pipe(
    Schema.pattern(/^\/dev\/./, { message: () => "expected a device such as /dev/ttyUSB0" })
  ).annotations({ description: "The device file" }),
  baud: setting(Count, 9600, "Bits a second"),
  bits: setting(Schema.Literal(5, 6, 7, 8), 8, "Data bits of a character"),
  parity: setting(Schema.Literal("none", "even", "odd"), "none", "Parity"),
  stop_bits: setting(Schema.Literal(1, 2), 1, "Stop bits"),
  flow: setting(Schema.Literal("none", "hardware", "software"), "none", "Who holds back a sender that is too fast")
}
const LineSettings = Schema.Struct(lineFields)
export type LineSettings = typeof LineSettings.Type

/** The device, set and open as long as the scope. Not reading yet, so that nothing of another speed is taken for data. */
export const acquire = (
  source: string,
  settings: LineSettings
): Effect.Effect<ReadStream, SourceError, CommandExecutor.CommandExecutor | Scope.Scope> =>
  Effect.tap(opened(source, settings), setLine(source, settings))

// ---------------------------------------------------------------------------------------------------------------------

const failed = (source: string, reason: SourceError["reason"], detail: string) =>
  new SourceError({ source, reason, detail })

const opened = (source: string, { device }: LineSettings): Effect.Effect<ReadStream, SourceError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<ReadStream, SourceError>((resume) =>
      open(device, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK, (error, descriptor) => {
        if (error !== null) return resume(failed(source, "Disconnected", error.message))
        if (isatty(descriptor)) return resume(Effect.succeed(new ReadStream(descriptor)))
        close(descriptor)
        resume(failed(source, "Misconfigured", `${device} is no serial device`))
      })
    ),
    (stream) => Effect.sync(() => stream.destroy())
  )

const flows: Readonly<Record<LineSettings["flow"], ReadonlyArray<string>>> = {
  none: ["-crtscts", "-ixon", "-ixoff"],
  hardware: ["crtscts", "-ixon", "-ixoff"],
  software: ["-crtscts", "ixon", "ixoff"]
}

const parities: Readonly<Record<LineSettings["parity"], ReadonlyArray<string>>> = {
  none: ["-parenb"],
  even: ["parenb", "-parodd"],
  odd: ["parenb", "parodd"]
}

/** Settings stay while the device is open. */
const setLine = (
  source: string,
  settings: LineSettings
): Effect.Effect<void, SourceError, CommandExecutor.CommandExecutor> =>
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
    Effect.mapError(({ message }) => failed(source, "Unsupported", `stty: ${message}`)),
    Effect.filterOrFail(
      (code) => code === 0,
      (code) =>
        failed(source, "Misconfigured", `stty ended with ${code}: ${settings.device} does not take these settings`)
    ),
    Effect.asVoid
  )
