/** The program: its commands, and one run of it from the command line to the exit code. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Advice from "./Advice.js"
import * as Arguments from "./Arguments.js"
import { backfill, collect } from "./BackfillCommand.js"
import * as CommandSpec from "./CommandSpec.js"
import { completions } from "./CompletionsCommand.js"
import { config } from "./ConfigCommand.js"
import { coverage } from "./CoverageCommand.js"
import { current } from "./CurrentCommand.js"
import { event } from "./EventCommand.js"
import { exportCommand } from "./ExportCommand.js"
import { type Failure, UsageProblem } from "./Failure.js"
import * as Globals from "./Globals.js"
import * as Help from "./Help.js"
import { ingest } from "./IngestCommand.js"
import { inventory } from "./InventoryCommand.js"
import { ledger } from "./LedgerCommand.js"
import { logs } from "./LogsCommand.js"
import { outbox } from "./OutboxCommand.js"
import * as Output from "./Output.js"
import { procedure } from "./ProcedureCommand.js"
import { run } from "./RunCommand.js"
import { schedule } from "./ScheduleCommand.js"
import { serve, status, stop } from "./ServeCommand.js"
import { installService } from "./ServiceCommand.js"
import { StandardIo } from "./StandardIo.js"
import { state } from "./StateCommand.js"
import { stream } from "./StreamCommand.js"
import { sync } from "./SyncCommand.js"
import { actor, tree } from "./TreeCommand.js"
import { update } from "./UpdateCommand.js"
import { doctor, verify } from "./VerifyCommand.js"
import { version } from "../domain/Version.js"

export const root: CommandSpec.CommandSpec = CommandSpec.group(
  "outpost",
  {
    summary: "unattended data acquisition: one site, its events, runs and procedures",
    examples: [
      ["outpost serve --init", "start a site in ./site"],
      [`outpost event post weather '{"wind":4.2}'`, "store an event"],
      ["outpost run start 042 && outpost run stop", "a run of observation"],
      ["outpost backfill --resume", "fetch what is missing of the series of the config"],
      ["outpost status", "how it is"]
    ]
  },
  [
    serve,
    stop,
    status,
    run,
    event,
    current,
    exportCommand,
    backfill,
    collect,
    coverage,
    inventory,
    schedule,
    stream,
    sync,
    ingest,
    verify,
    doctor,
    tree,
    actor,
    procedure,
    state,
    outbox,
    ledger,
    logs,
    config,
    installService,
    update,
    completions(() => root)
  ]
)

/** A command line as it was understood, or why it was not. */
export type Line = Either.Either<Arguments.Invocation<CommandSpec.CommandSpec>, UsageProblem>

/** Reads what follows the program's name. */
export const read = (args: ReadonlyArray<string>): Line => Arguments.parse(root, Globals.shapes, args)

/** Whether this is the command that runs until it is interrupted. */
export const isServing = (line: Line): boolean =>
  Either.isRight(line) && line.right.path[1]?.name === serve.name && line.right.wants === "run"

/** Whether a command will be run, instead of its help or the version being shown. */
export const isActing = (line: Line): boolean =>
  Either.isRight(line) && line.right.wants === "run" && line.right.path.at(-1)?.acts === true

/** Carries a command line out; failures have been told on standard error when it ends. */
export const execute = (line: Line): Effect.Effect<void, Failure, Exclude<CommandSpec.Environment, Globals.Globals>> =>
  Effect.gen(function* () {
    const { globals, path, tokens, wants } = yield* line
    const command = path[path.length - 1] ?? root
    if (wants === "version") return yield* Output.line(version)
    if (wants === "help" || !command.acts) {
      const io = yield* StandardIo
      const lines = Help.of(path, Globals.shapes, yield* Output.style, Math.min(100, yield* io.columns))
      return yield* Output.line(lines.join("\n"))
    }
    const settings = yield* Globals.decode(globals)
    yield* command
      .run(tokens)
      .pipe(
        Effect.provideService(Globals.Globals, settings),
        Logger.withMinimumLogLevel(
          Option.getOrElse(settings.logLevel, () => (command === serve ? LogLevel.Info : LogLevel.Warning))
        )
      )
  }).pipe(
    Effect.mapError((failure) => withHint(failure, line)),
    Effect.tapErrorCause((cause) => tell(cause, isDetailed(line))),
    logsToStandardError
  )

// ------------------------------------------------------------------------------------------------------------------

/** The default logger prints where the console's `log` goes; standard output is for answers alone. */
const logsToStandardError = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.consoleWith((console) =>
    Effect.withConsole(effect, {
      ...console,
      log: console.error,
      unsafe: { ...console.unsafe, log: console.unsafe.error }
    })
  )

/** Whoever does not know how to call a command reads its help next. */
const withHint = (failure: Failure, line: Line): Failure =>
  failure instanceof UsageProblem && failure.hint === undefined && Either.isRight(line)
    ? new UsageProblem({ message: failure.message, hint: `see ${Arguments.words(line.right.path)} --help` })
    : failure

const tell = (cause: Cause.Cause<Failure>, detailed: boolean) =>
  Effect.flatMap(StandardIo, (io) => {
    const text = Advice.ofCause(cause, detailed)
    return text === "" ? Effect.void : io.err(text)
  })

const isDetailed = (line: Line): boolean =>
  Either.isRight(line) && /^(all|trace|debug)$/i.test(String(line.right.globals["--log-level"] ?? ""))
