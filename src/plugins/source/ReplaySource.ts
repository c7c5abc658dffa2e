/**
 * Frames of one stream out of dumps, as if a detector sent them: at the pace at which they were recorded, a multiple of it, or as
 * fast as they are taken. A dump that holds several scans gives a series for each.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { StorageFailed } from "../../domain/Refusal.js"
import * as DumpFile from "../../ingest/archive/DumpFile.js"
import * as Replay from "../../ingest/archive/Replay.js"
import { setting } from "../../site/Setting.js"
import type { Frame } from "../../source/Frame.js"
import type { FrameReader, Source } from "../../source/Source.js"
import { SourceError } from "../../source/SourceError.js"

const name = "replay"

export class ReplaySettings extends Schema.Class<ReplaySettings>("outpost/plugins/ReplaySettings")({
  files: Schema.NonEmptyArray(Schema.NonEmptyString).annotations({ description: "Dumps (.cbors, or .gz of them)" }),
  stream: Schema.NonEmptyString.annotations({ description: "The stream of the dumps whose frames are sent" }),
  speed: setting(
    Schema.Union(Schema.Literal("max"), Schema.Positive),
    "max",
    "1: as recorded; 10: ten times as fast; max: as fast as frames are taken"
  )
}) {}

/** What receivers are told of the frames stands in the dump. */
export const ReplaySource: Source<FileSystem.FileSystem> = {
  name,
  description: "Frames of a dump, sent again",
  settings: ReplaySettings.ast,
  prepare: Effect.fn("ReplaySource.prepare")(function* (given) {
    const settings = yield* Effect.mapError(decode(given), (error) =>
      failed("Misconfigured", ParseResult.TreeFormatter.formatErrorSync(error))
    )
    const fs = yield* FileSystem.FileSystem
    const typ = yield* Effect.provideService(typOf(settings), FileSystem.FileSystem, fs)
    return { name, typ, open: open(settings, fs) }
  })
}

// ------------------------------------------------------------------------------------------------------------------

const decode = Schema.decodeUnknown(ReplaySettings, { errors: "all", onExcessProperty: "error" })

const failed = (reason: SourceError["reason"], detail: string) => new SourceError({ source: name, reason, detail })

const unreadable = (error: StorageFailed | Replay.ReplayConflict) => failed("Misconfigured", error.message)

/** As the first record that has the stream says. */
const typOf = ({ files, stream }: ReplaySettings): Effect.Effect<string, SourceError, FileSystem.FileSystem> =>
  Stream.fromIterable(files).pipe(
    Stream.flatMap((path) => DumpFile.read(path)),
    Stream.filterMap((entry) =>
      entry._tag === "Record"
        ? Option.fromNullable(entry.record.streams.find((found) => found.name === stream))
        : Option.none()
    ),
    Stream.runHead,
    Effect.mapError(unreadable),
    Effect.flatMap(
      Option.match({
        onSome: ({ typ }) => Effect.succeed(typ),
        onNone: () => failed("Misconfigured", `no record of ${files.join(", ")} has the stream ${stream}`)
      })
    )
  )

const open = ({ files, speed, stream }: ReplaySettings, fs: FileSystem.FileSystem) =>
  Replay.events(files).pipe(
    Stream.filterMap(({ at, event, streams }) =>
      Option.map(Option.fromNullable(streams.find((found) => found.name === stream)), ({ parts }) => ({
        at,
        event,
        parts
      }))
    ),
    Stream.zipWithPreviousAndNext,
    Stream.map(([before, { at, event, parts }, after]) => {
      const opens = Option.isNone(before) || before.value.event >= event
      const closes = Option.isNone(after) || after.value.event <= event
      const frame: Frame = opens ? { parts, marker: "start" } : closes ? { parts, marker: "end" } : { parts }
      return { at, frame }
    }),
    Replay.paced(speed === "max" ? Infinity : speed, ({ at }) => at),
    Stream.map(({ frame }) => frame),
    Stream.mapError(unreadable),
    Stream.provideService(FileSystem.FileSystem, fs),
    Stream.toPull,
    Effect.map((pull): FrameReader => {
      const take: FrameReader["take"] = pull.pipe(
        Effect.mapError(Option.getOrElse(() => failed("Exhausted", `no more frames in ${files.join(", ")}`))),
        Effect.flatMap((frames) => (Chunk.isEmpty(frames) ? take : Effect.succeed(Chunk.toReadonlyArray(frames))))
      )
      return { take }
    })
  )
