/**
 * The uplinks of a site as supervised children: one for each enabled entry of the config section, begun anew when its entry
 * changes, left alone when it does not. Each drains the queue for itself; one that can't work fails with its reason and
 * disturbs no other.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Nearest from "../domain/Nearest.js"
import type { UplinkStatus } from "../domain/Uplink.js"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as Self from "../actor/Self.js"
import type { Supervisor } from "../actor/Supervisor.js"
import type { StorageFailed } from "../domain/Refusal.js"
import { Outbox } from "../outbox/Outbox.js"
import { Board } from "./internal/board.js"
import type { RemoteRequests } from "./RemoteRequests.js"
import type { Uplinks as Entries, UplinkSettings } from "./Settings.js"
import type { Services, Uplink } from "./Uplink.js"
import * as UplinkDrain from "./UplinkDrain.js"
import { UplinkError } from "./UplinkError.js"

export class Uplinks extends Context.Tag("outpost/uplink/Uplinks")<
  Uplinks,
  {
    /**
     * Brings the children to these entries. An entry that is gone is drained within its limit and then forgotten by the queue,
     * unless `keep` says that it may come back.
     */
    readonly reconcile: (
      entries: Entries,
      options: { readonly idle: boolean; readonly keep: boolean }
    ) => Effect.Effect<void, StorageFailed>
    /** All of them, by name. */
    readonly status: Effect.Effect<ReadonlyArray<UplinkStatus>, StorageFailed>
    /** Whether one is switched on over which requests can come in; one that is not known yet counts. */
    readonly receiving: Effect.Effect<boolean>
    /** How many messages were confirmed since the process began by uplinks over which requests can come in. */
    readonly confirmed: Effect.Effect<number>
  }
>() {}

export interface Options {
  readonly supervisor: Supervisor
  readonly available: ReadonlyArray<Uplink>
  /** What far sides know the station as, where an uplink's settings do not say. */
  readonly station: Effect.Effect<string>
}

export const make: (options: Options) => Effect.Effect<Uplinks["Type"], never, Outbox | RemoteRequests | Services> =
  Effect.fnUntraced(function* ({ available, station, supervisor }) {
    const outbox = yield* Outbox
    const context = yield* Effect.context<Outbox | RemoteRequests | Services>()
    const running = new Map<string, Running>()
    const alone = yield* Effect.makeSemaphore(1)
    /** Confirmed over uplinks that are gone. */
    let confirmedBefore = 0
    /** Those that are switched off. */
    let resting: ReadonlyArray<Board> = []

    const reconcile = Effect.fn("Uplinks.reconcile")(function* (
      entries: Entries,
      options: { readonly idle: boolean; readonly keep: boolean }
    ) {
      const name = yield* station
      for (const [id, one] of running) {
        const next = entries[id]
        if (next?.enabled === true && one.entry === entryOf(next, name)) continue
        // The same queue goes on under the new settings; what is under way has a moment, so that little is sent twice.
        if (next !== undefined) one.drainWithin = Duration.min(one.drainWithin, handover)
        yield* Effect.ignore(supervisor.remove(id))
        running.delete(id)
        if (one.board.receives === true) confirmedBefore += one.board.confirmed
      }
      yield* Effect.forEach(Object.keys(entries), outbox.register, { discard: true })
      if (!options.keep) yield* outbox.retain(Object.keys(entries))
      resting = Object.entries(entries).flatMap(([id, entry]) =>
        entry.enabled ? [] : [new Board(id, entry.use, false)]
      )
      for (const [id, settings] of Object.entries(entries)) {
        if (!settings.enabled || running.has(id)) continue
        const one: Running = {
          entry: entryOf(settings, name),
          board: new Board(id, settings.use, undefined),
          drainWithin: settings.max_drain_time
        }
        running.set(id, one)
        yield* supervisor.add(childSpec(settings, one, available, { idle: options.idle, station: name })).pipe(
          Effect.provide(context),
          Effect.zipRight(options.idle ? supervisor.stop(id) : Effect.void),
          Effect.catchAll((error) => Effect.logError(`uplink ${id}: ${error.message}`))
        )
      }
    })

    const status = Effect.gen(function* () {
      const { uplinks } = yield* outbox.stats
      const counts = new Map(uplinks.map((one) => [one.name, one]))
      return [...Array.from(running.values(), ({ board }) => board), ...resting]
        .map((board): UplinkStatus => {
          const queued = counts.get(board.name)
          return {
            name: board.name,
            use: board.use,
            state: board.state,
            connected_since: seconds(board.connectedSince),
            next_try_at: seconds(board.nextTryAt),
            in_flight: board.inFlight,
            waiting: queued?.waiting ?? 0,
            oldest_at: queued?.oldest_at ?? null,
            set_aside: queued?.set_aside ?? 0,
            delivered: queued?.delivered ?? 0,
            last_delivered_at: queued?.last_delivered_at ?? null,
            connections: board.connections,
            last_error:
              board.lastError === undefined ? null : { at: board.lastError.at / 1000, message: board.lastError.message }
          }
        })
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    })

    return {
      reconcile: (entries, options) => alone.withPermits(1)(reconcile(entries, options)),
      status,
      receiving: Effect.sync(() => [...running.values()].some(({ board }) => board.receives !== false)),
      confirmed: Effect.sync(() =>
        [...running.values()].reduce(
          (sum, { board }) => sum + (board.receives === true ? board.confirmed : 0),
          confirmedBefore
        )
      )
    }
  })

// -----------------------------------------------------------------------------

interface Running {
  /** The same text is the same entry. */
  readonly entry: string
  readonly board: Board
  drainWithin: Duration.Duration
}

/** How long an uplink whose settings changed goes on before it begins anew with them. */
const handover = Duration.seconds(1)

/** Silence for longer than this is told: no connection stands, or nothing is confirmed. */
const silence = Duration.minutes(5)

const entryOf = (settings: UplinkSettings, station: string): string => JSON.stringify([settings, station])

const seconds = (millis: number | undefined): number | null => (millis === undefined ? null : millis / 1000)

const childSpec = (
  settings: UplinkSettings,
  running: Running,
  available: ReadonlyArray<Uplink>,
  { idle, station }: { readonly idle: boolean; readonly station: string }
): ChildSpec.ChildSpec<Outbox | RemoteRequests | Services> => {
  const { board } = running
  const life = Effect.gen(function* () {
    const found = yield* find(board.name, settings.use, available)
    const facts = {
      uplink: board.name,
      station,
      window: settings.max_parallel_messages,
      ordered: settings.ordered
    }
    const uplink = yield* found.prepare(settings.settings, facts)
    board.receives = uplink.receives
    return yield* UplinkDrain.run({ board, uplink, settings, drainWithin: () => running.drainWithin })
  }).pipe(
    Effect.tapError((error) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sync(() => board.failed(now, error.message)))
    ),
    Effect.annotateLogs("uplink", board.name)
  )
  // On an idle site the first life, which nobody asked for, does nothing until it is stopped; the one that is ordered works.
  let waiting = idle
  return ChildSpec.make({
    id: board.name,
    run: Effect.suspend((): typeof life | Effect.Effect<never, never, Self.Self> => {
      if (!waiting) return life
      waiting = false
      return Effect.zipRight(Self.ready, Effect.never)
    }),
    ready: "signalled",
    onStartFailure: "retry",
    onIntensity: "quarantine",
    shutdown: Duration.sum(settings.max_drain_time, Duration.seconds(15)),
    progress: { within: silence, restart: false }
  })
}

const find = (uplink: string, use: string, available: ReadonlyArray<Uplink>) => {
  const found = available.find(({ name }) => name === use)
  if (found !== undefined) return Effect.succeed(found)
  const names = available.map(({ name }) => name)
  const meant = Nearest.of(use, names)
  const detail = `there is nothing called '${use}'; ${meant === undefined ? "" : `is ${meant} meant? `}There are ${names.join(", ")}`
  return new UplinkError({ uplink, reason: "Misconfigured", detail })
}
