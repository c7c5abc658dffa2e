/**
 * The procedures of a site as supervised children: one for each enabled entry of the config section, restarted when their
 * entry changes, left alone when it does not. An entry that can't run (an unknown name, settings that do not decode) fails
 * with its reason and disturbs no other.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as Self from "../actor/Self.js"
import type { Supervisor } from "../actor/Supervisor.js"
import * as Aligned from "../schedule/Aligned.js"
import { Emitter, type Procedure, ProcedureError } from "./Procedure.js"
import type { Procedures, ProcedureSettings } from "./Settings.js"

/** The child of one entry. */
export const childSpec = (
  id: string,
  entry: ProcedureSettings,
  available: ReadonlyArray<Procedure>,
  options: { readonly idle: boolean }
): ChildSpec.ChildSpec<Emitter> => {
  const every = Option.getOrElse(entry.every, () => Duration.minutes(1))
  const life: Effect.Effect<never, ProcedureError, Emitter | Scope.Scope | Self.Self> = Effect.gen(function* () {
    const procedure = yield* find(id, entry, available)
    const run = yield* procedure.prepare(entry.settings)
    const limited = Option.match(entry.limits.run_time, {
      onNone: () => run,
      onSome: (limit) =>
        Effect.timeoutFail(run, {
          duration: limit,
          onTimeout: () =>
            new ProcedureError({
              procedure: id,
              reason: "Disconnected",
              detail: `a run took longer than ${Duration.format(limit)}`
            })
        })
    })
    yield* Self.ready
    return yield* Aligned.repeat(Effect.zipRight(limited, Self.mark), every)
  }).pipe(Effect.annotateLogs("procedure", id))
  // On an idle site the first life, which nobody asked for, does nothing until it is stopped; the one that is ordered works.
  let waiting = options.idle
  const orIdle = Effect.suspend((): Effect.Effect<never, ProcedureError, Emitter | Scope.Scope | Self.Self> => {
    if (!waiting) return life
    waiting = false
    return Effect.zipRight(Self.ready, Effect.never)
  })
  // The wait between two runs is no silence.
  const patience = Option.getOrElse(entry.heartbeat, () => Duration.sum(Duration.times(every, 2), Duration.minutes(1)))
  const silence = Duration.sum(every, patience)
  return ChildSpec.make({
    id,
    run: orIdle,
    ready: "signalled",
    onStartFailure: "retry",
    onIntensity: "quarantine",
    shutdown: entry.shutdown,
    intensity: { maxRestarts: entry.limits.restarts, within: entry.limits.restart_window },
    progress: { within: silence, restart: true }
  })
}

/**
 * Brings the children of `supervisor` from the entries before to those now. Answers the names of the children that were
 * added, removed or restarted.
 */
export const reconcile = Effect.fnUntraced(function* (
  supervisor: Supervisor,
  available: ReadonlyArray<Procedure>,
  before: Procedures,
  now: Procedures,
  options: { readonly idle: boolean }
) {
  const changed: Array<string> = []
  const running = (entries: Procedures, id: string) => (entries[id]?.enabled === true ? entries[id] : undefined)
  for (const id of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const old = running(before, id)
    const next = running(now, id)
    if (old === next || (old !== undefined && next !== undefined && same(old, next))) continue
    changed.push(id)
    if (old !== undefined) yield* Effect.ignore(supervisor.remove(id))
    if (next !== undefined) {
      yield* supervisor.add(childSpec(id, next, available, options)).pipe(
        Effect.zipRight(options.idle ? supervisor.stop(id) : Effect.void),
        Effect.catchAll((error) => Effect.logError(`procedure ${id}: ${error.message}`))
      )
    }
  }
  return changed
})

// -----------------------------------------------------------------------------

const same = (a: ProcedureSettings, b: ProcedureSettings): boolean => JSON.stringify(a) === JSON.stringify(b)

const find = (id: string, entry: ProcedureSettings, available: ReadonlyArray<Procedure>) => {
  const misconfigured = (detail: string) => new ProcedureError({ procedure: id, reason: "Misconfigured", detail })
  if (Option.isSome(entry.command) || Option.isSome(entry.module)) {
    return misconfigured("this version runs built-in procedures only: say `use`, not `command` or `module`")
  }
  if (Option.isSome(entry.cron)) return misconfigured("this version knows `every`, not `cron`")
  const name = Option.getOrElse(entry.use, () => id)
  const found = available.find((procedure) => procedure.name === name)
  if (found !== undefined) return Effect.succeed(found)
  return misconfigured(
    `there is no procedure '${name}'; there are: ${available.map((procedure) => procedure.name).join(", ")}`
  )
}
