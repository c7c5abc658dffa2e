/**
 * The loggers of the program: lines on stderr (stdout belongs to a command's answer) and, for a site, in its daily files.
 * Every line passes the redaction of secrets. A logger never waits and never fails into the program that logs: an stderr
 * that has gone away is ignored, a slow disk costs lines and is counted (LogFile).
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import { LogBurst } from "./internal/logBurst.js"
import * as text from "./internal/logText.js"
import { LogFile } from "./LogFile.js"
import { rankOf } from "./LogLine.js"
import { Redaction } from "./Redaction.js"
import type { LogLevelName, LogSettings } from "./Settings.js"

export class Logging extends Context.Tag("outpost/site/Logging")<
  Logging,
  {
    /** From now on only lines of this level and above are logged. Takes effect at once, everywhere. */
    readonly setLevel: (level: LogLevelName) => Effect.Effect<void>
  }
>() {}

/** Where lines for people go: stderr, or a double of it. */
export interface ConsoleSink {
  readonly terminal: boolean
  readonly colours: boolean
  readonly write: (line: string) => void
}

/** stderr for the life of the scope; one that has been closed at the other end is ignored. */
export const stderr: Effect.Effect<ConsoleSink, never, Effect.Effect.Context<typeof listening>> = Effect.suspend(() =>
  Effect.as(listening, {
    terminal: process.stderr.isTTY === true,
    colours: process.stderr.isTTY === true && process.stderr.hasColors(),
    write: (line) => void process.stderr.write(line)
  })
)

type Wanted = Pick<LogSettings, "level" | "console"> & Partial<Pick<LogSettings, "burst">>

/** Console alone, for commands that make no site. */
export const layerConsole = (settings: Wanted, sink: typeof stderr = stderr): Layer.Layer<Logging, never, Redaction> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const { redact } = yield* Redaction
      const out = yield* sink
      return yield* loggers(settings, redact, consoleLine(settings.console, out))
    })
  )

/** Console and the site's daily files. */
export const layer = (
  settings: Wanted,
  sink: typeof stderr = stderr
): Layer.Layer<Logging, never, Redaction | LogFile> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const { redact } = yield* Redaction
      const file = yield* LogFile
      const print = consoleLine(settings.console, yield* sink)
      return yield* loggers(settings, redact, (entry) => {
        print(entry)
        file.write(entry.ts, text.json(entry))
      })
    })
  )

// ------------------------------------------------------------------------------------------------------------------

type Print = (entry: text.LogEntry) => void

const loggers = (
  settings: Wanted,
  redact: (text: string) => string,
  print: Print
): Effect.Effect<Layer.Layer<Logging>, never, Scope.Scope> =>
  Effect.gen(function* () {
    let least = rankOf(settings.level)
    const { lines, within } = settings.burst ?? { lines: 0, within: Duration.zero }
    const burst = new LogBurst({ lines, within: Duration.toMillis(within) })
    const write = (entries: () => ReadonlyArray<text.LogEntry>) => {
      try {
        for (const entry of entries()) print(text.redacted(entry, redact))
      } catch {
        // A value that throws when it is written out must not stop the program that logged it.
      }
    }
    const logger = Logger.make<unknown, void>((options) => {
      if (rankOf(options.logLevel.label) < least) return
      write(() => burst.take(text.entryOf(options), options.date.getTime()))
    })
    yield* Effect.addFinalizer(() => Effect.sync(() => write(() => burst.rest())))
    return Layer.mergeAll(
      Layer.succeed(Logging, { setLevel: (level) => Effect.sync(() => void (least = rankOf(level))) }),
      Logger.replace(Logger.defaultLogger, logger),
      // The level may be lowered while fibers run, so the choice is the logger's own.
      Logger.minimumLogLevel(LogLevel.All)
    )
  })

const consoleLine = (style: LogSettings["console"], out: ConsoleSink): Print => {
  const chosen = style === "auto" ? (out.terminal ? "pretty" : "logfmt") : style
  switch (chosen) {
    case "off":
      return () => undefined
    case "logfmt":
      return (entry) => out.write(`${text.logfmt(entry)}\n`)
    case "pretty":
      return (entry) => out.write(`${text.pretty(entry, out.colours)}\n`)
  }
}

const ignore = () => undefined
const listening = Effect.acquireRelease(
  Effect.sync(() => process.stderr.on("error", ignore)),
  () => Effect.sync(() => process.stderr.off("error", ignore))
)
