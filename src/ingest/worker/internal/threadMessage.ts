/**
 * What passes between the worker and a thread that runs a user's module.
 *
 * @internal
 */
import type { ParameterDescription } from "../../../assignment/ParameterDescription.js"
import type { Parameters } from "../../ParameterValues.js"
import type { Step, UserCodeFailed } from "../../UserCode.js"
import type { WorkerEvent } from "../WorkerModule.js"

/** Given to a thread when it is begun. */
export interface ThreadData {
  /** Path of the user's module. */
  readonly file: string
}

export type Ask =
  | { readonly step: "start" | "tick" | "finish" | "interval" }
  | { readonly step: "process"; readonly event: WorkerEvent; readonly tick: boolean }

/** Answered in the order of their coming. Parameters are there when they have changed. */
export interface Request {
  readonly id: number
  readonly ask: Ask
  readonly parameters: Parameters | undefined
}

export interface Failure {
  readonly step: Step
  readonly reason: UserCodeFailed["reason"]
  readonly detail: string
  readonly event: number | null
}

export type Answer =
  | { readonly ready: ReadonlyArray<ParameterDescription> }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly unfit: Failure }
  /** Something that belongs to no question. */
  | { readonly stray: Failure }

/**
 * The event in a form that can be handed over: frames in shared memory go as they are, all others are put into one piece of
 * memory, copied once, which then belongs to the thread. (Memory of a transport can't be handed over itself: others read it.)
 */
export const handOver = (
  event: WorkerEvent
): { readonly event: WorkerEvent; readonly transfer: ReadonlyArray<ArrayBuffer> } => {
  let size = 0
  for (const { frames } of Object.values(event.streams)) {
    for (const frame of frames) if (!isShared(frame)) size += frame.byteLength
  }
  if (size === 0) return { event: plain(event, (frame) => frame), transfer: [] }
  const memory = new ArrayBuffer(size)
  let next = 0
  const packed = plain(event, (frame) => {
    if (isShared(frame)) return frame
    const view = new Uint8Array(memory, next, frame.byteLength)
    view.set(frame)
    next += frame.byteLength
    return view
  })
  return { event: packed, transfer: [memory] }
}

const isShared = (frame: Uint8Array): boolean => frame.buffer instanceof SharedArrayBuffer

const plain = (event: WorkerEvent, put: (frame: Uint8Array) => Uint8Array): WorkerEvent => ({
  event_number: event.event_number,
  streams: Object.fromEntries(
    Object.entries(event.streams).map(([name, { frames, typ }]) => [name, { typ, frames: frames.map(put) }])
  )
})
