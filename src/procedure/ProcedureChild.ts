/** One entry of the config as a supervised child: found, prepared once for each life, run by its plan, within its limits. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Clock from "effect/Clock"
import type * as DateTime from "effect/DateTime"
import { resolve } from "node:path"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as Self from "../actor/Self.js"
import { zoneOf } from "../site/Setting.js"
import * as Trigger from "../schedule/Trigger.js"
import * as StatePart from "../state/StatePart.js"
import { StateDocument } from "../state/StateDocument.js"
import * as CommandProcedure from "./command/CommandProcedure.js"
import * as ModuleProcedure from "./module/ModuleProcedure.js"
import { Emitter, type Procedure, ProcedureError, type Run, type Services } from "./Procedure.js"
import type { RunBook } from "./RunBook.js"
import * as RunPlan from "./RunPlan.js"
import type { ProcedureSettings } from "./Settings.js"

export interface Options extends CommandProcedure.Ground {
  readonly id: string
  readonly entry: ProcedureSettings
  readonly book: RunBook
  /** Built-ins and plug-ins. */
  readonly available: ReadonlyArray<Procedure>
  /** Of cron expressions whose entry names none. */
  readonly zone: DateTime.TimeZone
  /** The first life, which nobody asked for, does nothing until it is stopped. */
  readonly idle: boolean
  readonly succeeded: (at: number) => Effect.Effect<void>
}

type Life = Effect.Effect<void, ProcedureError, Services | Scope.Scope>

export const spec = (options: Options): ChildSpec.ChildSpec<Exclude<Services, Self.Self>> => {
  const { entry, id, idle } = options
  const isCommand = Option.isSome(entry.command)
  const life = lifeOf(options)
  let waiting = idle
  const orIdle: Life = Effect.suspend(() => {
    if (!waiting) return life
    waiting = false
    return Effect.zipRight(Self.ready, Effect.never)
  })
  const silence = silenceOf(entry, isCommand || Option.isSome(entry.module))
  return ChildSpec.make({
    id,
    run: orIdle,
    ready: "signalled",
    restart: restarts[entry.restart],
    onStartFailure: "retry",
    onIntensity: "quarantine",
    // A command is killed when its time is over: that takes a moment more.
    shutdown: isCommand ? Duration.sum(entry.shutdown, Duration.seconds(5)) : entry.shutdown,
    intensity: { maxRestarts: entry.limits.restarts, within: entry.limits.restart_window },
    ...(silence === undefined ? {} : { progress: { within: silence, restart: true } })
  })
}

/** What an entry runs, for people: the name of a built-in, a module's path, a command line. */
export const describe = (id: string, entry: ProcedureSettings): string =>
  Option.match(entry.command, {
    onNone: () =>
      Option.getOrElse(
        Option.orElse(entry.module, () => entry.use),
        () => id
      ),
    onSome: (command) => command.join(" ")
  })

// -----------------------------------------------------------------------------

const restarts = { always: "permanent", "on-failure": "transient", never: "temporary" } as const

/** Waits between runs are no silence. Without a heartbeat an endless run may be silent for as long as it likes. */
const silenceOf = (entry: ProcedureSettings, isEndless: boolean): Duration.Duration | undefined => {
  if (Option.isSome(entry.heartbeat)) return entry.heartbeat.value
  if (Option.isSome(entry.cron) || (Option.isNone(entry.every) && isEndless)) return undefined
  const every = Option.getOrElse(entry.every, () => eachMinute)
  return Duration.sum(Duration.times(every, 3), Duration.minutes(1))
}

const eachMinute = Duration.minutes(1)

const lifeOf = (options: Options): Life =>
  Effect.gen(function* () {
    const { book, entry, id } = options
    const emitter = yield* Emitter
    yield* (yield* StateDocument).declare([id, ...entry.state].map(StatePart.free))
    const procedure = yield* find(options)
    const plan = yield* planOf(options, procedure)
    const run = yield* procedure.prepare(entry.settings)
    yield* Self.ready
    const told = yield* overrunTold(options, emitter)
    yield* RunPlan.follow(plan, book, { succeeded: options.succeeded, overrun: told }, limited(options, run))
  }).pipe(Effect.annotateLogs("procedure", options.id))

const misconfigured = (procedure: string, detail: string) =>
  new ProcedureError({ procedure, reason: "Misconfigured", detail })

const find = (options: Options): Effect.Effect<Procedure, ProcedureError> => {
  const { available, directory, entry, id } = options
  if (Option.isSome(entry.command)) {
    return Effect.succeed(CommandProcedure.make({ ...options, name: id, command: entry.command.value }))
  }
  if (Option.isSome(entry.module)) {
    const file = resolve(directory, entry.module.value)
    return Effect.succeed(ModuleProcedure.make({ name: id, file, book: options.book }))
  }
  const name = Option.getOrElse(entry.use, () => id)
  const found = available.find((procedure) => procedure.name === name)
  if (found !== undefined) return Effect.succeed(found)
  const names = available.map((procedure) => procedure.name).join(", ")
  return misconfigured(id, `there is no procedure '${name}'; there are: ${names}`)
}

const planOf = ({ entry, id, zone }: Options, procedure: Procedure): Effect.Effect<RunPlan.RunPlan, ProcedureError> => {
  const { missed, overlap } = entry
  const signOfLife = Option.match(entry.heartbeat, {
    onNone: () => eachMinute,
    onSome: (heartbeat) => Duration.times(heartbeat, 0.5)
  })
  if (Option.isSome(entry.cron)) {
    const named = Option.match(entry.timezone, { onNone: () => zone, onSome: zoneOf })
    return Either.mapBoth(Trigger.cron(entry.cron.value, named), {
      onLeft: ({ message }) => misconfigured(id, message),
      onRight: (trigger) => ({ trigger: Option.some(trigger), overlap, missed, signOfLife })
    })
  }
  const every = Option.orElse(entry.every, () =>
    procedure.pace === "each-minute" ? Option.some(eachMinute) : Option.none()
  )
  const trigger = Option.map(every, (interval) => Trigger.exactly(interval))
  return Effect.succeed({ trigger, overlap, missed, signOfLife })
}

const limited = ({ entry, id }: Options, run: Run): Run =>
  Option.match(entry.limits.run_time, {
    onNone: () => run,
    onSome: (limit) =>
      Effect.timeoutFail(run, {
        duration: limit,
        onTimeout: () =>
          new ProcedureError({
            procedure: id,
            reason: "TimeLimit",
            detail: `a run took longer than ${Duration.format(limit)}`
          })
      })
  })

/** From one line about overruns to the next. */
const overrunPause = 60_000

/** Told at once, and then at most once a minute with how many there have been. */
const overrunTold = ({ book, id }: Options, emitter: Emitter["Type"]) =>
  Effect.sync(() => {
    let toldAt: number | undefined
    let untold = 0
    return (starts: number) =>
      Effect.gen(function* () {
        untold += starts
        const now = yield* Clock.currentTimeMillis
        if (toldAt !== undefined && Math.abs(now - toldAt) < overrunPause) return
        toldAt = now
        yield* Effect.logWarning(`a run took longer than its interval: ${untold} starts came due meanwhile`)
        yield* emitter.record("procedure.overrun", { procedure: id, starts: untold, total: book.overruns })
        untold = 0
      })
  })
