/**
 * Brings the event log up: loads the saved state, reads what stands behind it, saves a first checkpoint, and answers the
 * log with its checkpoint. Closing the scope commits what is pending and saves a last checkpoint.
 *
 * @internal
 */
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { join } from "node:path"
import type { Database } from "../../database/Database.js"
import { StorageFailed } from "../../domain/Refusal.js"
import type { StreamName } from "../../domain/StreamName.js"
import { DiskFailure, reasonOf } from "../../journal/AppendFile.js"
import type { Disk } from "../../journal/Disk.js"
import { storageFailed, timestampOf } from "../../journal/Journal.js"
import * as SqlIndex from "../SqlIndex.js"
import type { KnownRuns, Options } from "../TelemetryStore.js"
import { BlockIndexer } from "./blockIndexer.js"
import { CurrentView } from "./currentView.js"
import { DayFile } from "./dayFile.js"
import { EventLog } from "./eventLog.js"
import { growth, quoted } from "./lineForm.js"
import { RecentLines } from "./recentLines.js"
import { eventFiles, Exceptions, type Numbers, readExceptions, readTail, type Tools } from "./recovery.js"
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
  readonly checkpoint: Effect.Effect<void, StorageFailed>
  readonly adoptRuns: (runs: KnownRuns) => Effect.Effect<void, StorageFailed>
}

/** Types told apart by number; types beyond are still stored and found, only slower. */
const typeCapacity = 65_536
const smallestBuffer = 8 * 1024 * 1024
const exceptionsFile = /^current-(\d+)\.jsonl$/

export const open = (options: OpenOptions): Effect.Effect<Opened, StorageFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { disk, now, siteDirectory, stateDirectory, systemDirectory } = options
    const index = SqlIndex.make(options.database, siteDirectory)
    const types = new TypeDictionary(typeCapacity)
    const indexer = new BlockIndexer(types, options.blockBytes)
    const current = new CurrentView(options.currentLimit)
    const recent = new RecentLines()
    const exceptions = new Exceptions()
    const numbers: Numbers = { site: 0, run: 0, system: 0 }
    const notify = options.notify ?? (() => undefined)
    const tools: Tools = { disk, indexer, current, exceptions, numbers, notify, timestamp: () => timestampOf(now()) }

    const saved = yield* index.load.pipe(Effect.mapError(indexFailed("load")))
    const rebuild = saved.state === undefined
    for (const text of saved.types) types.id(Buffer.from(text, "latin1"), 0, text.length)
    for (const file of saved.files) indexer.learn(file.path, file.covered)
    for (const event of saved.current) current.set(event.stream, event.type, event.seq, event.line)
    for (const [stream, seq] of saved.state?.notCurrent ?? []) exceptions.add(stream, seq)
    numbers.site = saved.state?.site ?? 0
    numbers.run = saved.state?.run ?? 0
    numbers.system = saved.state?.system ?? 0
    const generation = readExceptions(tools, stateDirectory, exceptionsFile, saved.state?.generation ?? 0) + 1

    const runFiles = new Set(saved.files.filter((file) => file.stream === "run").map((file) => file.path))
    const tail = (stream: StreamName, path: string, afterSeq?: number) =>
      Effect.tryPromise({
        try: () => readTail(tools, stream, path, { full: !rebuild, afterSeq }),
        catch: (cause) =>
          cause instanceof DiskFailure
            ? storageFailed(cause)
            : new StorageFailed({ operation: "read", path, reason: reasonOf(cause) })
      })
    for (const file of eventFiles(siteDirectory, systemDirectory)) yield* tail(file.stream, file.path)

    const day = new DayFile(options.zone)
    if (indexer.header.ts > 0) day.resume(indexer.header.ts)
    const log = new EventLog(
      {
        siteDirectory,
        systemDirectory,
        asidePath: (n) => join(stateDirectory, `current-${n}.jsonl`),
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

    exceptions.dropBehind("site", numbers.site)
    const mutex = yield* Effect.makeSemaphore(1)
    const save = makeCheckpoint(options, log, index, indexer, current, exceptions, generation - 1)
    const checkpoint = mutex.withPermits(1)(Effect.uninterruptible(save))

    const adoptRuns = Effect.fnUntraced(function* (runs: KnownRuns) {
      const newest = saved.state?.run ?? 0
      for (const file of runs.files) {
        runFiles.add(file.path)
        if (rebuild || file.lastSeq === undefined || file.lastSeq > newest)
          yield* tail("run", file.path, runs.active?.afterSeq ?? Infinity)
        numbers.run = Math.max(numbers.run, file.afterSeq, file.lastSeq ?? 0)
      }
      exceptions.dropBehind("run", numbers.run)
      if (runs.active === undefined) current.clearRun()
      else current.dropRunUpTo(runs.active.afterSeq)
      log.adopt({
        ...numbers,
        active: runs.active && { path: runs.active.path, quotedId: Buffer.from(quoted(runs.active.runId), "latin1") }
      })
      if (rebuild) indexer.closeAll()
      yield* checkpoint
    })

    yield* Effect.addFinalizer(() =>
      Effect.promise(() => log.commit.close()).pipe(
        Effect.zipRight(checkpoint),
        Effect.catchAll((error) => Effect.logWarning(`the state was not saved: ${error.message}`))
      )
    )
    if (rebuild) indexer.closeAll()
    yield* checkpoint
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
      checkpoint,
      adoptRuns
    }
  })

const indexFailed = (operation: string) => (error: { readonly message: string }) =>
  new StorageFailed({ operation, path: "index", reason: error.message })

const makeCheckpoint = (
  options: OpenOptions,
  log: EventLog,
  index: SqlIndex.SqlIndex,
  indexer: BlockIndexer,
  current: CurrentView,
  exceptions: Exceptions,
  oldest: number
) => {
  let savedTypes = 0
  let savedState = ""
  const covered: Numbers = { site: 0, run: 0, system: 0 }
  /** Exceptions up to this generation were part of the checkpoint before: their files may go. */
  let old = oldest
  return Effect.gen(function* () {
    const step = options.step
    step?.("checkpoint.begin")
    indexer.retire((path) => log.isWritten(path))
    const taken = indexer.take()
    for (const block of taken.blocks) covered[block.stream] = Math.max(covered[block.stream], block.lastSeq)
    exceptions.prune(covered)
    const position = log.state
    const generation = log.turnAside()
    const state: SqlIndex.SavedState = {
      site: position.site,
      run: position.run,
      system: position.system,
      generation,
      notCurrent: exceptions.all()
    }
    const changes = current.takeChanges()
    const text = JSON.stringify({ ...state, generation: 0 })
    const first = savedTypes + 1
    const texts = indexer.types.textsFrom(first)
    const idle =
      taken.blocks.length + taken.forgotten.length + texts.length + changes.current.length + changes.removed.length ===
      0
    if (idle && !changes.clearRun && text === savedState) return
    yield* index
      .save({ blocks: taken.blocks, forgotten: taken.forgotten, types: { first, texts }, state, ...changes })
      .pipe(
        Effect.mapError(indexFailed("save")),
        Effect.tapError(() =>
          Effect.sync(() => {
            indexer.restore(taken)
            current.restoreChanges(changes)
          })
        )
      )
    step?.("checkpoint.saved")
    savedTypes += texts.length
    savedState = text
    yield* index.durable
    step?.("checkpoint.durable")
    yield* Effect.sync(() => removeExceptions(options.stateDirectory, old))
    old = generation
    step?.("checkpoint.cleaned")
  })
}

const removeExceptions = (directory: string, upTo: number): void => {
  for (const name of fs.existsSync(directory) ? fs.readdirSync(directory) : []) {
    const generation = Number(exceptionsFile.exec(name)?.[1] ?? NaN)
    if (generation <= upTo) fs.rmSync(join(directory, name), { force: true })
  }
}
