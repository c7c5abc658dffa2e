/**
 * What makes a program a service of the ensemble, the same for ingesters, workers and the reducer: it says again and again
 * that it lives, and follows the controller.
 *
 * Every update is followed, in its order, none is passed over; the streams of a scan are those of the first update that names
 * it. Values of parameters are fetched when their version is a new one. A service that joins while a mapping is there takes it
 * up at once. A lost link is waited out, as often as it is lost.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ControllerUpdate } from "../assignment/ControllerUpdate.js"
import type { ParameterDescription } from "../assignment/ParameterDescription.js"
import { ParameterStore } from "../assignment/ParameterStore.js"
import { ServiceRegistry } from "../assignment/ServiceRegistry.js"
import type { ServiceState } from "../assignment/ServiceState.js"
import { UpdateLog } from "../assignment/UpdateLog.js"
import { Incarnation, MappingId } from "../assignment/WorkAssignment.js"
import * as steadyTrouble from "./internal/steadyTrouble.js"
import { parametersHash } from "./ParametersHash.js"

export interface Member {
  readonly kind: ServiceState["kind"]
  /** How the service is now; its mapping and the hash of its parameters are filled in here. */
  readonly describe: Effect.Effect<ServiceState>
  /** What its code wants to be told. */
  readonly parameters: ReadonlyArray<ParameterDescription>
  /**
   * Leaves what it did and takes up this scan; the ensemble waits for it. The streams are those of all ingesters. `joins`: it
   * may be in the middle of the scan, and the controller tells the starts of workers apart.
   */
  readonly onMapping: (mapping: MappingId, activeStreams: ReadonlyArray<string>, joins: boolean) => Effect.Effect<void>
  /**
   * All values as they are now, with the hash of their versions: with the first update, and after any of them has changed. A
   * scan that begins has them already.
   */
  readonly onParameters: (values: ReadonlyMap<string, Uint8Array>, hash: string) => Effect.Effect<void>
  /** Once for each scan, behind its `onMapping`. */
  readonly onFinished: (mapping: MappingId) => Effect.Effect<void>
  /** The ensemble has lost its memory, perhaps with what was reported last of this scan. */
  readonly onMemoryLost: (mapping: MappingId) => Effect.Effect<void>
}

export interface Membership {
  /** Says now how the service is, not only when it is due. Does not wait until it is said. */
  readonly announce: Effect.Effect<void>
  /** Done when the ensemble has heard of the service for the first time. */
  readonly joined: Effect.Effect<void>
}

/** Well within the ten seconds after which a service counts as gone. */
const beat = Duration.millis(1300)
/** At the end of a service whose ensemble does not answer. */
const patience = Duration.seconds(2)

/** Joins for as long as the scope lasts; then the service is taken out at once. */
export const join = (
  member: Member
): Effect.Effect<Membership, never, Scope.Scope | ServiceRegistry | UpdateLog | ParameterStore> =>
  Effect.gen(function* () {
    const registry = yield* ServiceRegistry
    const updates = yield* UpdateLog
    const parameters = yield* heldParameters
    let mapping: MappingId | undefined
    let hash: string | undefined
    let finished = false
    /** One that is not yet heard is enough: what it says is read when it is heard. */
    const bell = yield* Queue.sliding<void>(1)
    const announce = Effect.asVoid(Queue.offer(bell, undefined))

    const described = Effect.map(member.describe, (service) =>
      within(service, { mapping_uuid: mapping ?? null, parameters_hash: hash ?? null })
    )

    const follow = Effect.fnUntraced(function* (update: ControllerUpdate) {
      const first = mapping === undefined
      const changed = yield* parameters.bring(update.parameters_version)
      if (changed || hash === undefined) {
        hash = parametersHash(parameters.versions())
        yield* member.onParameters(parameters.values(), hash)
      }
      if (mapping !== update.mapping_uuid) {
        const next = MappingId.make(update.mapping_uuid)
        const streams =
          first && update.active_streams.length === 0 && !update.finished
            ? ownStreams(yield* member.describe)
            : update.active_streams
        yield* member.onMapping(next, streams, first && update.names_incarnations === true)
        mapping = next
        finished = false
      }
      if (update.finished && !finished && mapping !== undefined) {
        finished = true
        yield* member.onFinished(mapping)
      }
      if (update.memory_lost === true && mapping !== undefined) yield* member.onMemoryLost(mapping)
      yield* announce
    })

    const heard = yield* Deferred.make<void>()
    const trying = steadyTrouble.make()
    const beats = Effect.forever(
      Effect.zipRight(
        described.pipe(
          Effect.flatMap((service) => registry.announce(service, member.parameters)),
          Effect.zipRight(Deferred.succeed(heard, undefined)),
          trying
        ),
        Effect.timeoutOption(Queue.take(bell), beat)
      )
    )

    yield* Effect.addFinalizer(() =>
      member.describe.pipe(
        Effect.flatMap(({ kind, state }) => registry.withdraw(kind, state.name)),
        Effect.timeoutOption(patience),
        Effect.catchAll((error) => Effect.logWarning(error.message))
      )
    )
    yield* Effect.forkScoped(beats)
    yield* updates.read.pipe(
      Stream.runForEach((update) => Effect.catchAllCause(follow(update), goOn)),
      Effect.annotateLogs("service", member.kind),
      Effect.forkScoped
    )
    return { announce, joined: Deferred.await(heard) }
  })

// -----------------------------------------------------------------------------

/** A service that could not do what one update asks for still hears the next one. */
const goOn = (cause: Cause.Cause<never>) =>
  Cause.isInterrupted(cause) ? Effect.failCause(cause) : Effect.logError("an update could not be followed", cause)

/** Who comes late may not see the update that named the streams, so that all of its own count: assignments name those in use. */
const ownStreams = (service: ServiceState) => (service.kind === "ingester" ? service.state.streams : [])

const within = (
  service: ServiceState,
  place: { readonly mapping_uuid: string | null; readonly parameters_hash: string | null }
): ServiceState => {
  switch (service.kind) {
    case "ingester":
      return { kind: service.kind, state: { ...service.state, ...place } }
    case "worker":
      return { kind: service.kind, state: { ...service.state, ...place } }
    case "reducer":
      return { kind: service.kind, state: { ...service.state, ...place } }
  }
}

/** Values with the versions they have. One that is named but not there is asked for again with the next update. */
const heldParameters = Effect.map(ParameterStore, (store) => {
  const held = new Map<string, { readonly version: string; readonly value: Uint8Array }>()
  const retry = Schedule.exponential("100 millis").pipe(Schedule.union(Schedule.spaced("2 seconds")))

  /** Fetches what is new, forgets what is named no more; says whether anything changed. */
  const bring = Effect.fnUntraced(function* (wanted: ControllerUpdate["parameters_version"]) {
    let changed = false
    for (const name of held.keys()) if (!Object.hasOwn(wanted, name)) changed = held.delete(name)
    for (const [name, version] of Object.entries(wanted)) {
      if (held.get(name)?.version === version) continue
      const found = yield* store.get(name, Incarnation.make(version)).pipe(
        Effect.tapError((error) => Effect.logWarning(error.message)),
        Effect.retry(retry),
        Effect.option
      )
      const value = Option.flatten(found)
      if (Option.isSome(value)) held.set(name, { version, value: value.value })
      changed = Option.isSome(value) || held.delete(name) || changed
    }
    return changed
  })

  return {
    bring,
    values: (): ReadonlyMap<string, Uint8Array> => new Map(Array.from(held, ([name, { value }]) => [name, value])),
    versions: () => Array.from(held, ([name, { version }]) => [name, version] as const)
  }
})
