/** Services of an ensemble that do only what a test has them do: they follow the controller's updates and answer at once. */
import { randomUUID } from "node:crypto"
import { Effect, Stream } from "effect"
import { AssignmentLog } from "../../src/assignment/AssignmentLog.js"
import type { ControllerUpdate } from "../../src/assignment/ControllerUpdate.js"
import type { ParameterDescription } from "../../src/assignment/ParameterDescription.js"
import { ReadyLog } from "../../src/assignment/ReadyLog.js"
import { ServiceRegistry } from "../../src/assignment/ServiceRegistry.js"
import type { IngesterState, ServiceState } from "../../src/assignment/ServiceState.js"
import { UpdateLog } from "../../src/assignment/UpdateLog.js"
import { MappingId, type WorkAssignment } from "../../src/assignment/WorkAssignment.js"
import { parametersHash } from "../../src/ingest/ParametersHash.js"
import { idle } from "./IdleService.js"

export interface Options {
  readonly parameters?: ReadonlyArray<ParameterDescription>
  /** What it does when it hears an update that begins a scan, beside taking it up. */
  readonly onMapping?: (mapping: MappingId, update: ControllerUpdate) => Effect.Effect<void>
  readonly onFinished?: (mapping: MappingId) => Effect.Effect<void>
}

/** A member of the ensemble for as long as the scope lasts; leaving it takes it out at once. */
const join = (
  describe: (place: { mapping_uuid: string | null; parameters_hash: string | null }) => ServiceState,
  options: Options
) =>
  Effect.gen(function* () {
    const registry = yield* ServiceRegistry
    const updates = yield* UpdateLog
    const place: { mapping_uuid: string | null; parameters_hash: string | null } = {
      mapping_uuid: null,
      parameters_hash: null
    }
    const heard: Array<ControllerUpdate> = []
    const announce = Effect.suspend(() => registry.announce(describe({ ...place }), options.parameters ?? []))
    yield* announce
    const { kind, state } = describe(place)
    yield* Effect.addFinalizer(() => Effect.ignore(registry.withdraw(kind, state.name)))
    yield* updates.read.pipe(
      Stream.runForEach((update) =>
        Effect.gen(function* () {
          heard.push(update)
          const mapping = MappingId.make(update.mapping_uuid)
          place.parameters_hash = parametersHash(Object.entries(update.parameters_version))
          if (place.mapping_uuid !== mapping) {
            place.mapping_uuid = mapping
            yield* announce
            yield* options.onMapping?.(mapping, update) ?? Effect.void
          } else yield* announce
          if (update.finished) yield* options.onFinished?.(mapping) ?? Effect.void
        })
      ),
      Effect.forkScoped
    )
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep("1300 millis"), announce)))
    return { heard, incarnation: state.service_uuid }
  })

export const ingester = (name: string, streams: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const ready = yield* ReadyLog
    const service_uuid = randomUUID()
    const state = (place: object): IngesterState => ({
      ...idle,
      ...place,
      service_uuid,
      name,
      url: `inproc://${name}`,
      connected_workers: {},
      streams
    })
    const joined = yield* join((place) => ({ kind: "ingester", state: state(place) }), {
      onFinished: (mapping) =>
        Effect.orDie(ready.append(mapping, { state: "finished", source: "ingester", ingester: name }))
    })
    return { ...joined, state: state({}) }
  })

export const reducer = Effect.gen(function* () {
  const ready = yield* ReadyLog
  const service_uuid = randomUUID()
  return yield* join(
    (place) => ({
      kind: "reducer",
      state: { ...idle, ...place, service_uuid, name: "reducer", url: "inproc://reducer" }
    }),
    {
      onFinished: (mapping) =>
        Effect.orDie(ready.append(mapping, { state: "finished", source: "reducer", completed: null, worker: null }))
    }
  )
})

export interface WorkerOptions extends Options {
  readonly tags?: ReadonlyArray<string>
  /** Answers the end of a scan. */
  readonly answersEnd?: boolean
  /** The events of one piece of assignments that it reports, and whether it announces results. */
  readonly work?: (events: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<number>>
}

/** Reports what names it, piece by piece, after `work`. */
export const worker = (name: string, ingesters: ReadonlyArray<IngesterState>, options: WorkerOptions = {}) =>
  Effect.gen(function* () {
    const ready = yield* ReadyLog
    const log = yield* AssignmentLog
    const service_uuid = randomUUID()
    const scope = yield* Effect.scope
    const report = (mapping: MappingId, state: "ready" | "idle" | "finished", completed: ReadonlyArray<number>) =>
      Effect.orDie(
        ready.append(mapping, {
          state,
          source: "worker",
          worker: name,
          completed,
          has_result: completed.map(() => false),
          processing_times: null
        })
      )
    const follow = (mapping: MappingId) =>
      log.read(mapping).pipe(
        Stream.runForEachChunk((assignments) =>
          Effect.gen(function* () {
            const mine = [...assignments].filter(names(name)).map(({ event_number }) => event_number)
            if (mine.length === 0) return
            const done = yield* options.work?.(mine) ?? Effect.succeed(mine)
            if (done.length > 0) yield* report(mapping, "idle", done)
          })
        )
      )
    return yield* join(
      (place) => ({
        kind: "worker",
        state: { ...idle, ...place, service_uuid, name, ingesters, tags: options.tags ?? ["generic"] }
      }),
      {
        ...options,
        onMapping: (mapping, update) =>
          Effect.all([
            options.onMapping?.(mapping, update) ?? Effect.void,
            report(mapping, "ready", []),
            Effect.forkIn(follow(mapping), scope)
          ]),
        onFinished: (mapping) => (options.answersEnd === false ? Effect.void : report(mapping, "finished", []))
      }
    )
  })

const names =
  (name: string) =>
  ({ assignments }: WorkAssignment): boolean =>
    Object.values(assignments).some((workers) => workers.includes(name))
