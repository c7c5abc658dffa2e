/**
 * A supervisor as a child of another: a branch of the tree.
 *
 * {@link spec} is for a branch whose children are known beforehand. {@link nest} is for one that is added to from
 * outside, by the part that owns it: its handle outlives the branch's lives, and every new life begins with all the
 * children that were added and not removed.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ChildSpec from "./ChildSpec.js"
import * as Capture from "./internal/capture.js"
import * as Self from "./Self.js"
import { SupervisionTree } from "./SupervisionTree.js"
import * as Supervisor from "./Supervisor.js"
import { DuplicateChild, NodeNotFound, type StartFailed } from "./SupervisorError.js"

/** What the branch's own node may say of itself; the rest follows from its being a supervisor. */
export type BranchOptions = Pick<
  ChildSpec.Options,
  "restart" | "backoff" | "healthyAfter" | "shutdown" | "readyWithin" | "onStartFailure" | "onIntensity"
>

/** A branch with its options and the strategy and first children of its supervisor. */
export interface Options<Specs extends ReadonlyArray<ChildSpec.ChildSpec<unknown>>>
  extends Supervisor.Options<Specs>, BranchOptions {}

/** A child spec for a supervisor: ready when all its children are, crashed when it gives up, never cut short. */
export const spec = <const Specs extends ReadonlyArray<ChildSpec.ChildSpec<unknown>> = readonly []>(
  id: string,
  options: Options<Specs>
): ChildSpec.ChildSpec<SupervisionTree | ChildSpec.Context<Specs[number]>> =>
  branch<SupervisionTree | ChildSpec.Context<Specs[number]>>(id, options, Supervisor.make(options))

/**
 * Adds a branch to `parent` until the scope closes and returns its handle once all its children are ready.
 *
 * While the branch is between two lives `add` only puts the child on its list: it starts with the next life.
 */
export const nest = Effect.fnUntraced(function* <
  const Specs extends ReadonlyArray<ChildSpec.ChildSpec<unknown>> = readonly []
>(
  parent: Supervisor.Supervisor,
  id: string,
  options: Options<Specs>
): Effect.fn.Return<
  Supervisor.Supervisor,
  StartFailed | DuplicateChild,
  Scope.Scope | SupervisionTree | ChildSpec.Context<Specs[number]>
> {
  const path = parent.path === "" ? id : `${parent.path}/${id}`
  const roster = new Map<string, ChildSpec.ChildSpec>()
  for (const child of yield* Capture.closeAll(options.children ?? [])) {
    if (roster.has(child.id)) return yield* new DuplicateChild({ path: `${path}/${child.id}` })
    roster.set(child.id, child)
  }
  let present: Supervisor.Supervisor | undefined

  const life = Effect.gen(function* () {
    const supervisor = yield* Supervisor.make({ strategy: options.strategy, intensity: options.intensity })
    // A map's iterator sees what is added under way, so nobody who joins while the branch starts is left out.
    for (const child of roster.values()) yield* supervisor.add(child)
    present = supervisor
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        present = undefined
      })
    )
    return supervisor
  })
  yield* parent.add(branch(id, options, life))
  yield* Effect.addFinalizer(() => Effect.ignore(parent.remove(id)))

  const unlisted = (child: string) => new NodeNotFound({ path: `${path}/${child}` })
  const order = <E>(child: string, use: (supervisor: Supervisor.Supervisor) => Effect.Effect<void, E>) =>
    Effect.suspend((): Effect.Effect<void, E | NodeNotFound> =>
      present === undefined ? unlisted(child) : use(present)
    )

  return {
    path,
    add: <R>(added: ChildSpec.ChildSpec<R>) =>
      Effect.contextWithEffect((context: Context.Context<R>) => {
        if (roster.has(added.id)) return new DuplicateChild({ path: `${path}/${added.id}` })
        const closed = Capture.close(added, context)
        roster.set(added.id, closed)
        if (present === undefined) return Effect.void
        return Effect.onError(present.add(closed), () => Effect.sync(() => roster.delete(added.id)))
      }),
    remove: (child) =>
      Effect.suspend((): Effect.Effect<void, NodeNotFound> => {
        if (!roster.delete(child)) return unlisted(child)
        return present === undefined ? Effect.void : Effect.ignore(present.remove(child))
      }),
    stop: (child) => order(child, (supervisor) => supervisor.stop(child)),
    start: (child) => order(child, (supervisor) => supervisor.start(child)),
    restart: (child) => order(child, (supervisor) => supervisor.restart(child)),
    join: Effect.never
  } satisfies Supervisor.Supervisor
})

const branch = <R>(
  id: string,
  options: BranchOptions,
  make: Effect.Effect<Supervisor.Supervisor, unknown, R | ChildSpec.Given>
): ChildSpec.ChildSpec<R> => ({
  ...ChildSpec.make({
    readyWithin: Duration.infinity,
    shutdown: Duration.infinity,
    ...options,
    id,
    kind: "supervisor",
    ready: "signalled",
    run: Effect.never
  }),
  run: Effect.flatMap(make, (supervisor) => Effect.zipRight(Self.ready, supervisor.join))
})
