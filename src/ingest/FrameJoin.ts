/**
 * Joins assignments with frames: each assignment takes exactly one frame of each of the scan's own streams that it names, and
 * makes one message for each worker that gets any of them. Frames are neither copied nor encoded again; a header is built once
 * for all workers that get the same streams.
 *
 * It runs without waiting as far as it can and then says what it needs: this is the hot path, passed once for each event.
 */
import type { WorkAssignment } from "../assignment/WorkAssignment.js"
import type { Frame } from "../source/Frame.js"
import type { OpenDump } from "./FrameDump.js"
import { HeaderWriter } from "./FrameHeader.js"
import type { FrameMessage } from "./FrameTransport.js"
import type { StreamIntake } from "./StreamIntake.js"
import type { WorkerOutbox } from "./WorkerOutbox.js"

/** Why it stopped. */
export type Need =
  | { readonly _tag: "Assignments" }
  | { readonly _tag: "Frame"; readonly intake: StreamIntake; readonly event: number }
  | { readonly _tag: "Outbox"; readonly worker: string }
  | { readonly _tag: "Room"; readonly outbox: WorkerOutbox }
  /** Nothing; it has done so much that others should have their turn. */
  | { readonly _tag: "Breath" }

export interface FrameJoin {
  /** Only when it needs assignments. */
  readonly feed: (assignments: ReadonlyArray<WorkAssignment>) => void
  /** Goes on as far as it can; messages made now say that they are created at this time. */
  readonly run: (createdAt: string) => Need
  /** Assignments that it has and has not done. */
  readonly waiting: () => ReadonlyArray<WorkAssignment>
}

/** Events after which others have their turn. */
const stretch = 256

export const make = (options: {
  /** In the order in which they stand in messages. */
  readonly intakes: ReadonlyArray<StreamIntake>
  readonly outboxes: ReadonlyMap<string, WorkerOutbox>
  /** Absent: nothing is dumped. */
  readonly dump: OpenDump | undefined
  /** Counts one that took frames. */
  readonly onEvent: () => void
}): FrameJoin => {
  const { dump, intakes, onEvent, outboxes } = options
  const headers = new HeaderWriter()
  let assignments: ReadonlyArray<WorkAssignment> = []
  let at = 0

  const messageOf = (event: number, portions: ReadonlyArray<Portion>, createdAt: string): FrameMessage => {
    const message: Array<Uint8Array> = [headers.write(event, portions, createdAt)]
    for (const { frame } of portions) for (const part of frame.parts) message.push(part)
    return message
  }

  /** What this assignment lacks. */
  const lack = ({ assignments: named, event_number: event }: WorkAssignment): Need | undefined => {
    for (const intake of intakes) {
      const workers = workersOf(named, intake)
      if (workers === undefined) continue
      if (!intake.ready()) return { _tag: "Frame", intake, event }
      for (const worker of workers) {
        const outbox = outboxes.get(worker)
        if (outbox === undefined) return { _tag: "Outbox", worker }
        if (outbox.isFull()) return { _tag: "Room", outbox }
      }
    }
    return undefined
  }

  const forward = (assignment: WorkAssignment, createdAt: string) => {
    const { assignments: named, event_number: event } = assignment
    const portions: Array<Portion> = []
    for (const intake of intakes) {
      const workers = workersOf(named, intake)
      if (workers === undefined) continue
      const frame = intake.next()
      portions.push({ intake, workers, frame, prefix: intake.prefix, length: frame.parts.length })
    }
    const [first] = portions
    if (first === undefined) return
    if (dump !== undefined) dump.offer(event, portions.map(dumped))
    onEvent()
    if (portions.length > 1) return spread(event, portions, createdAt)
    if (first.workers.length === 0) return
    const message = messageOf(event, portions, createdAt)
    for (const worker of first.workers) outboxes.get(worker)?.offer(message)
  }

  const spread = (event: number, portions: ReadonlyArray<Portion>, createdAt: string) => {
    const made = new Map<string, FrameMessage>()
    for (const [worker, own] of byWorker(portions)) {
      const key = own.map(({ prefix }) => prefix).join()
      const message = made.get(key) ?? messageOf(event, own, createdAt)
      made.set(key, message)
      outboxes.get(worker)?.offer(message)
    }
  }

  return {
    feed: (more) => {
      assignments = more
      at = 0
    },
    run: (createdAt) => {
      for (let done = 0; done < stretch; done++) {
        const assignment = assignments[at]
        if (assignment === undefined) return { _tag: "Assignments" }
        const need = lack(assignment)
        if (need !== undefined) return need
        forward(assignment, createdAt)
        at++
      }
      return { _tag: "Breath" }
    },
    waiting: () => assignments.slice(at)
  }
}

// ---------------------------------------------------------------------------------------------------------------------

/** One stream's part of an event. */
interface Portion {
  readonly intake: StreamIntake
  readonly workers: ReadonlyArray<string>
  readonly frame: Frame
  /** What the header says of it. */
  readonly prefix: string
  readonly length: number
}

const workersOf = (named: WorkAssignment["assignments"], { name }: StreamIntake) =>
  Object.hasOwn(named, name) ? named[name] : undefined

const dumped = ({ frame, intake }: Portion) => ({ name: intake.name, typ: intake.typ, parts: frame.parts })

const byWorker = (portions: ReadonlyArray<Portion>): ReadonlyMap<string, ReadonlyArray<Portion>> => {
  const own = new Map<string, Array<Portion>>()
  for (const portion of portions) {
    for (const worker of portion.workers) {
      const found = own.get(worker)
      if (found === undefined) own.set(worker, [portion])
      else if (!found.includes(portion)) found.push(portion)
    }
  }
  return own
}
