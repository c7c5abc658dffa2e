/**
 * Reading the site's daily log files: the last lines that pass a filter, found from the end in blocks so that the size of
 * the files does not matter, and lines as they are written. Lines are the JSON texts of the files. A line that a power cut
 * ended is passed over. No lock is needed, and the writer may be another process.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import type { PlatformError } from "@effect/platform/Error"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { isNotFound, reasonOf } from "./FileReason.js"
import { dayOf, fileName } from "./LogFile.js"
import { matches, type LogFilter } from "./LogLine.js"
import { Site } from "./Site.js"

/** The log directory exists but can't be read. */
export class LogsUnreadable extends Schema.TaggedError<LogsUnreadable>()("LogsUnreadable", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.path} can't be read: ${this.reason}`
  }
}

export class LogReader extends Context.Tag("outpost/site/LogReader")<
  LogReader,
  {
    /** The last `tail` lines (200 by default) that pass the filter, oldest first. None where nothing was logged yet. */
    readonly last: (
      filter: LogFilter & { readonly tail?: number | undefined }
    ) => Effect.Effect<ReadonlyArray<string>, LogsUnreadable>
    /** `last`, then every line that passes, within half a second of being written, over the turn of the day. */
    readonly follow: (
      filter: LogFilter & { readonly tail?: number | undefined }
    ) => Stream.Stream<string, LogsUnreadable>
  }
>() {}

export const make: Effect.Effect<LogReader["Type"], never, Site | FileSystem.FileSystem | Path.Path> = Effect.gen(
  function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const directory = (yield* Site).paths.logs
    const unreadable = (error: PlatformError) => new LogsUnreadable({ path: directory, reason: reasonOf(error) })

    /** The days there are files of, oldest first. */
    const days = fs.readDirectory(directory).pipe(
      Effect.catchIf(isNotFound, () => Effect.succeed<Array<string>>([])),
      Effect.map((names) => names.flatMap((name) => dayOf(name) ?? []).sort())
    )

    const sizeOf = (day: string) =>
      fs.stat(path.join(directory, fileName(day))).pipe(
        Effect.map(({ size }) => Number(size)),
        Effect.catchIf(isNotFound, () => Effect.succeed(0))
      )

    const bytes = (day: string, from: number, length: number) =>
      Effect.scoped(
        Effect.gen(function* () {
          const file = yield* fs.open(path.join(directory, fileName(day)), { flag: "r" })
          yield* file.seek(FileSystem.Size(from), "start")
          return Option.getOrElse(yield* file.readAlloc(FileSystem.Size(length)), () => new Uint8Array())
        })
      ).pipe(Effect.catchIf(isNotFound, () => Effect.succeed(new Uint8Array())))

    /** The last `wanted` lines of a day that pass, newest first, of its first `end` bytes. */
    const backwards = Effect.fnUntraced(function* (
      day: string,
      end: number,
      wanted: number,
      keep: (line: string) => boolean
    ) {
      const found: Array<string> = []
      let rest = Buffer.alloc(0)
      for (let to = end; to > 0 && found.length < wanted;) {
        const from = Math.max(0, to - blockSize)
        const block = Buffer.concat([yield* bytes(day, from, to - from), rest])
        // Before the first line end stands the end of a line that begins in an earlier block.
        const whole = from === 0 ? 0 : block.indexOf(newline) + 1
        rest = whole === 0 && from > 0 ? block : block.subarray(0, whole)
        const lines = whole === 0 && from > 0 ? [] : block.toString("utf8", whole).split("\n")
        for (let i = lines.length - 1; i >= 0 && found.length < wanted; i--) {
          const line = lines[i] ?? ""
          if (line !== "" && keep(line)) found.push(line)
        }
        to = from
      }
      return found
    })

    /** Where the last whole line ends: the writer may be in the middle of the next. */
    const wholeLinesEnd = (day: string, end: number) => {
      const from = Math.max(0, end - 4 * blockSize)
      return Effect.map(bytes(day, from, end - from), (block) => from + Buffer.from(block).lastIndexOf(newline) + 1)
    }

    /** The last lines, and how far each day's file had been written by then. */
    const lastUpTo = Effect.fnUntraced(function* (filter: LogFilter & { readonly tail?: number | undefined }) {
      const keep = matches(filter)
      const wanted = Math.max(0, filter.tail ?? 200)
      const since = filter.since === undefined ? "" : dayBefore(filter.since)
      const found: Array<string> = []
      const ends = new Map<string, number>()
      for (const day of (yield* days).toReversed()) {
        const end = yield* sizeOf(day)
        ends.set(day, end)
        if (found.length < wanted && day >= since)
          found.push(...(yield* backwards(day, end, wanted - found.length, keep)))
      }
      return { lines: found.toReversed(), ends }
    })

    const last = Effect.fn("LogReader.last")(function* (filter: LogFilter & { readonly tail?: number | undefined }) {
      return (yield* lastUpTo(filter).pipe(Effect.mapError(unreadable))).lines
    })

    /** Whole lines written since the last look. */
    const news = Effect.fnUntraced(function* (ends: Map<string, number>, keep: (line: string) => boolean) {
      const found: Array<string> = []
      for (const day of yield* days) {
        const from = ends.get(day) ?? 0
        const to = yield* sizeOf(day)
        if (to < from) ends.set(day, 0)
        if (to <= from) continue
        const block = Buffer.from(yield* bytes(day, from, Math.min(to - from, largestStep)))
        const whole = block.lastIndexOf(newline) + 1
        ends.set(day, from + whole)
        found.push(
          ...block
            .toString("utf8", 0, whole)
            .split("\n")
            .filter((line) => line !== "" && keep(line))
        )
      }
      return Chunk.fromIterable(found)
    })

    return {
      last,
      follow: (filter) =>
        Stream.unwrap(
          Effect.gen(function* () {
            const { ends, lines } = yield* lastUpTo({ ...filter, tail: filter.tail ?? 10 })
            for (const [day, end] of ends) ends.set(day, yield* wholeLinesEnd(day, end))
            const at = yield* Ref.make(ends)
            const later = Stream.repeatEffectWithSchedule(
              Effect.flatMap(Ref.get(at), (ends) => news(ends, matches(filter))),
              Schedule.spaced("250 millis")
            )
            return Stream.concat(Stream.fromIterable(lines), Stream.flattenChunks(later))
          }).pipe(Effect.mapError(unreadable))
        ).pipe(Stream.mapError((error) => (error._tag === "LogsUnreadable" ? error : unreadable(error))))
    }
  }
)

export const layer: Layer.Layer<LogReader, never, Site | FileSystem.FileSystem | Path.Path> = Layer.effect(
  LogReader,
  make
)

// ------------------------------------------------------------------------------------------------------------------

const blockSize = 64 * 1024
const largestStep = 4 * 2 ** 20
const newline = 0x0a

/** A line of a day may stand in the file of the day before by a moment; look from there. */
const dayBefore = (millis: number): string =>
  DateTime.formatIso(DateTime.unsafeMake(Math.max(0, millis - 86_400_000))).slice(0, 10)
