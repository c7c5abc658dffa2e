/** One message of an ingester, taken apart: the streams of an event that go to one worker. */
import * as Predicate from "effect/Predicate"
import { HeaderMemory } from "../internal/headerMemory.js"
import type { StreamFrames } from "./WorkerModule.js"

export interface EventMessage {
  readonly event_number: number
  /** How much it holds in memory, in bytes. */
  readonly size: number
  readonly streams: ReadonlyArray<readonly [name: string, share: StreamFrames]>
}

/**
 * Reads the messages of one connection. The parts are shared with the message, not copied. A text says what is wrong with a
 * message that is none.
 */
export const reader = (): ((parts: ReadonlyArray<Uint8Array>) => EventMessage | string) => {
  const memory = new HeaderMemory<ReadonlyArray<StreamShare>>()
  return (parts) => {
    const [head] = parts
    if (head === undefined) return "it has no header"
    const recalled = memory.recall(head)
    if (recalled !== undefined) return messageOf(recalled.event_number, recalled.said, parts)
    const header = parse(head)
    if (!Predicate.isRecord(header) || !Predicate.isRecord(header["streams"])) return "its header is not one"
    const event_number = header["event_number"]
    if (typeof event_number !== "number" || !Number.isSafeInteger(event_number) || event_number < 0) {
      return "its header has no event number"
    }
    const shares = sharesOf(header["streams"])
    if (typeof shares === "string") return shares
    memory.learn(head, shares)
    return messageOf(event_number, shares, parts)
  }
}

// -----------------------------------------------------------------------------

/** What a header says of one stream. */
interface StreamShare {
  readonly name: string
  readonly typ: string
  /** How many of the parts are its frame. */
  readonly length: number
}

const sharesOf = (streams: Readonly<Record<PropertyKey, unknown>>): ReadonlyArray<StreamShare> | string => {
  const shares: Array<StreamShare> = []
  for (const [name, share] of Object.entries(streams)) {
    if (!Predicate.isRecord(share)) return `its header does not describe the stream '${name}'`
    const { length, typ } = share
    if (typeof typ !== "string" || typeof length !== "number" || !Number.isSafeInteger(length) || length < 0) {
      return `its header does not describe the stream '${name}'`
    }
    shares.push({ name, typ, length })
  }
  return shares
}

const messageOf = (
  event_number: number,
  shares: ReadonlyArray<StreamShare>,
  parts: ReadonlyArray<Uint8Array>
): EventMessage | string => {
  const streams: Array<readonly [string, StreamFrames]> = []
  let next = 1
  let size = 0
  for (const { length, name, typ } of shares) {
    const frames = parts.slice(next, next + length)
    for (const frame of frames) size += frame.byteLength
    streams.push([name, { typ, frames }])
    next += length
  }
  return next === parts.length
    ? { event_number, size, streams }
    : `it has ${parts.length - 1} frames, its header says ${next - 1}`
}

const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"))
  } catch {
    return undefined
  }
}
