/**
 * Work that is due again and again, as supervised children: one for each entry. A run never overlaps itself: what comes due
 * meanwhile is left out. A run that was missed while the site was down is made up for once where the entry says so. What a
 * person paused stays paused over restarts, entry by entry and all together.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as Self from "../actor/Self.js"
import type { Supervisor } from "../actor/Supervisor.js"
import { ScheduleNotFound } from "../domain/Collector.js"
import type { StorageFailed } from "../domain/Refusal.js"
import * as Aligned from "./Aligned.js"
import { ScheduleStore } from "./ScheduleStore.js"
import * as Trigger from "./Trigger.js"

export interface Entry {
  readonly id: string
  readonly name: string
  /** The section of the config it comes from. */
  readonly section: string
  readonly trigger: Trigger.Trigger
  /** Whether a run that came due while nobody was there is made up for. */
  readonly missed: "once" | "skip"
  /** What tells one version of the entry from another: with the same text a reconciled entry is left alone. */
  readonly fingerprint: string
  readonly work: Effect.Effect<void>
}

/** An entry as it stands. Times are milliseconds since the epoch. */
export interface ScheduleState {
  readonly id: string
  readonly name: string
  readonly section: string
  readonly trigger: string
  readonly paused: boolean
  readonly running: boolean
  readonly nextRun: number | undefined
  readonly lastRun: number | undefined
}

export class Schedules extends Context.Tag("outpost/schedule/Schedules")<
  Schedules,
  {
    /** In the order of the entries. */
    readonly list: Effect.Effect<ReadonlyArray<ScheduleState>>
    /** Whether entries run at all: false while all are paused together, or nothing starts by itself. */
    readonly running: Effect.Effect<boolean>
    /** Brings the children to these entries; entries with the same fingerprint keep what they are doing. */
    readonly reconcile: (entries: ReadonlyArray<Entry>) => Effect.Effect<void>
    /** Durable once it returns. A run under way is not stopped by a pause. */
    readonly setPaused: (id: string, paused: boolean) => Effect.Effect<void, ScheduleNotFound | StorageFailed>
    readonly setRunning: (running: boolean) => Effect.Effect<void, StorageFailed>
  }
>() {}

interface Options {
  readonly supervisor: Supervisor
  /** Nothing runs before it is told to. */
  readonly idle: boolean
}

/** The name under which all entries together are paused. */
const all = "*"

interface Known {
  readonly entry: Entry
  readonly state: SubscriptionRef.SubscriptionRef<ScheduleState>
}

export const make = (
  options: Options
): Effect.Effect<Context.Tag.Service<Schedules>, StorageFailed, ScheduleStore | Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* ScheduleStore
    const remembered = new Map(yield* store.load)
    const running = yield* SubscriptionRef.make(!options.idle && remembered.get(all)?.paused !== true)
    const known = new Map<string, Known>()
    const mutex = yield* Effect.makeSemaphore(1)

    const add = Effect.fnUntraced(function* (entry: Entry) {
      const { lastRun, paused } = remembered.get(entry.id) ?? { paused: false, lastRun: undefined }
      const state = yield* SubscriptionRef.make<ScheduleState>({
        id: entry.id,
        name: entry.name,
        section: entry.section,
        trigger: Trigger.describe(entry.trigger),
        paused,
        running: false,
        nextRun: undefined,
        lastRun
      })
      known.set(entry.id, { entry, state })
      const remember = (at: number) =>
        Effect.zipRight(
          Effect.sync(() =>
            remembered.set(entry.id, { paused: remembered.get(entry.id)?.paused ?? false, lastRun: at })
          ),
          Effect.catchAll(store.ran(entry.id, at), (error) => Effect.logWarning(error.message))
        )
      yield* options.supervisor
        .add(child(entry, state, running, remember))
        .pipe(Effect.catchAll((error) => Effect.logError(`schedule ${entry.id}: ${error.message}`)))
    })
    const remove = (id: string) =>
      Effect.zipRight(
        Effect.ignore(options.supervisor.remove(childId(id))),
        Effect.sync(() => known.delete(id))
      )

    return Schedules.of({
      list: Effect.suspend(() => Effect.forEach([...known.values()], ({ state }) => SubscriptionRef.get(state))),
      running: SubscriptionRef.get(running),
      reconcile: (entries) =>
        mutex.withPermits(1)(
          Effect.gen(function* () {
            const wanted = new Map(entries.map((entry) => [entry.id, entry]))
            const stale = Array.from(known.values(), ({ entry }) => entry).filter(
              ({ fingerprint, id }) => wanted.get(id)?.fingerprint !== fingerprint
            )
            for (const { id } of stale) yield* remove(id)
            for (const entry of wanted.values()) if (!known.has(entry.id)) yield* add(entry)
            // Those that stayed stand behind the new ones where the config has them so.
            const before = new Map(known)
            known.clear()
            for (const id of wanted.keys()) {
              const found = before.get(id)
              if (found !== undefined) known.set(id, found)
            }
          })
        ),
      setPaused: Effect.fnUntraced(function* (id, paused) {
        const found = known.get(id)
        if (found === undefined) return yield* new ScheduleNotFound({ id })
        yield* store.setPaused(id, paused)
        remembered.set(id, { paused, lastRun: remembered.get(id)?.lastRun })
        yield* SubscriptionRef.update(found.state, (state) => ({ ...state, paused }))
      }),
      setRunning: (now) => Effect.zipRight(store.setPaused(all, !now), SubscriptionRef.set(running, now))
    })
  })

// -----------------------------------------------------------------------------

/** A path of the tree has no slash in a step. */
const childId = (id: string): string => id.replaceAll("/", "_")

const child = (
  entry: Entry,
  state: SubscriptionRef.SubscriptionRef<ScheduleState>,
  running: SubscriptionRef.SubscriptionRef<boolean>,
  remember: (at: number) => Effect.Effect<void>
) => {
  const { id, trigger } = entry
  const allowed = Effect.zipWith(
    SubscriptionRef.get(running),
    SubscriptionRef.get(state),
    (all, { paused }) => all && !paused
  )
  const runNow = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    yield* SubscriptionRef.update(state, (old) => ({ ...old, running: true, lastRun: now }))
    yield* remember(now)
    yield* entry.work
  }).pipe(Effect.ensuring(SubscriptionRef.update(state, (old) => ({ ...old, running: false }))))

  const wait = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const due = Trigger.next(trigger, now) + Trigger.offset(trigger, id)
    yield* SubscriptionRef.update(state, (old) => ({ ...old, nextRun: due }))
    yield* Aligned.sleepUntil(due)
  })
  /** Come due since the last run, while nobody was there. */
  const isMissed = Effect.zipWith(Clock.currentTimeMillis, SubscriptionRef.get(state), (now, { lastRun }) =>
    entry.missed === "skip" ? false : lastRun === undefined || Trigger.next(trigger, lastRun) <= now
  )
  const life = Effect.gen(function* () {
    if ((yield* isMissed) && (yield* allowed)) {
      // Entries that were all missed together do not begin all at once.
      yield* Effect.sleep(Duration.millis(Trigger.offset(trigger, id) % 5_000))
      yield* runNow
    }
    return yield* Effect.forever(
      wait.pipe(Effect.zipRight(Effect.whenEffect(runNow, allowed)), Effect.zipRight(Self.mark))
    )
  }).pipe(Effect.annotateLogs("schedule", id))
  return ChildSpec.make({ id: childId(id), run: life, onIntensity: "quarantine", onStartFailure: "retry" })
}
