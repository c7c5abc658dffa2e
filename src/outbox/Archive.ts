/**
 * The archive: every message ever put, one CSV file for each UTC day, `messages/YYYY-MM-DD.csv`. A message stands in the file
 * of the day on which it was put, whatever its own time is. What a crash left half written at the end of a file is moved aside
 * when the file is next opened for writing, and passed over by readers until then.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { join } from "node:path"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"
import { AppendFile, DiskFailure, type Notice } from "../journal/AppendFile.js"
import { type Disk, nodeDisk } from "../journal/Disk.js"
import { storageFailed, timestampOf } from "../journal/Journal.js"
import * as ArchiveLine from "./ArchiveLine.js"

/** The file of one day, its end whole, while a batch is written into it. One batch at a time. */
export interface OpenDay {
  readonly day: string
  /** Where the next line would stand; 0 where not even the header does. */
  readonly length: number
  /** Writes lines; answers how long the file is then. */
  readonly append: (lines: string) => Effect.Effect<number, StorageFailed>
  /** Begins to make what was appended durable, and answers what to wait for. */
  readonly sync: Effect.Effect<Effect.Effect<void, StorageFailed>>
  /** What was appended and not synced is moved aside before anything else is written. */
  readonly takeBack: Effect.Effect<void>
}

export interface Archive {
  readonly open: (day: string) => Effect.Effect<OpenDay, StorageFailed>
  /** The files that are there, oldest first, and how long each is. */
  readonly files: Effect.Effect<ReadonlyArray<{ readonly day: string; readonly length: number }>, StorageFailed>
  /** The whole lines of a day from an offset on, without the header, and where each ends. */
  readonly lines: (
    day: string,
    from: number
  ) => Effect.Effect<ReadonlyArray<{ readonly line: string; readonly end: number }>, StorageFailed>
  /** Everything, day by day, from the file of a day on. */
  readonly read: (from: string | undefined) => Stream.Stream<ArchiveLine.ArchivedLine, StorageFailed>
  /** Removes the files of the days before, and what was set aside of them. */
  readonly prune: (before: string) => Effect.Effect<void, StorageFailed>
}

export interface Options {
  readonly directory: string
  readonly notify: (notice: Notice) => void
  readonly disk?: Disk | undefined
}

/** The UTC day of an instant in Unix milliseconds, as it stands in the name of a file. */
export const dayOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10)

export const make: (options: Options) => Effect.Effect<Archive, never, FileSystem.FileSystem | Scope.Scope> =
  Effect.fnUntraced(function* ({ directory, disk = nodeDisk, notify }) {
    const fs = yield* FileSystem.FileSystem
    const clock = yield* Effect.clock
    const pathOf = (day: string) => join(directory, `${day}.csv`)
    const timestamp = () => timestampOf(clock.unsafeCurrentTimeMillis())

    /** The one that is written: a batch never begins before the one before has ended. */
    let current: { readonly day: string; readonly file: AppendFile } | undefined
    yield* Effect.addFinalizer(() => Effect.promise(async () => current?.file.close()))

    const fileOf = (day: string) =>
      Effect.gen(function* () {
        if (current?.day === day) return current.file
        const old = current
        current = { day, file: new AppendFile(pathOf(day), true, disk, notify, timestamp) }
        if (old !== undefined) yield* Effect.promise(() => old.file.close())
        return current.file
      })

    const open = Effect.fnUntraced(function* (day: string) {
      const file = yield* fileOf(day)
      yield* attempt(() => file.ensure())
      const begin = file.durable
      let appended = 0
      return {
        day,
        length: begin,
        append: (lines) =>
          Effect.suspend(() => {
            const bytes = Buffer.from(begin + appended === 0 ? ArchiveLine.header + lines : lines)
            appended += bytes.length
            return Effect.as(
              attempt(() => file.append(bytes, 0, bytes.length)),
              begin + appended
            )
          }),
        sync: Effect.sync(() => {
          const settled = Promise.allSettled([file.sync(appended)])
          return Effect.flatMap(
            Effect.promise(() => settled),
            ([end]) => (end.status === "fulfilled" ? Effect.void : Effect.fail(diskTrouble(end.reason)))
          )
        }),
        takeBack: Effect.sync(() => file.distrust(begin))
      } satisfies OpenDay
    })

    const failed = (operation: string, path: string) => Effect.mapError(asStorageFailed(operation, path))

    /** The days there are, with the name of their file, oldest first. */
    const days = fs.makeDirectory(directory, { recursive: true, mode: 0o700 }).pipe(
      Effect.zipRight(fs.readDirectory(directory)),
      Effect.map((names) => names.flatMap((name) => wholeName.exec(name)?.[1] ?? []).sort()),
      failed("read", directory)
    )

    const readDay = (day: string) =>
      fs.stream(pathOf(day)).pipe(
        Stream.mapError(asStorageFailed("read", pathOf(day))),
        Stream.decodeText(),
        Stream.splitLines,
        Stream.drop(1),
        Stream.zipWithIndex,
        Stream.mapEffect(([line, index]) =>
          Either.match(ArchiveLine.decode(line), {
            onRight: (message) => Effect.succeed([message]),
            onLeft: (reason) =>
              Effect.as(Effect.logWarning(`${pathOf(day)} line ${index + 2} is passed over: ${reason}`), [])
          })
        ),
        Stream.flattenIterables
      )

    return {
      open,
      files: Effect.flatMap(
        days,
        Effect.forEach((day) =>
          failed("stat", pathOf(day))(Effect.map(fs.stat(pathOf(day)), ({ size }) => ({ day, length: Number(size) })))
        )
      ),
      lines: (day, from) =>
        fs.readFile(pathOf(day)).pipe(
          failed("read", pathOf(day)),
          Effect.map((bytes) => {
            const lines: Array<{ readonly line: string; readonly end: number }> = []
            const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
            for (let begin = from, end = 0; (end = buffer.indexOf("\n", begin) + 1) > 0; begin = end) {
              if (begin > 0) lines.push({ line: buffer.toString("utf8", begin, end - 1), end })
            }
            return lines
          })
        ),
      read: (from) =>
        Stream.fromIterableEffect(days).pipe(
          Stream.filter((day) => from === undefined || day >= from),
          Stream.flatMap(readDay)
        ),
      prune: (before) =>
        fs.readDirectory(directory).pipe(
          Effect.map((names) => names.filter((name) => (anyName.exec(name)?.[1] ?? before) < before)),
          Effect.flatMap(Effect.forEach((name) => fs.remove(join(directory, name)), { discard: true })),
          failed("remove", directory)
        )
    }
  })

// ------------------------------------------------------------------------------------------------------------------

const wholeName = /^(\d{4}-\d{2}-\d{2})\.csv$/
const anyName = /^(\d{4}-\d{2}-\d{2})\.csv(?:\.torn-.*)?$/

/** What the journal's file does at once, or a little later. */
const attempt = (work: () => Promise<void> | undefined): Effect.Effect<void, StorageFailed> =>
  Effect.suspend(() => {
    try {
      const later = work()
      return later === undefined ? Effect.void : Effect.tryPromise({ try: () => later, catch: diskTrouble })
    } catch (cause) {
      return Effect.fail(diskTrouble(cause))
    }
  })

const diskTrouble = (cause: unknown): StorageFailed =>
  cause instanceof DiskFailure ? storageFailed(cause) : asStorageFailed("write", "the archive of messages")(cause)
