/**
 * The supervision tree: what every node is doing now, what has happened to them, and orders to any of them by path.
 *
 * One changing value. `get` builds the whole picture from cells that supervisors keep up to date at the cost of a few
 * assignments; `changes` tells of changes and lets a slow reader skip the pictures in between. Progress marks change
 * nothing that is published: a picture shows the last one at the moment it is made.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import { type Orders, TreeState } from "./internal/treeState.js"
import type { LifecycleEvent } from "./LifecycleEvent.js"
import { type NodeStatus, TreeStatus } from "./NodeStatus.js"
import { NodeNotFound, type StartFailed } from "./SupervisorError.js"

export class SupervisionTree extends Context.Tag("outpost/actor/SupervisionTree")<
  SupervisionTree,
  {
    /** The tree now. */
    readonly get: Effect.Effect<TreeStatus>
    /** One node now. */
    readonly node: (path: string) => Effect.Effect<NodeStatus, NodeNotFound>
    /** The tree now, and again after it changed. Changes that come while a reader is busy reach it as one. */
    readonly changes: Stream.Stream<TreeStatus>
    /** What happens, in order, from the last few hundred events on. A reader that falls far behind loses the oldest. */
    readonly events: Stream.Stream<LifecycleEvent>
    /** Returns once the node is down, or abandoned at the end of its deadline. It stays down until it is started. */
    readonly stop: (path: string) => Effect.Effect<void, NodeNotFound>
    /** Returns once the node is ready; at once if it is. Forgets earlier crashes, lifts a quarantine. */
    readonly start: (path: string) => Effect.Effect<void, NodeNotFound | StartFailed>
    /** A new life, at once, also for what its supervisor's strategy ties to the node. Otherwise as `start`. */
    readonly restart: (path: string) => Effect.Effect<void, NodeNotFound | StartFailed>
    /** @internal Where supervisors write. */
    readonly state: TreeState
  }
>() {}

export interface Options {
  /** Every cause passes through it before anyone sees it. */
  readonly redact?: ((text: string) => string) | undefined
  /** Told of every event as it happens, before the supervisor goes on: must be quick. What it throws is dropped. */
  readonly onEvent?: ((event: LifecycleEvent) => void) | undefined
  /** How many events a reader may fall behind, and how many a new reader is told of. */
  readonly eventCapacity?: number | undefined
}

/** An empty tree. */
export const make = Effect.fnUntraced(function* (options: Options = {}) {
  const capacity = options.eventCapacity ?? 512
  const events = yield* PubSub.sliding<LifecycleEvent>({ capacity, replay: capacity })
  const state = new TreeState({
    clock: yield* Effect.clock,
    redact: options.redact ?? identity,
    onEvent: options.onEvent ?? (() => {}),
    events
  })

  const look = () =>
    new TreeStatus({ version: state.changed.version, nodes: state.statuses() }, { disableValidation: true })

  const find = (path: string) =>
    Effect.suspend(() => {
      const cell = state.find(path)
      return cell === undefined ? new NodeNotFound({ path }) : Effect.succeed(cell)
    })

  const order = <E>(path: string, which: (orders: Orders) => Effect.Effect<void, E>) =>
    Effect.flatMap(find(path), (cell): Effect.Effect<void, E | NodeNotFound> =>
      cell.orders === undefined ? new NodeNotFound({ path }) : which(cell.orders)
    )

  return SupervisionTree.of({
    get: Effect.sync(look),
    node: (path) => Effect.map(find(path), (cell) => state.status(cell)),
    changes: Stream.unfoldEffect(-1, (seen) =>
      Effect.map(state.changed.changed(seen), () => {
        const tree = look()
        return Option.some([tree, tree.version])
      })
    ),
    events: Stream.fromPubSub(events),
    stop: (path) => order(path, (orders) => orders.stop),
    start: (path) => order(path, (orders) => orders.start),
    restart: (path) => order(path, (orders) => orders.restart),
    state
  })
})

/** An empty tree that shows causes as they are. */
export const layer: Layer.Layer<SupervisionTree> = Layer.effect(SupervisionTree, make())

/** An empty tree with its redaction and its hook. */
export const layerWith = (options: Options): Layer.Layer<SupervisionTree> =>
  Layer.effect(SupervisionTree, make(options))
