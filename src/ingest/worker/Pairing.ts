/**
 * Puts the events of one scan together, for one worker: what it is to have by its assignments, with the messages of the
 * ingesters that have it, by the number of the event.
 *
 * Events come out in the order of the assignments. An ingester sends its messages in that order too, so that one which has
 * gone past an event will not send its share of it any more: that event comes out as lost, and the next ones go on. Messages
 * may come before their assignment is known, and wait for it; those of an earlier scan are told by their number going back.
 *
 * What is meant for another start of the worker is not its own: a worker that has begun anew in the middle of a scan goes
 * through the assignments of its predecessor, whose frames will not come again.
 *
 * A plain data structure without effects: it stands in the path of every event.
 */
import type { WorkAssignment } from "../../assignment/WorkAssignment.js"
import type { EventMessage } from "./EventMessage.js"
import { type Fault, Faults } from "./PairingFault.js"
import type { StreamFrames, WorkerEvent } from "./WorkerModule.js"

/** An ingester's connection, as far as pairing knows it. */
export interface Lane {
  readonly ingester: string
  /** What the ingester has. */
  readonly streams: ReadonlySet<string>
}

/** An event that is complete, or will never be. */
export interface Paired {
  readonly event_number: number
  /** None if it is lost. */
  readonly event: WorkerEvent | undefined
}

interface LaneState {
  /** The number of its latest message. */
  last: number
  /** Up to here nothing more will come of it, whatever it has brought. */
  over: number
  /** Messages of events that are not taken yet, and of those that wait for their assignment. */
  stored: number
  storedBytes: number
  /** Messages before their assignment. */
  readonly early: Map<number, EventMessage>
}

/**
 * The streams of an event. Without inherited members, since any name may be asked for; not `Object.create(null)`, which makes a
 * hash table several times as large.
 */
class EventStreams {
  [name: string]: StreamFrames
}
Object.setPrototypeOf(EventStreams.prototype, null)
Reflect.deleteProperty(EventStreams.prototype, "constructor")

/** What a connection has brought for an event. */
interface Share {
  readonly state: LaneState
  readonly size: number
}

interface Awaited {
  readonly event: { readonly event_number: number; readonly streams: Record<string, StreamFrames> }
  /** The streams that have not come; a list, since they are few and there is one for each event. */
  readonly missing: Array<string>
  readonly from: Array<Share>
}

export class Pairing {
  readonly #worker: string
  /** Which start of the worker this is, where its assignments say which one they mean. */
  readonly incarnation: string | undefined
  readonly #lanes = new Map<Lane, LaneState>()
  readonly #awaited = new Map<number, Awaited>()
  /** The awaited in their order, from `#first` on. */
  #order: Array<Awaited> = []
  #first = 0
  /** Up to here assignments are known. */
  #known = -1
  readonly #faults = new Faults()

  constructor(worker: string, incarnation?: string) {
    this.#worker = worker
    this.incarnation = incarnation
  }

  /** Events that are assigned and not yet taken. */
  get outstanding(): number {
    return this.#order.length - this.#first
  }

  /** What went wrong since this was last asked. */
  faults(): ReadonlyArray<Fault> {
    return this.#faults.take()
  }

  /** Whether a connection has so much in store here that it should wait. */
  isFull(lane: Lane): boolean {
    const state = this.#lanes.get(lane)
    return state !== undefined && (state.stored >= mostMessages || state.storedBytes >= mostBytes)
  }

  /** A connection has ended: what it has sent is kept, what it has not sent may come from another one. */
  forget(lane: Lane): void {
    this.#lanes.delete(lane)
  }

  /** The last event that is assigned, to whomever. */
  get known(): number {
    return this.#known
  }

  /** What this connection was to bring up to this event and has not brought was lost with it. Says whether that is new. */
  giveUp(lane: Lane, upTo: number): boolean {
    const state = this.#state(lane)
    if (upTo <= state.over) return false
    state.over = upTo
    return true
  }

  /** The number of the latest message of this connection. */
  latest(lane: Lane): number {
    return this.#lanes.get(lane)?.last ?? -1
  }

  /** Assignments of all workers, in order. One that is known already is passed over. */
  assign(assignments: Iterable<WorkAssignment>): void {
    for (const { assignments: workers, event_number, incarnations } of assignments) {
      if (event_number <= this.#known) continue
      this.#known = event_number
      if (incarnations?.[this.#worker] !== this.incarnation) continue
      const missing: Array<string> = []
      for (const stream in workers) if (workers[stream]?.includes(this.#worker)) missing.push(stream)
      if (missing.length === 0) continue
      const awaited: Awaited = {
        event: { event_number, streams: new EventStreams() },
        missing,
        from: []
      }
      this.#awaited.set(event_number, awaited)
      this.#order.push(awaited)
      for (const [lane, state] of this.#lanes) this.#fromEarly(lane, state, awaited)
    }
    for (const [lane, state] of this.#lanes) this.#dropUnassigned(lane, state)
  }

  /** A message has come. */
  arrive(lane: Lane, message: EventMessage): void {
    const state = this.#state(lane)
    const { event_number } = message
    if (event_number === state.last) return this.#faults.add("repeated", lane.ingester, event_number)
    if (event_number < state.last) this.#dropStale(lane, state)
    state.last = event_number
    const awaited = this.#awaited.get(event_number)
    if (awaited !== undefined) {
      put(state, 1, message.size)
      this.#fill(lane, state, awaited, message)
    } else if (event_number > this.#known) {
      put(state, 1, message.size)
      state.early.set(event_number, message)
    } else {
      this.#faults.add("unexpected", lane.ingester, event_number)
    }
  }

  /** A message that could not be read. */
  malformed(lane: Lane, detail: string): void {
    this.#faults.add("malformed", lane.ingester, null, detail)
  }

  /** Up to so many events that are done with, in order; none where the next one still has something to come. */
  take(limit: number): ReadonlyArray<Paired> {
    const taken: Array<Paired> = []
    while (taken.length < limit) {
      const next = this.#order[this.#first]
      if (next === undefined) break
      const complete = next.missing.length === 0
      if (!complete && !this.#isLost(next)) break
      this.#first++
      const { event, from } = next
      this.#awaited.delete(event.event_number)
      for (const { size, state } of from) put(state, -1, -size)
      taken.push({ event_number: event.event_number, event: complete ? event : undefined })
    }
    if (this.#first > 1024 && this.#first * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#first)
      this.#first = 0
    }
    return taken
  }

  #state(lane: Lane): LaneState {
    const known = this.#lanes.get(lane)
    if (known !== undefined) return known
    const state: LaneState = { last: -1, over: -1, stored: 0, storedBytes: 0, early: new Map() }
    this.#lanes.set(lane, state)
    return state
  }

  /** An ingester that has one of the missing streams is at this event or past it, or has lost what it sent of it. */
  #isLost({ event: { event_number }, missing }: Awaited): boolean {
    for (const [lane, { last, over }] of this.#lanes) {
      if (last < event_number && over < event_number) continue
      for (const stream of missing) {
        if (!lane.streams.has(stream)) continue
        this.#faults.add("missing", lane.ingester, event_number, `stream '${stream}'`)
        return true
      }
    }
    return false
  }

  #fill(lane: Lane, state: LaneState, awaited: Awaited, message: EventMessage): void {
    awaited.from.push({ state, size: message.size })
    for (const [name, share] of message.streams) {
      const at = awaited.missing.indexOf(name)
      if (at === -1) this.#faults.add("unexpected", lane.ingester, message.event_number, `stream '${name}'`)
      else {
        awaited.missing.splice(at, 1)
        awaited.event.streams[name] = share
      }
    }
  }

  #fromEarly(lane: Lane, state: LaneState, awaited: Awaited): void {
    const message = state.early.get(awaited.event.event_number)
    if (message === undefined) return
    state.early.delete(message.event_number)
    this.#fill(lane, state, awaited, message)
  }

  /** Early messages of events that turned out to be another worker's. */
  #dropUnassigned(lane: Lane, state: LaneState): void {
    for (const { event_number, size } of state.early.values()) {
      if (event_number > this.#known) return
      state.early.delete(event_number)
      put(state, -1, -size)
      this.#faults.add("unexpected", lane.ingester, event_number)
    }
  }

  /** The numbers have gone back: what came before and was never assigned belonged to another scan. */
  #dropStale(lane: Lane, state: LaneState): void {
    for (const { event_number, size } of state.early.values()) {
      put(state, -1, -size)
      this.#faults.add("stale", lane.ingester, event_number)
    }
    state.early.clear()
  }
}

// -----------------------------------------------------------------------------

/** Of one connection. What is in the connection itself comes on top of it. */
const mostMessages = 1024
const mostBytes = 256 * 2 ** 20

const put = (state: LaneState, messages: number, bytes: number): void => {
  state.stored += messages
  state.storedBytes += bytes
}
