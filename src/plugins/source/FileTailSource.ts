/**
 * The lines of a file that grows, each a frame, from its start or its end. When the file is replaced by a new one of its name, the
 * old one is read to its end first; when it is cut short, it is read from its start. A frame's cursor says behind which byte of which
 * file it ends: `<inode>:<offset>`; with it the source goes on there, also in a file that was renamed meanwhile.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { isNotFound, reasonOf } from "../../site/FileReason.js"
import { ByteCount, DurationText, optionalSetting, setting } from "../../site/Setting.js"
import { FrameIntake } from "../../source/FrameIntake.js"
import * as Source from "../../source/Source.js"
import { SourceError } from "../../source/SourceError.js"
import { Lines, stripped } from "./internal/lines.js"

const name = "file-tail"

/** Bytes of one read; what it holds is handed over before the next. */
const readSize = 256 * 1024

const Settings = Schema.Struct({
  path: Schema.String.pipe(Schema.pattern(/^\//, { message: () => "expected an absolute path" })).annotations({
    description: "The file, by its absolute path"
  }),
  from: setting(Schema.Literal("start", "end"), "start", "Where to begin without a cursor"),
  after: optionalSetting(
    Schema.String.pipe(Schema.pattern(/^\d{1,19}:\d{1,15}$/, { message: () => "expected the cursor of a frame" })),
    "The cursor of the last frame that was taken: goes on behind it"
  ),
  keep_newline: setting(Schema.Boolean, false, "Frames end with the line's ending"),
  poll: setting(DurationText, Duration.millis(250), "How often to look for more"),
  max_line: setting(ByteCount, 1024 * 1024, "A longer line is dropped and told"),
  typ: setting(Schema.NonEmptyString, "lines", "What receivers are told the frames are")
})
type Settings = typeof Settings.Type

export const FileTailSource = Source.make({
  name,
  description: "Lines of a file that grows, through its rotation; each is a frame",
  typ: ({ typ }) => typ,
  settings: Settings,
  open: Effect.fnUntraced(function* (settings) {
    const fs = yield* FileSystem.FileSystem
    const scope = yield* Effect.scope
    const intake = new FrameIntake(name, readSize)
    const begin = yield* beginning(settings)
    if (begin.problem !== undefined) intake.malformed(begin.problem)
    /** A file with a scope of its own, which ends with the source's at the latest. */
    const openIn = (path: string, offset: number) =>
      Effect.flatMap(Scope.fork(scope, ExecutionStrategy.sequential), (own) =>
        openAt(fs, path, offset, settings, intake).pipe(
          Scope.extend(own),
          Effect.map((tail) => ({ ...tail, close: Scope.close(own, Exit.void) })),
          Effect.onError(() => Scope.close(own, Exit.void))
        )
      )
    let tail = yield* openIn(begin.path, begin.offset)

    const advance = Effect.gen(function* () {
      if (yield* tail.read) return
      const change = yield* tail.changed(settings.path)
      // Who wrote to the old file may still do so until it has noticed.
      yield* Effect.sleep(settings.poll)
      if (change === "none" || (yield* tail.read)) return
      const next = yield* Effect.option(openIn(settings.path, 0))
      if (Option.isNone(next)) return
      tail.leave(change)
      yield* tail.close
      tail = next.value
    }).pipe(Effect.mapError(broken(settings.path)))
    const take = Effect.zipRight(
      Effect.whileLoop({ while: () => intake.isEmpty, body: () => advance, step: () => {} }),
      intake.take
    )
    return { take }
  })
})

// ---------------------------------------------------------------------------------------------------------------------

const broken = (path: string) => (error: PlatformError) =>
  new SourceError({ source: name, reason: "Disconnected", detail: `${path}: ${reasonOf(error)}` })

/** Where to begin, and what can't be had any more. */
const beginning = (settings: Settings) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const current = yield* fs.stat(settings.path)
    if (Option.isNone(settings.after)) {
      return { path: settings.path, offset: settings.from === "end" ? Number(current.size) : 0, problem: undefined }
    }
    const [inode, offset] = settings.after.value.split(":").map(Number)
    const directory = path.dirname(settings.path)
    const isOf = (info: FileSystem.File.Info) => Option.contains(info.ino, inode) && Number(info.size) >= (offset ?? 0)
    // The file itself first, then those it may have been renamed to.
    const names = (yield* fs.readDirectory(directory)).filter((file) => file.startsWith(path.basename(settings.path)))
    for (const file of names.sort()) {
      const candidate = path.join(directory, file)
      const info = yield* Effect.option(fs.stat(candidate))
      if (Option.exists(info, isOf)) return { path: candidate, offset: offset ?? 0, problem: undefined }
    }
    const problem = `the file of cursor ${settings.after.value} is gone: begins with ${settings.path} anew`
    return { path: settings.path, offset: 0, problem }
  }).pipe(Effect.mapError(broken(settings.path)))

/** What happened to a file behind the end that was read. */
type Change = "none" | "replaced" | "cut"

/** A file that is being read, for as long as a scope lasts. */
const openAt = (fs: FileSystem.FileSystem, path: string, offset: number, settings: Settings, intake: FrameIntake) =>
  Effect.gen(function* () {
    const file = yield* fs.open(path)
    const inode = Option.getOrElse((yield* file.stat).ino, () => 0)
    yield* file.seek(FileSystem.Size(offset), "start")
    let readTo = offset
    let behind = offset
    const put = (line: Uint8Array) => {
      behind += line.byteLength
      intake.put({ parts: [settings.keep_newline ? line : stripped(line)], cursor: `${inode}:${behind}` })
    }
    const lines = new Lines(settings.max_line, put, (bytes) => {
      behind += bytes + 1
      intake.malformed(`a line of ${bytes} bytes in ${path}`)
    })
    return {
      /** Reads on; false at the end. */
      read: Effect.map(file.readAlloc(readSize), (chunk) => {
        if (Option.isNone(chunk) || chunk.value.byteLength === 0) return false
        readTo += chunk.value.byteLength
        lines.push(chunk.value)
        return true
      }),
      /** Compares with the file that has the name now. One that is gone will come. */
      changed: (current: string): Effect.Effect<Change, PlatformError> =>
        fs.stat(current).pipe(
          Effect.map(({ ino, size }) =>
            !Option.contains(ino, inode) ? "replaced" : Number(size) < readTo ? "cut" : "none"
          ),
          Effect.catchIf(isNotFound, () => Effect.succeed<Change>("none"))
        ),
      /** A last line without an ending is one if the file was replaced; of a file that was cut it is lost. */
      leave: (change: Change): void => {
        const { rest } = lines
        const last = lines.flush()
        if (last !== undefined && change === "replaced") put(last)
        else if (rest > 0) intake.malformed(`${rest} bytes of a line that did not end in ${path}`)
      }
    }
  }).pipe(Effect.mapError(broken(path)))
