/**
 * The run of a site: at most one at a time, recorded durably before anyone is told. Only `stop` ends a run; neither a stop of
 * the process nor a crash does. Starts and stops are taken one after the other. Events that are posted while a run starts or
 * stops belong to the run or to the site by the order in which the store took them.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as fs from "node:fs"
import { join } from "node:path"
import type { InvalidInput, Overloaded } from "../domain/Refusal.js"
import { asStorageFailed, reasonOf, StorageFailed } from "../domain/Refusal.js"
import { NoActiveRun, Run, RunAlreadyActive, RunNotFound, RunRefused, type StartRun } from "../domain/Run.js"
import { AppendFile, type Notice } from "../journal/AppendFile.js"
import { type Disk, nodeDisk } from "../journal/Disk.js"
import { timestampOf } from "../journal/Journal.js"
import { type SeqRange, TelemetryStore } from "../telemetry/TelemetryStore.js"
import * as RunNaming from "./RunNaming.js"
import * as RunRecord from "./RunRecord.js"

export class RunContext extends Context.Tag("outpost/run/RunContext")<
  RunContext,
  {
    /** Durable once it returns; a refused start leaves no trace. */
    readonly start: (
      request: StartRun
    ) => Effect.Effect<Run, RunAlreadyActive | RunRefused | InvalidInput | StorageFailed | Overloaded>
    /** Ends the active run; durable once it returns. */
    readonly stop: Effect.Effect<Run, NoActiveRun | StorageFailed | Overloaded>
    readonly active: Effect.Effect<Option.Option<Run>>
    /** The active run, now and each time it changes. */
    readonly changes: Stream.Stream<Option.Option<Run>>
    /** Newest first. */
    readonly list: Effect.Effect<ReadonlyArray<Run>>
    /** The newest run with this id. */
    readonly get: (runId: string) => Effect.Effect<Run, RunNotFound>
    /**
     * The numbers of the run stream that belong to an id: one range for each run that bore it, oldest first. What is answered
     * tells them as they are at each call: the last one ends when its run stops, and others may follow.
     */
    readonly ranges: (runId: string) => Effect.Effect<() => ReadonlyArray<SeqRange>, RunNotFound>
    /**
     * Done before the end of a run is recorded, while events still go to it, for as long as the scope lasts. A stop waits for
     * it, ten seconds at most.
     */
    readonly beforeStop: (effect: Effect.Effect<void>) => Effect.Effect<void, never, Scope.Scope>
    /**
     * Runs the effect as part of the active run: when the run stops it is interrupted, its finalizers run, and this fails
     * with `NoActiveRun`.
     */
    readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | NoActiveRun, R>
  }
>() {}

export interface Options {
  readonly siteDirectory: string
  /** The record of runs. */
  readonly recordPath: string
  readonly allowAbsolute: boolean
  readonly disk?: Disk | undefined
}

export const make = (
  options: Options
): Effect.Effect<Context.Tag.Service<RunContext>, StorageFailed, TelemetryStore | Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* TelemetryStore
    const disk = options.disk ?? nodeDisk
    const notices = yield* makeDurable(disk, options.recordPath)
    const known = [...(yield* readRecord(options.recordPath))]
    const last = known[known.length - 1]
    const active = yield* SubscriptionRef.make(Option.fromNullable(last?.stopped_at === undefined ? last : undefined))
    /** A run that is about to be active: events may be its own before the store has answered. */
    let opening: Run | undefined
    const mutex = yield* Effect.makeSemaphore(1)
    const parting = new Set<Effect.Effect<void>>()
    yield* store.adoptRuns({
      notices,
      files: known.map((run) => ({ path: eventFile(run), afterSeq: run.after_seq ?? 0, lastSeq: run.last_seq })),
      active: Option.getOrUndefined(
        Option.map(yield* SubscriptionRef.get(active), (run) => ({
          runId: run.run_id,
          path: eventFile(run),
          afterSeq: run.after_seq ?? 0
        }))
      )
    })

    const directories = Effect.sync(() =>
      fs.existsSync(options.siteDirectory)
        ? fs
            .readdirSync(options.siteDirectory, { withFileTypes: true })
            .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
        : []
    )

    const start = Effect.fn("RunContext.start")(function* (request: StartRun) {
      const current = yield* SubscriptionRef.get(active)
      if (Option.isSome(current)) return yield* new RunAlreadyActive({ active: current.value.run_id })
      const { metaJson, runId } = yield* RunNaming.name(request, directories)
      const run_dir = yield* RunNaming.directory(options.siteDirectory, runId, request.runDir, options.allowAbsolute)
      yield* takesEvents(run_dir)
      const isNew = !fs.existsSync(run_dir)
      yield* makeDirectory(disk, run_dir)
      const clock = yield* Effect.clock
      const started_at = new Date(clock.unsafeCurrentTimeMillis()).toISOString()
      const run = { run_dir, run_id: runId, metaJson, started_at }
      const afterSeq = yield* store
        .openRun({ runId, path: join(run_dir, "telemetry.ndjson") }, options.recordPath, (after_seq) => {
          opening = new Run({ ...run, after_seq })
          return RunRecord.encode({ _tag: "run.started", run: opening })
        })
        .pipe(
          Effect.tapError(() => (isNew ? removeDirectory(run_dir) : Effect.void)),
          Effect.onError(() => Effect.sync(() => (opening = undefined)))
        )
      const started = new Run({ ...run, after_seq: afterSeq })
      known.push(started)
      opening = undefined
      yield* SubscriptionRef.set(active, Option.some(started))
      return started
    })

    const stop = Effect.gen(function* () {
      const current = yield* SubscriptionRef.get(active)
      if (Option.isNone(current)) return yield* new NoActiveRun()
      yield* farewell([...parting])
      const clock = yield* Effect.clock
      const stoppedAt = new Date(clock.unsafeCurrentTimeMillis()).toISOString()
      const lastSeq = yield* store.closeRun(options.recordPath, (last) =>
        RunRecord.encode({ _tag: "run.stopped", runId: current.value.run_id, stoppedAt, lastSeq: last })
      )
      const stopped = RunRecord.stopped(current.value, stoppedAt, lastSeq)
      known[known.length - 1] = stopped
      yield* SubscriptionRef.set(active, Option.none())
      return stopped
    }).pipe(Effect.withSpan("RunContext.stop"))

    const get = (runId: string) =>
      Effect.suspend(() => {
        const run = known.findLast((candidate) => candidate.run_id === runId)
        return run === undefined ? Effect.fail(new RunNotFound({ run_id: runId })) : Effect.succeed(run)
      })

    const ended = (run: Run) =>
      active.changes.pipe(
        Stream.filter(
          (now) => Option.isNone(now) || now.value.started_at !== run.started_at || now.value.run_id !== run.run_id
        ),
        Stream.take(1),
        Stream.runDrain
      )

    /** Whoever ends first, the run or the work: all of the work's finalizers have run when this returns. */
    const within = <A, E, R>(run: Run, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | NoActiveRun, R> =>
      Effect.scoped(
        Effect.gen(function* () {
          const work = yield* Effect.forkScoped(effect)
          yield* Effect.forkScoped(Effect.zipRight(ended(run), Fiber.interrupt(work)))
          const exit = yield* Fiber.await(work)
          return yield* Exit.isInterrupted(exit) ? new NoActiveRun() : exit
        })
      )

    const oneAtATime = <A, E>(effect: Effect.Effect<A, E>) => mutex.withPermits(1)(Effect.uninterruptible(effect))

    return RunContext.of({
      start: (request) => oneAtATime(start(request)),
      stop: oneAtATime(stop),
      active: SubscriptionRef.get(active),
      changes: active.changes,
      list: Effect.sync(() => [...known].reverse()),
      get,
      ranges: (runId) =>
        Effect.as(get(runId), () =>
          [...known, ...(opening === undefined ? [] : [opening])]
            .filter((run) => run.run_id === runId)
            .map((run) => ({ afterSeq: run.after_seq ?? 0, lastSeq: run.last_seq }))
        ),
      beforeStop: (effect) =>
        Effect.acquireRelease(
          Effect.sync(() => void parting.add(effect)),
          () => Effect.sync(() => parting.delete(effect))
        ),
      within: (effect) =>
        Effect.flatMap(
          SubscriptionRef.get(active),
          Option.match({ onNone: () => Effect.fail(new NoActiveRun()), onSome: (run) => within(run, effect) })
        )
    })
  })

export const layerWith = (options: Options): Layer.Layer<RunContext, StorageFailed, TelemetryStore> =>
  Layer.scoped(RunContext, make(options))

// -----------------------------------------------------------------------------

/** How long a run that is to stop waits for what belongs to it. */
const patience = Duration.seconds(10)

const farewell = (effects: ReadonlyArray<Effect.Effect<void>>): Effect.Effect<void> =>
  Effect.forEach(effects, (effect) => Effect.catchAllCause(effect, Effect.logError), {
    concurrency: "unbounded",
    discard: true
  }).pipe(
    Effect.interruptible,
    Effect.disconnect,
    Effect.timeoutOption(patience),
    Effect.flatMap(
      Option.match({
        onNone: () => Effect.logWarning("the run stops without waiting any longer for what belongs to it"),
        onSome: () => Effect.void
      })
    )
  )

const eventFile = (run: Run): string => join(run.run_dir, "telemetry.ndjson")

/**
 * A last line without its end was never acknowledged and is set aside. What is whole may have been written by a life that was
 * cut off before it was synced: it counts from now on, so it is synced first.
 */
const makeDurable = Effect.fnUntraced(function* (
  disk: Disk,
  path: string
): Effect.fn.Return<ReadonlyArray<Notice>, StorageFailed> {
  if (!fs.existsSync(path)) return []
  const clock = yield* Effect.clock
  const notices: Array<Notice> = []
  const notify = (notice: Notice) => void notices.push(notice)
  const file = new AppendFile(path, false, disk, notify, () => timestampOf(clock.unsafeCurrentTimeMillis()))
  yield* Effect.tryPromise({
    try: async () => {
      await file.ensure()
      await file.sync(0)
    },
    catch: asStorageFailed("open", path)
  }).pipe(Effect.ensuring(Effect.promise(() => file.close())))
  yield* Effect.forEach(notices, (notice) => Effect.logWarning(`the record of runs: ${JSON.stringify(notice)}`), {
    discard: true
  })
  return notices
})

const readRecord = (path: string): Effect.Effect<ReadonlyArray<Run>, StorageFailed> =>
  Effect.gen(function* () {
    const text = yield* Effect.try({
      try: () => (fs.existsSync(path) ? fs.readFileSync(path, "utf8") : ""),
      catch: (cause) => new StorageFailed({ operation: "read", path, reason: String(cause) })
    })
    const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n")
    const records: Array<RunRecord.RunRecord> = []
    for (const [index, line] of lines.entries()) {
      if (line === "") continue
      const record = RunRecord.decode(line)
      if (record === undefined) yield* Effect.logWarning(`${path}: line ${index + 1} is no record of a run`)
      else records.push(record)
    }
    return RunRecord.fold(records)
  })

/** Its name is durable too: events in it are acknowledged later. */
const makeDirectory = (disk: Disk, path: string): Effect.Effect<void, RunRefused | StorageFailed> =>
  Effect.tryPromise({
    try: () => disk.makeDirectory(path),
    catch: (cause): RunRefused | StorageFailed => {
      const reason = reasonOf(cause)
      const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
      return ["ENOSPC", "EROFS", "EIO", "EDQUOT"].includes(code)
        ? new StorageFailed({ operation: "mkdir", path, reason })
        : new RunRefused({ field: "run_dir", value: path, reason: `can't be made: ${reason}` })
    }
  })

/** A run whose every event would be refused does not start. Looked at before the directory is made. */
const takesEvents = (run_dir: string): Effect.Effect<void, RunRefused> =>
  Effect.try({
    try: () => {
      const path = join(run_dir, "telemetry.ndjson")
      const there = fs.statSync(path, { throwIfNoEntry: false })
      if (there !== undefined && !there.isFile()) throw new Error(`${path} is not a regular file`)
      const written = there === undefined ? run_dir : path
      if (fs.existsSync(written)) fs.accessSync(written, fs.constants.W_OK)
    },
    catch: (cause) =>
      new RunRefused({ field: "run_dir", value: run_dir, reason: `can't take events: ${reasonOf(cause)}` })
  })

/** Only where it is empty. */
const removeDirectory = (path: string): Effect.Effect<void> => Effect.ignore(Effect.try(() => fs.rmdirSync(path)))
