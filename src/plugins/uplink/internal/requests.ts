/**
 * What comes in over MQTT, read as JSON.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { Incoming } from "../../../uplink/Uplink.js"

export type Mapping = Readonly<Record<string, unknown>>

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Most bytes that are read. */
const largest = 4 * 2 ** 20

export const json = (payload: Buffer): Either.Either<unknown, Incoming> => {
  if (payload.length > largest) return Either.left(unreadable(payload, `${payload.length} bytes, more than ${largest}`))
  return Either.try({
    try: (): unknown => JSON.parse(payload.toString("utf8")),
    catch: () => unreadable(payload, "not JSON")
  }).pipe(
    Either.filterOrLeft(
      (document) => !isDeeper(document, deepest),
      () => unreadable(payload, `nested deeper than ${deepest}`)
    )
  )
}

/** What is nested deeper would end whoever walks through it. */
const deepest = 128

/** Walks level by level: its own stack stays as it is. */
const isDeeper = (document: unknown, most: number): boolean => {
  let level: ReadonlyArray<unknown> = [document]
  for (let depth = 0; depth <= most; depth++) {
    level = level.flatMap((value) => (Array.isArray(value) ? value : isMapping(value) ? Object.values(value) : []))
    if (level.length === 0) return false
  }
  return true
}

export const unreadable = (payload: Buffer, reason: string, revision?: number): Incoming => ({
  _tag: "Unreadable",
  // Enough to tell one from another.
  text: payload.subarray(0, 64 * 1024).toString("utf8"),
  reason,
  revision
})

export const wholeNumber = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= -1 ? value : undefined
