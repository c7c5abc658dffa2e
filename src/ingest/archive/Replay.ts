/**
 * Dumps as the events they were: the records of all files merged by event number, the lowest next one first, as dranspose's own
 * replay does. Memory is bounded by a piece of each file.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { DumpedStream } from "../FrameDump.js"
import * as DumpFile from "./DumpFile.js"
import { type DumpRecord, microsecondsOf } from "./DumpRecord.js"
import type { DumpDamage, DumpEntry } from "./DumpScanner.js"

export interface ReplayEvent {
  readonly event: number
  readonly streams: ReadonlyArray<DumpedStream>
  /** When the first of its records was made, in microseconds since 1970, where the dumps say so. */
  readonly at: number | undefined
}

/** Two files have a frame of the same stream in one event: they are not of one scan. */
export class ReplayConflict extends Schema.TaggedError<ReplayConflict>()("ReplayConflict", {
  event: Schema.Int,
  stream: Schema.String,
  path: Schema.String
}) {
  override get message() {
    return `${this.path}: event ${this.event} has stream ${this.stream} already from another file`
  }
}

/** Bytes that are no records are told, and passed over. */
export type OnDamage = (path: string, damage: DumpDamage) => Effect.Effect<void>

export const logDamage: OnDamage = (path, { at, length, reason }) =>
  Effect.logWarning(`${path}, offset ${at}: ${reason}${length === 0 ? "" : `; ${length} bytes passed over`}`)

export const events = (
  files: ReadonlyArray<string>,
  onDamage: OnDamage = logDamage
): Stream.Stream<ReplayEvent, StorageFailed | ReplayConflict, FileSystem.FileSystem> =>
  Stream.unwrapScoped(
    Effect.map(
      Effect.forEach(files, (path) => cursorOf(path, onDamage)),
      (cursors) => Stream.repeatEffectChunkOption(nextEvents(cursors))
    )
  )

/** Holds events back to the times between them, divided by `speed`. Those without a time are not held back. */
export const paced =
  <A>(speed: number, timeOf: (item: A) => number | undefined) =>
  <E, R>(items: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> => {
    if (speed === Infinity) return items
    return Stream.unwrap(
      Effect.sync(() => {
        let first: { readonly item: number; readonly clock: number } | undefined
        return Stream.tap(items, (item) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            const time = timeOf(item)
            if (time === undefined) return Effect.void
            first ??= { item: time, clock: now }
            const due = first.clock + (time - first.item) / 1000 / speed
            return due > now ? Effect.sleep(due - now) : Effect.void
          })
        )
      })
    )
  }

// ------------------------------------------------------------------------------------------------------------------

/** Events are handed on when there are so many, or so many bytes of them. */
const most = 256
const mostBytes = 8 * 1024 * 1024

/** A file, and those of its records that were read and not used. */
interface Cursor {
  readonly path: string
  /** Reads on where there is no record left; false at the end. */
  readonly fill: Effect.Effect<boolean, StorageFailed>
  readonly records: Array<DumpRecord>
}

const cursorOf = (
  path: string,
  onDamage: OnDamage
): Effect.Effect<Cursor, never, Scope.Scope | FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<FileSystem.FileSystem>()
    const pull = yield* Stream.toPull(DumpFile.read(path))
    const records: Array<DumpRecord> = []
    const keep = (entry: DumpEntry) =>
      entry._tag === "Record" ? Effect.sync(() => records.push(entry.record)) : onDamage(path, entry)
    const more = pull.pipe(
      Effect.tap((entries) => Effect.forEach(entries, keep, { discard: true })),
      Effect.as(true),
      Effect.catchAll(Option.match({ onNone: () => Effect.succeed(false), onSome: Effect.fail })),
      Effect.provide(context)
    )
    const fill: Cursor["fill"] = Effect.suspend(() =>
      records.length > 0 ? Effect.succeed(true) : Effect.flatMap(more, (some) => (some ? fill : Effect.succeed(false)))
    )
    return { path, records, fill }
  })

const nextEvents = (
  cursors: ReadonlyArray<Cursor>
): Effect.Effect<Chunk.Chunk<ReplayEvent>, Option.Option<StorageFailed | ReplayConflict>> =>
  Effect.gen(function* () {
    const found: Array<ReplayEvent> = []
    for (let bytes = 0; found.length < most && bytes < mostBytes;) {
      // What is found already does not wait for files to be read.
      if (found.length > 0 && cursors.some(({ records }) => records.length === 0)) break
      yield* Effect.forEach(cursors, ({ fill }) => fill, { discard: true })
      const lowest = Math.min(...cursors.map(({ records: [next] }) => next?.event ?? Infinity))
      if (lowest === Infinity) break
      const event = yield* merged(
        lowest,
        cursors.filter(({ records: [next] }) => next?.event === lowest)
      )
      found.push(event)
      for (const { parts } of event.streams) for (const part of parts) bytes += part.byteLength
    }
    return found.length === 0 ? yield* Effect.fail(Option.none()) : Chunk.unsafeFromArray(found)
  }).pipe(Effect.mapError((error) => (Option.isOption(error) ? error : Option.some(error))))

const merged = (event: number, cursors: ReadonlyArray<Cursor>): Effect.Effect<ReplayEvent, ReplayConflict> => {
  const streams: Array<DumpedStream> = []
  const names = new Set<string>()
  let at = Infinity
  for (const { path, records } of cursors) {
    const record = records.shift()
    if (record === undefined) continue
    at = Math.min(at, microsecondsOf(record) ?? Infinity)
    for (const stream of record.streams) {
      if (names.has(stream.name)) return new ReplayConflict({ event, stream: stream.name, path })
      names.add(stream.name)
      streams.push(stream)
    }
  }
  return Effect.succeed({ event, streams, at: at === Infinity ? undefined : at })
}
