/**
 * Questions over more than one stream, and the live tail: lines are merged by time, a cursor says how far each stream was
 * read, and a follower reads what became durable lately from memory, or, where it has fallen behind, from the log.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Cursor from "../../domain/Cursor.js"
import type { TailItem } from "../../domain/EventQuery.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { StreamName } from "../../domain/StreamName.js"
import { EventLine } from "../../domain/TelemetryEvent.js"
import type * as EventReader from "../EventReader.js"
import type { Selection, SeqRange } from "../TelemetryStore.js"
import type { Position } from "./eventLog.js"
import { quoted } from "./lineForm.js"
import type { RecentLine, RecentLines } from "./recentLines.js"

/** Lines of the log a follower reads at a time while it catches up. */
const catchUp = 1_000
/** A follower wakes at most this often. */
const tick = Duration.millis(10)

export const make = (reader: EventReader.EventReader, recent: RecentLines, position: () => Position) => {
  const streamsOf = (selection: Selection): ReadonlyArray<StreamName> =>
    selection.stream === undefined ? ["site", "run"] : [selection.stream]

  /** What to read of a stream, one after the other: each range of numbers by itself, those with nothing left out. */
  const partsOf = (
    selection: Selection,
    stream: StreamName,
    descending: boolean,
    cursor?: Cursor.Cursor
  ): ReadonlyArray<EventReader.Selection> => {
    const seen = cursor?.[stream]
    const ranges = selection.ranges?.() ?? everything
    const parts = ranges.map(({ afterSeq, lastSeq }) => ({
      stream,
      types: (selection.types ?? []).map(quoted),
      since: selection.since,
      until: selection.until,
      afterSeq: Math.max(afterSeq, selection.afterSeq ?? 0, descending ? 0 : (seen ?? 0)),
      beforeSeq: minimum(lastSeq === undefined ? undefined : lastSeq + 1, descending ? seen : undefined),
      descending
    }))
    const left = parts.filter(({ afterSeq, beforeSeq = Infinity }) => afterSeq + 1 < beforeSeq)
    return descending ? left.reverse() : left
  }

  const query = Effect.fnUntraced(function* (
    selection: Selection,
    options: { readonly limit: number; readonly descending: boolean; readonly cursor?: Cursor.Cursor | undefined }
  ) {
    const parts = yield* Effect.forEach(streamsOf(selection), (stream) =>
      reader.take(partsOf(selection, stream, options.descending, options.cursor), options.limit + 1)
    )
    const found = parts.map((part) => part.found)
    const merged = found.length === 1 ? (found[0] ?? []) : merge(found, options.descending)
    const lines = merged.slice(0, options.limit)
    const next = lines.reduce(
      (cursor, line) => Cursor.advance(cursor, line.stream, line.seq),
      options.cursor ?? Cursor.start
    )
    return { lines, next, more: merged.length > options.limit || parts.some((part) => part.cut) }
  })

  const read = (selection: Selection, options: { readonly descending: boolean }) => {
    const [only, ...others] = streamsOf(selection)
    if (only !== undefined && others.length === 0)
      return Stream.flatMap(Stream.fromIterable(partsOf(selection, only, options.descending)), reader.stream)
    const page = (cursor: Cursor.Cursor) =>
      Effect.map(
        query(selection, { limit: catchUp, descending: options.descending, cursor }),
        ({ lines, more, next }) => [Chunk.unsafeFromArray(lines), more ? Option.some(next) : Option.none()] as const
      )
    return Stream.paginateChunkEffect(Cursor.start, page)
  }

  const tail = (selection: Selection, from?: Cursor.Cursor): Stream.Stream<TailItem, StorageFailed> =>
    Stream.unwrapScoped(
      Effect.gen(function* () {
        yield* Effect.acquireRelease(
          Effect.sync(() => recent.follow()),
          () => Effect.sync(() => recent.unfollow())
        )
        const streams = streamsOf(selection)
        const now = position()
        const start = streams.reduce(
          (cursor: Cursor.Cursor, stream) => ({
            ...cursor,
            [stream]: from === undefined ? now[stream] : (from[stream] ?? 0)
          }),
          Cursor.start
        )
        const types = new Set((selection.types ?? []).map(quoted))
        const wanted = (line: RecentLine, cursor: Cursor.Cursor, ranges: ReadonlyArray<SeqRange>) =>
          line.seq > (cursor[line.stream] ?? Infinity) &&
          (types.size === 0 || types.has(line.type)) &&
          line.seq > (selection.afterSeq ?? 0) &&
          ranges.some((range) => isIn(range, line.seq)) &&
          !(selection.since !== undefined && line.ts < selection.since) &&
          !(selection.until !== undefined && line.ts >= selection.until)

        interface At {
          readonly cursor: Cursor.Cursor
          /** Where to go on among the recent lines; undefined while it catches up from the log. */
          readonly place: number | undefined
        }
        type Step = readonly [Chunk.Chunk<TailItem>, Option.Option<At>]

        const fromLog = (at: At): Effect.Effect<Step, StorageFailed> =>
          Effect.suspend(() => {
            const place = recent.end
            return Effect.map(
              query(selection, { limit: catchUp, descending: false, cursor: at.cursor }),
              ({ lines, more, next }) =>
                [items(at.cursor, lines), Option.some({ cursor: next, place: more ? undefined : place })] as const
            )
          })

        const live = (at: At, place: number): Effect.Effect<Step, StorageFailed> =>
          Effect.suspend(() => {
            const lines = recent.from(place)
            if (lines === undefined) return fromLog({ ...at, place: undefined })
            if (lines.length === 0)
              return Effect.zipRight(
                nextBatch,
                Effect.suspend(() => live(at, place))
              )
            const ranges = selection.ranges?.() ?? everything
            const chosen = lines.filter((line) => wanted(line, at.cursor, ranges))
            const cursor = chosen.reduce((cursor, line) => Cursor.advance(cursor, line.stream, line.seq), at.cursor)
            return Effect.succeed([
              items(at.cursor, chosen),
              Option.some({ cursor, place: place + lines.length })
            ] as const)
          })

        const first: At = { cursor: start, place: from === undefined ? recent.end : undefined }
        return Stream.paginateChunkEffect(first, (at) => (at.place === undefined ? fromLog(at) : live(at, at.place)))
      })
    )

  const nextBatch = Effect.async<void>((resume) => {
    const cancel = recent.next(() => resume(Effect.void))
    return Effect.sync(cancel)
  }).pipe(Effect.zipRight(Effect.sleep(tick)))

  return { query, read, tail }
}

const items = (
  cursor: Cursor.Cursor,
  lines: ReadonlyArray<{ readonly stream: StreamName; readonly seq: number; readonly line: string }>
): Chunk.Chunk<TailItem> => {
  let at = cursor
  return Chunk.unsafeFromArray(
    lines.map((line) => {
      at = Cursor.advance(at, line.stream, line.seq)
      return { line: EventLine.make(line.line, true), cursor: at }
    })
  )
}

const everything: ReadonlyArray<SeqRange> = [{ afterSeq: 0, lastSeq: undefined }]

const isIn = ({ afterSeq, lastSeq }: SeqRange, seq: number): boolean => seq > afterSeq && seq <= (lastSeq ?? Infinity)

const minimum = (a: number | undefined, b: number | undefined) =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)

/** Merges lines by time; within a stream their order stays. */
const merge = (
  parts: ReadonlyArray<ReadonlyArray<EventReader.FoundLine>>,
  descending: boolean
): ReadonlyArray<EventReader.FoundLine> => {
  const [a = [], b = []] = parts
  const merged: Array<EventReader.FoundLine> = []
  let i = 0
  let j = 0
  for (let x = a[i], y = b[j]; x !== undefined || y !== undefined; x = a[i], y = b[j]) {
    const first = y === undefined || (x !== undefined && (descending ? x.ts >= y.ts : x.ts <= y.ts)) ? x : undefined
    if (first !== undefined) {
      merged.push(first)
      i++
    } else if (y !== undefined) {
      merged.push(y)
      j++
    }
  }
  return merged
}
