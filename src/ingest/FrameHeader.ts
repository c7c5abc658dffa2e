/**
 * The header of a message to a worker, in the bytes of the wire:
 * `{"event_number":2,"streams":{"cam":{"typ":"STINS","length":2}},"created_at":"2026-11-21T23:26:16.989356Z"}`.
 */
import * as DateTime from "effect/DateTime"

/** A stream's own part of every header, up to the number of its frames. */
export const streamPrefix = (name: string, typ: string): string =>
  `${JSON.stringify(name)}:{"typ":${JSON.stringify(typ)},"length":`

/** The streams stand in the order of the frames that follow. */
export const header = (
  event: number,
  streams: ReadonlyArray<{ readonly prefix: string; readonly length: number }>,
  createdAt: string
): Uint8Array => {
  let members = ""
  for (const { length, prefix } of streams) members += `${members === "" ? "" : ","}${prefix}${length}}`
  return Buffer.from(`{"event_number":${event},"streams":{${members}},"created_at":"${createdAt}"}`)
}

/** UTC in microseconds, without a fraction where it is zero. */
export const timestamp = (nanoseconds: bigint): string => {
  const microseconds = nanoseconds / 1000n
  const fraction = microseconds % 1_000_000n
  const second = DateTime.formatIso(DateTime.unsafeMake(Number((microseconds - fraction) / 1000n))).slice(0, 19)
  return fraction === 0n ? `${second}Z` : `${second}.${String(fraction).padStart(6, "0")}Z`
}
