/** An ensemble of this process that can be made unreachable, and can forget everything, as a restarted Redis does. */
import { Context, Effect, Layer, Stream } from "effect"
import { AssignmentLog } from "../../src/assignment/AssignmentLog.js"
import type { Ensemble } from "../../src/assignment/Ensemble.js"
import { EnsembleUnreachable } from "../../src/assignment/EnsembleError.js"
import * as InProcessEnsemble from "../../src/assignment/InProcessEnsemble.js"
import { ParameterStore } from "../../src/assignment/ParameterStore.js"
import { ReadyLog } from "../../src/assignment/ReadyLog.js"
import { ServiceRegistry } from "../../src/assignment/ServiceRegistry.js"
import { UpdateLog } from "../../src/assignment/UpdateLog.js"
import type { MappingId } from "../../src/assignment/WorkAssignment.js"

export class Outage extends Context.Tag("test/Outage")<
  Outage,
  {
    /** Every call fails from now on. */
    readonly begin: Effect.Effect<void>
    /** Calls are answered again; `forgetful`: all logs and values are gone. */
    readonly end: (forgetful: boolean) => Effect.Effect<void>
    /** The next append of assignments is done, and answered with a failure. */
    readonly deceive: Effect.Effect<void>
    /** The events that appends have put into logs, in their order. */
    readonly appended: Effect.Effect<ReadonlyArray<number>>
  }
>() {}

export const layer: Layer.Layer<Ensemble | Outage> = Layer.effectContext(
  Effect.gen(function* () {
    const inner = yield* InProcessEnsemble.make
    const [assignments, ready, updates, registry, store] = [
      Context.get(inner, AssignmentLog),
      Context.get(inner, ReadyLog),
      Context.get(inner, UpdateLog),
      Context.get(inner, ServiceRegistry),
      Context.get(inner, ParameterStore)
    ]
    let down = false
    let deceptive = false
    const appended: Array<number> = []
    const mappings = new Set<MappingId>()
    const failure = new EnsembleUnreachable({ operation: "test", address: "test", reason: "down" })
    const up = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.zipRight(
        Effect.suspend(() => (down ? Effect.fail(failure) : Effect.void)),
        effect
      )
    const wipe = Effect.forEach([...mappings], (mapping) =>
      Effect.zipRight(assignments.remove(mapping), ready.remove(mapping))
    ).pipe(Effect.zipRight(updates.remove), Effect.zipRight(store.clear))
    return inner.pipe(
      Context.add(AssignmentLog, {
        append: (mapping, events) =>
          Effect.suspend(() => {
            mappings.add(mapping)
            const append = Effect.tap(assignments.append(mapping, events), () =>
              appended.push(...events.map(({ event_number }) => event_number))
            )
            if (!deceptive) return up(append)
            deceptive = false
            return Effect.zipRight(append, Effect.fail(failure))
          }),
        read: assignments.read,
        remove: (mapping) => up(assignments.remove(mapping)),
        clear: up(assignments.clear)
      }),
      Context.add(UpdateLog, {
        append: (update) => up(updates.append(update)),
        newest: up(updates.newest),
        read: updates.read,
        remove: up(updates.remove)
      }),
      Context.add(ReadyLog, {
        append: (mapping, ...updates) =>
          Effect.zipRight(
            Effect.sync(() => mappings.add(mapping)),
            ready.append(mapping, ...updates)
          ),
        read: (mapping) => Stream.suspend(() => ready.read(mapping)),
        remove: (mapping) => up(ready.remove(mapping)),
        clear: up(ready.clear)
      }),
      Context.add(ServiceRegistry, {
        ...registry,
        roster: up(registry.roster),
        census: up(registry.census),
        descriptions: up(registry.descriptions)
      }),
      Context.add(ParameterStore, {
        ...store,
        put: (name, version, value) => up(store.put(name, version, value)),
        get: (name, version) => up(store.get(name, version))
      }),
      Context.add(Outage, {
        begin: Effect.sync(() => {
          down = true
        }),
        end: (forgetful) =>
          Effect.zipRight(
            Effect.suspend(() => (forgetful ? Effect.orDie(wipe) : Effect.void)),
            Effect.sync(() => {
              down = false
            })
          ),
        appended: Effect.sync(() => appended),
        deceive: Effect.sync(() => {
          deceptive = true
        })
      })
    )
  })
)
