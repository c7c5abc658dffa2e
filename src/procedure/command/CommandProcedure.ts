/**
 * A procedure that is an external command, in any language. Each run is one process: started from its argument list and never
 * by a shell, told its settings, read until it ends, and ended with all it has started when the run is interrupted. What it
 * costs is bounded: its memory, the length of its lines, how many of them become log lines, how fast it is read.
 *
 * Its output is read until it has ended, so that what it says while it is torn down counts.
 */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import { isAbsolute, resolve } from "node:path"
import * as OsProcess from "../../actor/OsProcess.js"
import { type Procedure, ProcedureError, type Run, TypeId } from "../Procedure.js"
import type { RunBook } from "../RunBook.js"
import type { ProcedureSettings } from "../Settings.js"
import * as LogBudget from "./LogBudget.js"
import * as Output from "./CommandOutput.js"
import * as Protocol from "./CommandProtocol.js"

/** What all commands of a site share. */
export interface Ground {
  /** The site: where relative paths begin. */
  readonly directory: string
  /** The little of our own environment that a command gets. */
  readonly environment: Readonly<Record<string, string>>
  /** What every command of this site bears in its environment, also in the lives before and after this one. */
  readonly siteMark: string
}

export interface Options extends Ground {
  readonly name: string
  readonly command: readonly [string, ...ReadonlyArray<string>]
  readonly entry: ProcedureSettings
  readonly book: RunBook
}

export const make = (options: Options): Procedure => ({
  _tag: "Procedure",
  [TypeId]: TypeId,
  name: options.name,
  description: `The command ${options.command.join(" ")}`,
  pace: "endless",
  prepare: (settings) => Effect.succeed(runOf(options, settings))
})

/** Ends what commands of an earlier life of this site have left running. Answers how many processes there were. */
export const reap = (siteMark: string): Effect.Effect<number> => OsProcess.reap(`${siteVariable}=${siteMark}`)

// -----------------------------------------------------------------------------

const siteVariable = "OUTPOST_SITE_ID"

/** Tells the processes of one run from all others. */
const runVariable = "OUTPOST_RUN_ID"

/** Output is read no faster: a flood must leave time for others. */
const bytesPerSecond = 16 * 1024 * 1024

const memoryLooks = Schedule.spaced("250 millis")

const runOf = (options: Options, settings: unknown): Run =>
  Effect.gen(function* () {
    const { book, name } = options
    const clock = yield* Effect.clock
    const budget = new LogBudget.LogBudget(() => clock.unsafeCurrentTimeMillis())
    // Closed behind the process: whoever reads its output goes on until it has ended.
    const readers = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    const process = yield* OsProcess.make(processOptions(options, budget, randomUUID())).pipe(
      Effect.mapError((error) => unrunnable(name, error))
    )
    const tell = yield* Output.teller({ procedure: name, book, budget })
    const reading = yield* Effect.all([tell(process.stdout, "stdout"), tell(process.stderr, "stderr")], {
      concurrency: 2,
      discard: true
    }).pipe(Effect.forkIn(readers))
    // Whoever does not read its input is left alone.
    yield* Effect.forkIn(Effect.ignore(process.write(Protocol.settingsLine(name, settings))), readers)
    // By then it has ended, whoever ended it.
    yield* Scope.addFinalizer(
      readers,
      Effect.map(
        Effect.timeoutOption(process.exit, "100 millis"),
        Option.map((ended) => noteExit(book, ended))
      )
    )
    const ended = yield* Effect.raceFirst(process.exit, overMemory(process, options))
    // What it left running may hold its output open.
    yield* Effect.timeoutOption(Effect.disconnect(reading.await), "1 second")
    const how = ended._tag === "Exited" ? `with code ${ended.code}` : `by ${ended.signal}`
    if (ended._tag === "Exited" && ended.code === 0) return
    return yield* new ProcedureError({ procedure: name, reason: "Failed", detail: `the command ended ${how}` })
  }).pipe(Effect.scoped)

const noteExit = (book: RunBook, ended: OsProcess.Ended): void => {
  book.exit =
    ended._tag === "Exited" ? { code: ended.code, signal: undefined } : { code: undefined, signal: ended.signal }
}

const processOptions = (
  { book, command: [program, ...args], directory, entry, environment, name, siteMark }: Options,
  budget: LogBudget.LogBudget,
  run: string
): OsProcess.Options => ({
  name: `the procedure ${name}`,
  // A relative path with a slash is the site's; a bare name is looked for as a shell would.
  command: program.includes("/") && !isAbsolute(program) ? resolve(directory, program) : program,
  args,
  cwd: resolve(
    directory,
    Option.getOrElse(entry.directory, () => ".")
  ),
  env: {
    ...environment,
    ...Object.fromEntries(Object.entries(entry.env).map(([key, value]) => [key, Redacted.value(value)])),
    OUTPOST_SITE: directory,
    OUTPOST_PROCEDURE: name,
    [siteVariable]: siteMark,
    [runVariable]: run
  },
  shutdown: entry.shutdown,
  farewell: Protocol.stopLine(entry.shutdown),
  guard: true,
  mark: `${runVariable}=${run}`,
  longestLine: entry.limits.line_bytes,
  bytesPerSecond,
  keepLine: (first, channel) => {
    if (channel === "stdout" && first === Protocol.firstByte) return true
    if (budget.take()) return true
    book.droppedLines++
    return false
  }
})

/** Fails, once all of it has been killed, when it has more in memory than it may. */
const overMemory = (process: OsProcess.OsProcess, { entry, name }: Options): Effect.Effect<never, ProcedureError> =>
  Option.match(entry.limits.memory_bytes, {
    onNone: () => Effect.never,
    onSome: (most) =>
      process.residentBytes.pipe(
        Effect.filterOrFail(
          (bytes) => bytes <= most,
          (bytes) =>
            new ProcedureError({
              procedure: name,
              reason: "Memory",
              detail: `killed: it had ${bytes} bytes in memory, at most ${most} are allowed`
            })
        ),
        Effect.tapError(() => process.signal("SIGKILL")),
        Effect.repeat(memoryLooks),
        Effect.zipRight(Effect.never)
      )
  })

/** A program that is not there or may not be run does not come by trying again. */
const unrunnable = (procedure: string, error: OsProcess.SpawnFailed): ProcedureError =>
  new ProcedureError({
    procedure,
    reason: error.reason === "Other" ? "Failed" : "Misconfigured",
    detail: error.reason === "NotFound" ? `${error.message}: no such program, or no such directory` : error.message
  })
