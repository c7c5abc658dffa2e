/**
 * The procedures of a site as supervised children: one for each enabled entry of the config section, restarted when their
 * entry changes, left alone when it does not. An entry that can't run (an unknown name, settings that do not decode) fails
 * with its reason and disturbs no other.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Utils from "effect/Utils"
import type { Self } from "../actor/Self.js"
import type { Supervisor } from "../actor/Supervisor.js"
import type { StorageFailed } from "../domain/Refusal.js"
import { ScheduleStore } from "../schedule/ScheduleStore.js"
import type { Services } from "./Procedure.js"
import * as ProcedureChild from "./ProcedureChild.js"
import { RunBook } from "./RunBook.js"
import type { Procedures as Entries, ProcedureSettings } from "./Settings.js"

/** An entry that runs, and what is known of its runs. */
export interface Known {
  readonly id: string
  readonly entry: ProcedureSettings
  readonly book: RunBook
}

export class Procedures extends Context.Tag("outpost/procedure/Procedures")<
  Procedures,
  {
    /** The enabled entries, in the order of the config. */
    readonly list: Effect.Effect<ReadonlyArray<Known>>
    /**
     * Brings what runs to these entries; answers the names that were added, removed or restarted. With `idle` nothing starts
     * by itself, and every procedure can be started.
     */
    readonly reconcile: (entries: Entries, options: { readonly idle: boolean }) => Effect.Effect<ReadonlyArray<string>>
  }
>() {}

export interface Options extends Pick<
  ProcedureChild.Options,
  "available" | "directory" | "environment" | "siteMark" | "zone"
> {
  /** Where the children go. */
  readonly supervisor: Supervisor
}

export const make = (
  options: Options
): Effect.Effect<Context.Tag.Service<Procedures>, StorageFailed, ScheduleStore | Exclude<Services, Self>> =>
  Effect.gen(function* () {
    const { supervisor } = options
    const store = yield* ScheduleStore
    const services = yield* Effect.context<Exclude<Services, Self>>()
    const remembered = yield* store.load
    const known = new Map<string, Known>()
    const seen = new Set<string>()
    let order: ReadonlyArray<string> = []
    const alone = yield* Effect.makeSemaphore(1)

    const add = Effect.fnUntraced(function* (id: string, entry: ProcedureSettings, idle: boolean) {
      const book = new RunBook()
      // What ran before this process did counts for an entry as it was found, not for one that was changed since.
      if (!seen.has(id)) book.succeededAt = remembered.get(memoryId(id))?.lastRun
      seen.add(id)
      known.set(id, { id, entry, book })
      const succeeded = (at: number) =>
        isWorthKeeping(entry)
          ? Effect.catchAll(store.ran(memoryId(id), at), (error) => Effect.logWarning(error.message))
          : Effect.void
      yield* supervisor.add(ProcedureChild.spec({ ...options, id, entry, book, idle, succeeded })).pipe(
        Effect.zipRight(idle ? supervisor.stop(id) : Effect.void),
        Effect.catchAll((error) => Effect.logError(`procedure ${id}: ${error.message}`))
      )
    })

    const reconcile = Effect.fnUntraced(function* (entries: Entries, { idle }: { readonly idle: boolean }) {
      const wanted = new Map(Object.entries(entries).filter(([, entry]) => entry.enabled))
      const stale = Array.from(known.values()).filter(({ entry, id }) => {
        const next = wanted.get(id)
        return next === undefined || !isSame(entry, next)
      })
      for (const { id } of stale) known.delete(id)
      // None waits for another: one that takes long to come up, or to end, keeps nobody.
      yield* Effect.forEach(stale, ({ id }) => Effect.ignore(supervisor.remove(id)), together)
      const fresh = [...wanted].filter(([id]) => !known.has(id))
      yield* Effect.forEach(fresh, ([id, entry]) => add(id, entry, idle), together)
      order = [...wanted.keys()]
      return [...new Set([...stale.map(({ id }) => id), ...fresh.map(([id]) => id)])]
    })

    return Procedures.of({
      list: Effect.sync(() => order.flatMap((id) => known.get(id) ?? [])),
      reconcile: (entries, idle) => alone.withPermits(1)(Effect.provide(reconcile(entries, idle), services))
    })
  })

// -----------------------------------------------------------------------------

const together = { concurrency: "unbounded", discard: true } as const

/** By value, all the way down: an entry that is read again is no other for that. */
const isSame = (a: ProcedureSettings, b: ProcedureSettings): boolean => Utils.structuralRegion(() => Equal.equals(a, b))

/** A run each second is not missed: what a restart must know of is worth the disk. */
const isWorthKeeping = ({ cron, every }: ProcedureSettings): boolean =>
  Option.isSome(cron) || Option.exists(every, Duration.greaterThanOrEqualTo(Duration.minutes(1)))

/** Schedules and procedures share a table. */
const memoryId = (id: string): string => `procedures/${id}`
