/**
 * Brings the event log up: loads the saved state, reads what stands behind it, and answers the log with its checkpoint; the
 * first one is saved once the runs are known. Closing the scope commits what is pending and saves a last checkpoint.
 *
 * @internal
 */
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import type { Database } from "../../database/Database.js"
import { asStorageFailed, type StorageFailed } from "../../domain/Refusal.js"
import type { StreamName } from "../../domain/StreamName.js"
import { DiskFailure, type Notice } from "../../journal/AppendFile.js"
import type { Disk } from "../../journal/Disk.js"
import { storageFailed, timestampOf } from "../../journal/Journal.js"
import * as SqlIndex from "../SqlIndex.js"
import type { KnownRuns, Options } from "../TelemetryStore.js"
import type { Damage } from "../Verification.js"
import { BlockIndexer } from "./blockIndexer.js"
import * as Checkpoint from "./checkpoint.js"
import { CurrentView } from "./currentView.js"
import { DayFile } from "./dayFile.js"
import { EventLog } from "./eventLog.js"
import * as Exceptions from "./exceptions.js"
import { growth, quoted } from "./lineForm.js"
import { RecentLines } from "./recentLines.js"
import { endLastLine, eventFiles, type Numbers, readTail, type Tools } from "./recovery.js"
import { TypeDictionary } from "./typeDictionary.js"

export interface OpenOptions extends Options {
  readonly disk: Disk
  readonly zone: DateTime.TimeZone
  readonly now: () => number
  readonly database: Database
}

export interface Opened {
  readonly log: EventLog
  readonly index: SqlIndex.SqlIndex
  readonly indexer: BlockIndexer
  readonly current: CurrentView
  readonly recent: RecentLines
  readonly tools: Tools
  readonly siteDirectory: string
  readonly systemDirectory: string
  readonly runFiles: Set<string>
  /** What the opening found and did that a check should tell, and no check has told yet. */
  readonly found: Array<Damage>
  /** Up to these numbers the index was made of the files: why one has no line it can't tell. */
  readonly unexplained: Readonly<Numbers>
  readonly checkpoint: Effect.Effect<void, StorageFailed>
  readonly adoptRuns: (runs: KnownRuns) => Effect.Effect<void, StorageFailed>
}

/** Types told apart by number; types beyond are still stored and found, only slower. */
const typeCapacity = 65_536
/** A stop is bounded in time, also where the disk hangs. */
const closeWithin = Duration.seconds(3)
const smallestBuffer = 8 * 1024 * 1024

export const open = (options: OpenOptions): Effect.Effect<Opened, StorageFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { disk, now, siteDirectory, stateDirectory, systemDirectory } = options
    const index = SqlIndex.make(options.database, siteDirectory)
    const types = new TypeDictionary(typeCapacity)
    const indexer = new BlockIndexer(types, options.blockBytes)
    const current = new CurrentView(options.currentLimit)
    const recent = new RecentLines()
    const exceptions = new Exceptions.Exceptions()
    const numbers: Numbers = { site: 0, run: 0, system: 0 }
    const found: Array<Damage> = []
    let adopted = false
    const notify = (notice: Notice) => {
      if (notice.kind === "torn" && !adopted) found.push(setAside(notice))
      options.notify?.(notice)
    }
    const tools: Tools = { disk, indexer, current, exceptions, numbers, notify, timestamp: () => timestampOf(now()) }

    const saved = yield* index.load.pipe(Effect.mapError(asStorageFailed("load", "index")))
    const rebuild = saved.state === undefined
    const unexplained: Numbers = { site: 0, run: 0, system: 0, ...saved.state?.unexplained }
    for (const text of saved.types) types.id(Buffer.from(text, "latin1"), 0, text.length)
    for (const file of saved.files) indexer.learn(file.path, file.covered)
    for (const event of saved.current) current.set(event.stream, event.type, event.seq, event.line)
    for (const [stream, seq] of saved.state?.notCurrent ?? []) exceptions.add(stream, seq)
    numbers.site = saved.state?.site ?? 0
    numbers.run = saved.state?.run ?? 0
    numbers.system = saved.state?.system ?? 0
    const generation = exceptions.readFiles(stateDirectory, saved.state?.generation ?? 0) + 1

    const runFiles = new Set(saved.files.filter((file) => file.stream === "run").map((file) => file.path))
    const readOn = (stream: StreamName, path: string, { afterSeq, goesOn }: { afterSeq?: number; goesOn: boolean }) =>
      Effect.tryPromise({
        try: async () => {
          if (goesOn) await endLastLine(tools, path)
          await readTail(tools, stream, path, { full: !rebuild, afterSeq })
        },
        catch: (cause) => (cause instanceof DiskFailure ? storageFailed(cause) : asStorageFailed("read", path)(cause))
      })
    const tail: typeof readOn = (stream, path, from) =>
      Effect.zipRight(
        Effect.map(shortened(index, indexer, path), (loss) => found.push(...loss)),
        readOn(stream, path, from)
      )
    const day = new DayFile(options.zone)
    const files = eventFiles(siteDirectory, systemDirectory)
    const newest = new Map(files.map(({ path, stream }) => [stream, path]))
    for (const { path, stream } of files) {
      if (stream === "site") day.resume(path, fs.statSync(path).mtimeMs)
      yield* tail(stream, path, { goesOn: newest.get(stream) === path })
    }
    if (rebuild) {
      unexplained.site = numbers.site
      unexplained.system = numbers.system
    }
    numbers.site = exceptions.admit("site", numbers.site, current)
    exceptions.dropBehind("site", numbers.site)

    const log = new EventLog(
      {
        siteDirectory,
        systemDirectory,
        asidePath: (n) => Exceptions.pathOf(stateDirectory, n),
        disk,
        capacity: Math.max(smallestBuffer, (growth + 1) * options.eventBytes),
        now,
        day,
        types,
        current,
        recent,
        blocks: indexer,
        notify,
        notCurrent: (stream, seq) => exceptions.add(stream, seq),
        step: options.step
      },
      { position: { ...numbers, active: undefined }, generation }
    )

    const checkpoint = yield* Checkpoint.make({
      stateDirectory,
      step: options.step,
      log,
      index,
      indexer,
      current,
      exceptions,
      unexplained,
      kept: () => (adopted ? undefined : (saved.state?.generation ?? 0))
    })
    /** Where the state can't be saved (a full disk), the files say it all: the next start is longer. */
    const attempt = Effect.catchAll(checkpoint, (error) =>
      Effect.logWarning(`the state was not saved: ${error.message}`)
    )

    const adoptRuns = Effect.fnUntraced(function* (runs: KnownRuns) {
      for (const notice of runs.notices ?? []) notify(notice)
      const newest = saved.state?.run ?? 0
      for (const file of runs.files) {
        runFiles.add(file.path)
        // The run that was active at the checkpoint may have ended without another event: then it has no later number.
        if (rebuild || file.lastSeq === undefined || file.lastSeq >= newest) {
          const goesOn = file.path === runs.active?.path
          const read = tail("run", file.path, { afterSeq: runs.active?.afterSeq ?? Infinity, goesOn })
          yield* file.lastSeq === undefined ? read : Effect.catchAll(read, unreadableRun)
        }
        numbers.run = Math.max(numbers.run, file.afterSeq, file.lastSeq ?? 0)
      }
      if (rebuild) unexplained.run = numbers.run
      numbers.run = exceptions.admit("run", numbers.run, current)
      exceptions.dropBehind("run", numbers.run)
      if (runs.active === undefined) current.clearRun()
      else current.dropRunUpTo(runs.active.afterSeq)
      log.adopt({
        ...numbers,
        active: runs.active && { path: runs.active.path, quotedId: Buffer.from(quoted(runs.active.runId), "latin1") }
      })
      adopted = true
      yield* attempt
    })

    yield* Effect.addFinalizer(() =>
      Effect.promise(() => log.commit.close()).pipe(
        Effect.interruptible,
        Effect.timeoutTo({
          duration: closeWithin,
          // Everything has its checksum while nobody looks after it, and the next start has nothing to read.
          onSuccess: () =>
            Effect.zipRight(
              Effect.sync(() => indexer.closeAll()),
              attempt
            ),
          // Without a checkpoint, which would wait for that disk.
          onTimeout: () => Effect.logWarning("the disk does not answer: what nobody was told of is left unwritten")
        }),
        Effect.flatten
      )
    )
    return {
      log,
      index,
      indexer,
      current,
      recent,
      tools,
      siteDirectory,
      systemDirectory,
      runFiles,
      found,
      unexplained,
      checkpoint,
      adoptRuns
    }
  })

const setAside = ({ aside, length, offset, path }: Extract<Notice, { readonly kind: "torn" }>): Damage => ({
  kind: "torn",
  path,
  offset,
  length,
  message:
    aside === undefined
      ? "a half-written last line was cut off when the site was opened: there was no room to keep it"
      : `a half-written last line was set aside as ${aside} when the site was opened`,
  repaired: true
})

/** A file that ends before the index says it does has lost lines that were whole: the index is about to forget them. */
const shortened = (
  index: SqlIndex.SqlIndex,
  indexer: BlockIndexer,
  path: string
): Effect.Effect<ReadonlyArray<Damage>, StorageFailed> =>
  Effect.gen(function* () {
    const covered = indexer.coverage(path)
    const size = fs.statSync(path, { throwIfNoEntry: false })?.size ?? covered
    if (size >= covered) return []
    const blocks = yield* Effect.mapError(index.blocksOf(path), asStorageFailed("load", "index"))
    const lost = blocks.filter(({ length, offset }) => offset + length > size)
    return [
      {
        kind: "corrupt",
        path,
        offset: size,
        length: covered - size,
        firstSeq: lost.reduce((seq, { firstSeq }) => Math.min(seq, firstSeq), Infinity),
        lastSeq: lost.reduce((seq, { lastSeq }) => Math.max(seq, lastSeq), 0),
        message: "the file ended here when the site was opened, before what was stored in it: events behind are gone",
        repaired: false
      }
    ]
  })

/** A run that is over has its numbers in the record; its disk may be gone. */
const unreadableRun = (error: StorageFailed) =>
  Effect.logWarning(`the events of a run that is over can't be read: ${error.message}`)
