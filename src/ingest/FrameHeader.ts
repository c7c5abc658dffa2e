/**
 * The header of a message to a worker, in the bytes of the wire:
 * `{"event_number":2,"streams":{"cam":{"typ":"STINS","length":2}},"created_at":"2026-11-21T23:26:16.989356Z"}`.
 */
import * as DateTime from "effect/DateTime"

/** A stream's own part of every header, up to the number of its frames. */
export const streamPrefix = (name: string, typ: string): string =>
  `${JSON.stringify(name)}:{"typ":${JSON.stringify(typ)},"length":`

/** What a header says of one stream. */
export interface HeaderStream {
  readonly prefix: string
  /** How many parts its frame has. */
  readonly length: number
}

/** The streams stand in the order of the frames that follow. */
export const header = (event: number, streams: ReadonlyArray<HeaderStream>, createdAt: string): Buffer => {
  let members = ""
  for (const { length, prefix } of streams) members += `${members === "" ? "" : ","}${prefix}${length}}`
  return Buffer.from(`${opening}${event},"streams":{${members}},"created_at":"${createdAt}"}`)
}

/**
 * Makes headers one after the other. Most differ from the one before in the digits of their event alone: these are written into
 * a copy, which costs a third of making the text and its bytes anew.
 */
export class HeaderWriter {
  private streams: ReadonlyArray<HeaderStream> = []
  private createdAt = ""
  private last: Uint8Array = Buffer.alloc(0)
  /** Events up to here, and from a tenth of it on, have numbers as long as that of the last one. */
  private end = 0

  write(event: number, streams: ReadonlyArray<HeaderStream>, createdAt: string): Uint8Array {
    if (event < this.end && event * 10 >= this.end && createdAt === this.createdAt && areSame(streams, this.streams)) {
      return this.copyFor(event)
    }
    this.streams = streams.map(({ length, prefix }) => ({ length, prefix }))
    this.createdAt = createdAt
    this.end = 10 ** String(event).length
    this.last = header(event, streams, createdAt)
    return this.last
  }

  private copyFor(event: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(this.last.length)
    bytes.set(this.last)
    let at = opening.length
    for (let above = this.end; above > 10; above /= 10) at++
    for (let rest = event; at >= opening.length; at--) {
      bytes[at] = zero + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    return bytes
  }
}

/** The event of a message that was made here; -1 for what is none. */
export const eventOf = (header: Uint8Array | undefined): number => {
  if (header === undefined) return -1
  let event = 0
  let at = opening.length
  for (let digit = (header[at] ?? 0) - zero; digit >= 0 && digit <= 9; digit = (header[++at] ?? 0) - zero) {
    event = event * 10 + digit
  }
  return at === opening.length ? -1 : event
}

/** UTC in microseconds, without a fraction where it is zero. */
export const timestamp = (nanoseconds: bigint): string => {
  const microseconds = nanoseconds / 1000n
  const fraction = microseconds % 1_000_000n
  const second = DateTime.formatIso(DateTime.unsafeMake(Number((microseconds - fraction) / 1000n))).slice(0, 19)
  return fraction === 0n ? `${second}Z` : `${second}.${String(fraction).padStart(6, "0")}Z`
}

// ---------------------------------------------------------------------------------------------------------------------

const opening = `{"event_number":`
const zero = 0x30

const areSame = (some: ReadonlyArray<HeaderStream>, others: ReadonlyArray<HeaderStream>): boolean => {
  if (some.length !== others.length) return false
  for (let at = 0; at < some.length; at++) {
    if (some[at]?.prefix !== others[at]?.prefix || some[at]?.length !== others[at]?.length) return false
  }
  return true
}
