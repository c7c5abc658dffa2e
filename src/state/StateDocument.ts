/**
 * The state that the procedures of a site share: one document of named parts. Each part is declared, with its schema; a value
 * that does not fit is refused and changes nothing. An update reads and writes in one transaction, so that none is lost
 * whoever else updates meanwhile, and is durable before it returns. What a part held before stays in its history.
 *
 * What is stored is never reset by itself: a value that no longer fits its schema is shown as it is and stays until it is
 * replaced by `set`, and where the database was lost the document is taken from its last export.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { StorageFailed } from "../domain/Refusal.js"
import { type StateChange, StateRefused, type StateSnapshot } from "../domain/State.js"
import type { StatePart } from "./StatePart.js"
import * as StateStore from "./StateStore.js"

export interface StateHistoryQuery {
  /** Of this part only. */
  readonly part?: string | undefined
  /** Older than this revision. */
  readonly before?: number | undefined
  /** Default 100. */
  readonly limit?: number | undefined
}

export class StateDocument extends Context.Tag("outpost/state/StateDocument")<
  StateDocument,
  {
    readonly get: Effect.Effect<StateSnapshot>
    /** What a part holds; none before it was set. */
    readonly part: (name: string) => Effect.Effect<Option.Option<unknown>>
    /**
     * Puts what `change` makes of the present value in its place, atomically. Durable once it returns; answers the new
     * value. Nothing has changed where it fails, and where `change` throws.
     */
    readonly update: (
      name: string,
      by: string,
      change: (value: Option.Option<unknown>) => unknown
    ) => Effect.Effect<unknown, StateRefused | StorageFailed>
    /** Replaces these parts together: all of them, or none. Durable once it returns. */
    readonly set: (
      values: Readonly<Record<string, unknown>>,
      by: string
    ) => Effect.Effect<void, StateRefused | StorageFailed>
    /** Newest first. The oldest beyond the newest thousand of a part have left. */
    readonly history: (query: StateHistoryQuery) => Effect.Effect<ReadonlyArray<StateChange>, StorageFailed>
    /** From now on, in order. A reader that falls far behind loses the oldest. */
    readonly changes: Stream.Stream<StateChange>
    /** Makes parts known, until the scope closes. What they hold is there before and after. */
    readonly declare: (parts: ReadonlyArray<StatePart>) => Effect.Effect<void, never, Scope.Scope>
  }
>() {}

export const make = (store: StateStore.StateStore): Effect.Effect<Context.Tag.Service<StateDocument>, StorageFailed> =>
  Effect.gen(function* () {
    const declared = new Map<string, StatePart>()
    const values = new Map((yield* store.load).map(({ part, value }) => [part, value] as const))
    let revision = yield* store.revision
    const published = yield* PubSub.sliding<StateChange>(1_024)
    const alone = yield* Effect.makeSemaphore(1)

    const checked = (part: string, value: unknown) =>
      Effect.suspend(() => {
        const known = declared.get(part)
        if (known !== undefined) return known.check(value)
        const names = [...declared.keys()].sort().join(", ")
        return new StateRefused({ part, reason: `no such part is declared; there are: ${names}` })
      })

    const current = (part: string) => (values.has(part) ? Option.some(values.get(part)) : Option.none())

    /** What is written is what readers see next: the disk first, then the copy in memory. */
    const write = (next: ReadonlyArray<readonly [part: string, value: unknown]>, by: string) =>
      Effect.gen(function* () {
        const at = yield* Clock.currentTimeMillis
        const changes = yield* store.append(next.map(([part, value]) => ({ part, value, at, by })))
        for (const { part, value } of changes) values.set(part, value)
        revision = changes.at(-1)?.revision ?? revision
        yield* PubSub.publishAll(published, changes)
      }).pipe(Effect.uninterruptible)

    return StateDocument.of({
      get: Effect.sync(() => ({ revision, parts: Object.fromEntries(values) })),
      part: (name) => Effect.sync(() => current(name)),
      update: (name, by, change) =>
        Effect.gen(function* () {
          const present = current(name)
          // What is there and does not fit is nobody's to build upon.
          if (Option.isSome(present)) yield* checked(name, present.value)
          const next = yield* Effect.try({
            try: () => change(present),
            catch: (cause) => new StateRefused({ part: name, reason: `the change threw: ${String(cause)}` })
          })
          const value = yield* checked(name, next)
          yield* write([[name, value]], by)
          return value
        }).pipe(alone.withPermits(1)),
      set: (wanted, by) =>
        Effect.forEach(Object.entries(wanted), ([part, value]) =>
          Effect.map(checked(part, value), (fit) => [part, fit] as const)
        ).pipe(
          Effect.flatMap((next) => write(next, by)),
          alone.withPermits(1)
        ),
      history: ({ before, limit = 100, part }) => store.history({ part, before, limit }),
      changes: Stream.fromPubSub(published),
      declare: (parts) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            for (const part of parts) declared.set(part.name, part)
          }),
          () =>
            Effect.sync(() => {
              for (const part of parts) if (declared.get(part.name) === part) declared.delete(part.name)
            })
        )
    })
  })

/** Kept in memory, for tests and for programs without a site. */
export const layerMemory: Layer.Layer<StateDocument> = Layer.effect(
  StateDocument,
  Effect.orDie(Effect.flatMap(StateStore.makeMemory, make))
)
