/**
 * One record of a `.cbors` dump: an event of one ingester, with the frames of its streams. A dump is records one behind the other.
 * What is written is byte for byte what dranspose writes; frames are not copied.
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { DumpedStream } from "../FrameDump.js"
import { CborHeads } from "./internal/CborHeads.js"

export interface DumpRecord {
  readonly event: number
  /** In the order of the record. */
  readonly streams: ReadonlyArray<DumpedStream>
  /** UTC with six digits of a second, or none: `2026-11-21T23:26:16.989154Z`. Older dumps have no times. */
  readonly createdAt: string | undefined
}

/** What every record begins with: the tags 55799 and 42877. */
export const magic: Uint8Array = Buffer.from("d9d9f7d9a77d", "hex")

/** Tag of a stream within a record. */
export const streamTag = 42878

/** Streams in which pieces follow each other; frames are pieces of their own, as they were given. */
export const encode = (record: DumpRecord): ReadonlyArray<Uint8Array> => {
  const { createdAt, event, streams } = record
  const heads = new CborHeads(bound(record))
  heads.raw(magic)
  heads.list(createdAt === undefined ? 2 : 3)
  heads.count(event)
  heads.map(streams.length)
  for (const { name, parts, typ } of streams) {
    heads.text(name)
    heads.tag(streamTag)
    heads.list(2)
    heads.text(typ)
    heads.list(parts.length)
    for (const part of parts) heads.bytes(part)
  }
  if (createdAt !== undefined) {
    heads.tag(0)
    heads.text(createdAt)
  }
  return heads.finish()
}

/** When the record was made, in microseconds since 1970; undefined where it does not say. */
export const microsecondsOf = ({ createdAt }: DumpRecord): number | undefined => {
  const [, second, fraction = ""] = timePattern.exec(createdAt ?? "") ?? []
  if (second === undefined) return undefined
  const millis = Option.map(DateTime.make(`${second}Z`), DateTime.toEpochMillis)
  return Option.getOrUndefined(
    Option.map(millis, (whole) => whole * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0")))
  )
}

/** Times of records as they are written here and by dranspose. */
export const timePattern: RegExp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)$/

// ------------------------------------------------------------------------------------------------------------------

/** No head is longer. */
const head = 9

const bound = ({ createdAt = "", streams }: DumpRecord): number => {
  let bytes = magic.length + 4 * head + createdAt.length
  for (const { name, parts, typ } of streams) bytes += (5 + parts.length) * head + 3 * (name.length + typ.length)
  return bytes
}
