/**
 * The supervision tree as its supervisors write it: mutable cells, one per node, and a version that rises with every
 * change. A change costs a few assignments whatever the size of the tree; a status is built when someone looks.
 */
import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as PubSub from "effect/PubSub"
import { LifecycleEvent, type LifecycleType } from "../LifecycleEvent.js"
import { type MailboxGauge, type NodeKind, type NodeState, NodeStatus, type Reason } from "../NodeStatus.js"
import type { StartFailed } from "../SupervisorError.js"
import { Signal } from "./signal.js"

/** The orders a node takes from outside; put there by the supervisor that owns it. */
export interface Orders {
  readonly stop: Effect.Effect<void>
  readonly start: Effect.Effect<void, StartFailed>
  readonly restart: Effect.Effect<void, StartFailed>
}

/** When the present life last made progress; `-1` before it began. Monotonic milliseconds. */
export interface ProgressMark {
  at: number
}

export interface Cell {
  readonly id: string
  readonly path: string
  kind: NodeKind
  state: NodeState
  reason: Reason | undefined
  /** Wall clock, as everything that is shown. */
  since: number
  until: number | undefined
  restarts: number
  lastCause: string | undefined
  progress: ProgressMark | undefined
  readMailbox: (() => MailboxGauge) | undefined
  orders: Orders | undefined
  readonly children: Map<string, Cell>
}

export interface TreeOptions {
  readonly clock: Clock.Clock
  readonly redact: (text: string) => string
  readonly onEvent: (event: LifecycleEvent) => void
  readonly events: PubSub.PubSub<LifecycleEvent>
}

export class TreeState {
  readonly root: Cell = makeCell("", "")
  readonly changed = new Signal()
  #rootTaken = false
  readonly #cells = new Map<string, Cell>([["", this.root]])
  readonly #options: TreeOptions

  constructor(options: TreeOptions) {
    this.#options = options
  }

  /** Milliseconds that never jump: every deadline and every silence is measured with it. */
  now(): number {
    return Number(this.#options.clock.unsafeCurrentTimeNanos()) / 1_000_000
  }

  /** Milliseconds of the wall clock: only ever shown. */
  wall(): number {
    return this.#options.clock.unsafeCurrentTimeMillis()
  }

  /** Never throws: a redaction that fails shows nothing at all. */
  redact(text: string): string {
    let clean = "(cause withheld: its redaction failed)"
    try {
      clean = this.#options.redact(text)
    } catch {
      // Neither the cause nor the error of the redaction may be shown: either could hold what was to be hidden.
    }
    return clean.length <= longestCause ? clean : `${clean.slice(0, longestCause)}… (${clean.length} characters)`
  }

  find(path: string): Cell | undefined {
    return this.#cells.get(path)
  }

  /** A new last child of `parent`. */
  attach(parent: Cell, id: string, kind: NodeKind): Cell {
    const cell = makeCell(id, parent.path === "" ? id : `${parent.path}/${id}`)
    cell.kind = kind
    cell.since = this.wall()
    parent.children.set(id, cell)
    this.#cells.set(cell.path, cell)
    this.changed.pulse()
    return cell
  }

  /** Takes a node out, with all below it. */
  detach(parent: Cell, cell: Cell): void {
    if (parent.children.get(cell.id) === cell) parent.children.delete(cell.id)
    this.#forget(cell)
    this.changed.pulse()
  }

  /** A supervisor moves in at `path`: what an earlier life left below it goes. The root has room for one at a time. */
  takeOver(path: string): Cell {
    const cell = this.#cells.get(path) ?? this.root
    if (cell === this.root) {
      if (this.#rootTaken) throw new Error("the supervision tree has a root supervisor already")
      this.#rootTaken = true
      this.set(cell, "starting")
    }
    cell.kind = "supervisor"
    for (const child of cell.children.values()) this.detach(cell, child)
    return cell
  }

  /** The root supervisor is gone. */
  leave(cell: Cell): void {
    this.#rootTaken = false
    if (cell.reason !== "escalated") this.set(cell, "stopped", "requested")
    else this.set(cell, "failed", cell.reason)
  }

  set(cell: Cell, state: NodeState, reason?: Reason, until?: number): void {
    cell.state = state
    cell.reason = reason
    cell.until = until
    cell.since = this.wall()
    this.changed.pulse()
  }

  emit(type: LifecycleType, cell: Cell, reason?: Reason, cause?: string): void {
    const event = new LifecycleEvent(
      {
        type,
        path: cell.path,
        at: DateTime.unsafeMake(this.wall()),
        reason,
        cause,
        restarts: cell.restarts
      },
      { disableValidation: true }
    )
    this.#options.events.unsafeOffer(event)
    try {
      this.#options.onEvent(event)
    } catch {
      // A hook that throws must not take supervision down with it; the event is in the stream all the same.
    }
  }

  status(cell: Cell): NodeStatus {
    const progressed = cell.progress !== undefined && cell.progress.at >= 0
    return new NodeStatus(
      {
        id: cell.id,
        path: cell.path,
        kind: cell.kind,
        status: cell.state,
        until: cell.until === undefined ? undefined : DateTime.unsafeMake(cell.until),
        reason: cell.reason,
        restarts: cell.restarts,
        lastCause: cell.lastCause,
        since: DateTime.unsafeMake(cell.since),
        lastProgress: progressed
          ? DateTime.unsafeMake(Math.round(this.wall() - (this.now() - (cell.progress?.at ?? 0))))
          : undefined,
        mailbox: cell.readMailbox?.()
      },
      { disableValidation: true }
    )
  }

  /** Every node, parents before children, children in start order. */
  statuses(): ReadonlyArray<NodeStatus> {
    const nodes: Array<NodeStatus> = []
    const walk = (cell: Cell): void => {
      nodes.push(this.status(cell))
      for (const child of cell.children.values()) walk(child)
    }
    walk(this.root)
    return nodes
  }

  #forget(cell: Cell): void {
    if (this.#cells.get(cell.path) === cell) this.#cells.delete(cell.path)
    for (const child of cell.children.values()) this.#forget(child)
  }
}

const longestCause = 4_000

const makeCell = (id: string, path: string): Cell => ({
  id,
  path,
  kind: "supervisor",
  state: "stopped",
  reason: undefined,
  since: 0,
  until: undefined,
  restarts: 0,
  lastCause: undefined,
  progress: undefined,
  readMailbox: undefined,
  orders: undefined,
  children: new Map()
})
