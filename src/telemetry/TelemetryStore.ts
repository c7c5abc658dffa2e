/**
 * The event store of a site: the durable log of three streams, the current view, queries and the live tail.
 *
 * An event is acknowledged once its line is on the device (group commit). Its number, its stream and the ends of a run are
 * fixed in one order, that of the calls. A start reads the saved index and what stands behind it; torn tails are set aside.
 * While the disk refuses, appends fail with `StorageFailed` and everything else goes on; appending resumes by itself.
 * Two stores on one directory are not kept apart here: the site's lock does that.
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { isUtf8 } from "node:buffer"
import { type Database, IndexDatabase } from "../database/Database.js"
import type { Cursor } from "../domain/Cursor.js"
import type { BatchResult, TailItem } from "../domain/EventQuery.js"
import { InvalidInput, Overloaded, StorageFailed, TooLarge, UnreadableBody } from "../domain/Refusal.js"
import type { StreamName } from "../domain/StreamName.js"
import { EventAck } from "../domain/TelemetryEvent.js"
import type { Notice } from "../journal/AppendFile.js"
import { type Disk, nodeDisk } from "../journal/Disk.js"
import type { Step } from "../journal/GroupCommit.js"
import { storageFailed } from "../journal/Journal.js"
import * as EventReader from "./EventReader.js"
import { EventScanner } from "./EventScanner.js"
import * as BatchIntake from "./internal/batchIntake.js"
import { publicText } from "./internal/currentView.js"
import type { LogRun, Position } from "./internal/eventLog.js"
import { quoted } from "./internal/lineForm.js"
import { open } from "./internal/openLog.js"
import * as TailReader from "./internal/tailReader.js"
import * as Verification from "./Verification.js"

export type Refusal = InvalidInput | UnreadableBody | TooLarge
export type AppendError = Refusal | StorageFailed | Overloaded

/** A question about stored events. Types are plain text; numbers and times bound it as in `EventFilter`. */
export interface Selection {
  /** Absent: `site` and `run`, merged by time. */
  readonly stream?: StreamName | undefined
  readonly types?: ReadonlyArray<string> | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly afterSeq?: number | undefined
  /**
   * Only numbers in one of these, which ascend. A question reads them once, a tail each time lines come: what they let
   * through may grow.
   */
  readonly ranges?: (() => ReadonlyArray<SeqRange>) | undefined
}

/** Numbers behind `afterSeq`, up to `lastSeq` where there is one. */
export interface SeqRange {
  readonly afterSeq: number
  readonly lastSeq: number | undefined
}

/** A run as the store needs to know it. */
export interface RunTarget {
  readonly runId: string
  /** The file that takes the run's events. */
  readonly path: string
}

/** Runs found in the record of runs at a start, oldest first; `active` is the last one where it was not stopped. */
export interface KnownRuns {
  readonly files: ReadonlyArray<{
    readonly path: string
    readonly afterSeq: number
    readonly lastSeq: number | undefined
  }>
  readonly active: (RunTarget & { readonly afterSeq: number }) | undefined
  /** What was found of the record itself. */
  readonly notices?: ReadonlyArray<Notice> | undefined
}

export interface Figures {
  readonly position: Position
  readonly accepted: number
  readonly bytesWritten: number
  readonly syncs: number
  readonly waiting: number
  readonly lastDurableAt: number | undefined
  readonly failure: string | undefined
  readonly currentEvicted: number
}

export class TelemetryStore extends Context.Tag("outpost/telemetry/TelemetryStore")<
  TelemetryStore,
  {
    /** Takes the JSON body of one event; durable once it returns. */
    readonly post: (body: Uint8Array) => Effect.Effect<EventAck, AppendError>
    /**
     * Takes NDJSON, whole or as it arrives; each line is accepted or refused on its own; all accepted ones are durable once
     * it returns.
     */
    readonly postLines: <E = never>(
      body: Uint8Array | Stream.Stream<Uint8Array, E>
    ) => Effect.Effect<BatchResult, AppendError | E>
    /** Takes a JSON array of events, like `postLines`. */
    readonly postArray: (body: Uint8Array) => Effect.Effect<BatchResult, AppendError>
    /** Outpost's own event, in the `system` stream. */
    readonly postSystem: (type: string, data: unknown) => Effect.Effect<void, StorageFailed | Overloaded>
    /** `{"current":{...}}` as JSON text. */
    readonly current: Effect.Effect<string>
    readonly currentOf: (type: string) => Effect.Effect<Option.Option<EventAck>>
    /** Up to `limit` lines, and the cursor behind them. `cursor` goes on where another answer ended. */
    readonly query: (
      selection: Selection,
      options: { readonly limit: number; readonly descending: boolean; readonly cursor?: Cursor | undefined }
    ) => Effect.Effect<
      { readonly lines: ReadonlyArray<EventReader.FoundLine>; readonly next: Cursor; readonly more: boolean },
      StorageFailed
    >
    /** All lines, in the order of the log. */
    readonly read: (
      selection: Selection,
      options: { readonly descending: boolean }
    ) => Stream.Stream<EventReader.FoundLine, StorageFailed>
    /** Lines as they become durable, from the cursor on, or from now; never drops one. */
    readonly tail: (selection: Selection, from?: Cursor) => Stream.Stream<TailItem, StorageFailed>
    /** Takes over the runs of the record at a start. To be called once, before events are accepted. */
    readonly adoptRuns: (runs: KnownRuns) => Effect.Effect<void, StorageFailed>
    /**
     * Opens a run: `record` is appended to the file `recordPath` and durable before any event of the run, and before this
     * returns. `record` is given the run stream's last number.
     */
    readonly openRun: (
      run: RunTarget,
      recordPath: string,
      record: (afterSeq: number) => string
    ) => Effect.Effect<number, StorageFailed | Overloaded>
    /** Closes the run likewise: events from now on go to the site. Answers the run's last number. */
    readonly closeRun: (
      recordPath: string,
      record: (lastSeq: number) => string
    ) => Effect.Effect<number, StorageFailed | Overloaded>
    readonly figures: Effect.Effect<Figures>
    /** Saves blocks, numbers and the current view, so that the next start is short. */
    readonly checkpoint: Effect.Effect<void, StorageFailed>
    /** Compares everything stored with its index. */
    readonly verify: (options: { readonly repair: boolean }) => Effect.Effect<Verification.Report, StorageFailed>
  }
>() {}

export interface Options {
  readonly siteDirectory: string
  readonly systemDirectory: string
  readonly stateDirectory: string
  /** Longest body of one event, in bytes. */
  readonly eventBytes: number
  /** Longest array of events, in bytes. */
  readonly batchBytes: number
  readonly blockBytes: number
  readonly currentLimit: number
  readonly checkpointInterval: Duration.DurationInput
  readonly zone?: DateTime.TimeZone | undefined
  readonly disk?: Disk | undefined
  /** Told what the journal finds and does; must not throw. */
  readonly notify?: ((notice: Notice) => void) | undefined
  /** Called at each step of commit and checkpoint, for fault tests. */
  readonly step?: ((step: Step | CheckpointStep) => void) | undefined
}

export type CheckpointStep = "checkpoint.begin" | "checkpoint.saved" | "checkpoint.durable" | "checkpoint.cleaned"

export const defaults = {
  eventBytes: 2 * 1024 * 1024,
  batchBytes: 16 * 1024 * 1024,
  blockBytes: 256 * 1024,
  currentLimit: 10_000,
  checkpointInterval: Duration.seconds(10)
}

/** How often a disk that refuses events is tried. */
const retryInterval = Duration.seconds(1)

/** How many senders may wait for room in the batch. */
const waitersLimit = 10_000

export const make = (
  options: Options,
  database: Database
): Effect.Effect<Context.Tag.Service<TelemetryStore>, StorageFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const opened = yield* open({
      ...options,
      disk: options.disk ?? nodeDisk,
      zone: options.zone ?? DateTime.zoneMakeLocal(),
      now: () => clock.unsafeCurrentTimeMillis(),
      database
    })
    const { checkpoint, current, indexer, log, recent } = opened
    const retry = Effect.tryPromise(() => log.commit.retry())
    yield* checkpoint.pipe(
      Effect.catchAll((error) => Effect.logWarning(`the state was not saved: ${error.message}`)),
      Effect.schedule(Schedule.spaced(options.checkpointInterval)),
      Effect.forkScoped
    )
    // Nobody may be posting when the disk takes events again: readiness comes back by itself.
    yield* Effect.suspend(() => (log.failure === undefined ? Effect.void : Effect.ignore(retry))).pipe(
      Effect.schedule(Schedule.spaced(retryInterval)),
      Effect.forkScoped
    )
    const reader = EventReader.make(opened.index, indexer)
    const scanner = new EventScanner()

    const overloaded = Effect.fail(new Overloaded({ what: "the event log", retryAfter: 1 }))

    const post = (body: Uint8Array) =>
      Effect.async<EventAck, AppendError>((resume) => {
        const bytes = asBuffer(body)
        if (bytes.length > options.eventBytes)
          return resume(Effect.fail(new TooLarge({ what: "event", limit: options.eventBytes })))
        if (!isUtf8(bytes)) return resume(Effect.fail(new UnreadableBody()))
        const attempt = () => {
          const refused = scanner.scan(bytes, 0, bytes.length)
          if (refused !== undefined) return resume(Effect.fail(refused))
          if (log.add(scanner) === 0)
            return log.commit.waitingForRoom < waitersLimit ? log.commit.whenRoom(attempt) : resume(overloaded)
          const ack = log.lastAck()
          log.wait((failure) =>
            resume(
              failure === undefined ? Effect.succeed(EventAck.make(ack(), true)) : Effect.fail(storageFailed(failure))
            )
          )
        }
        attempt()
      })

    const postSystem = (type: string, data: unknown) =>
      Effect.async<void, StorageFailed | Overloaded>((resume) => {
        const bytes = Buffer.from(JSON.stringify({ type, data: data ?? null }))
        if (scanner.scan(bytes, 0, bytes.length) !== undefined || log.add(scanner, "system") === 0)
          return resume(overloaded)
        log.wait((failure) => resume(failure === undefined ? Effect.void : Effect.fail(storageFailed(failure))))
      })

    const switchRun = (recordPath: string, record: (seq: number) => string, run: LogRun | undefined) =>
      Effect.async<number, StorageFailed | Overloaded>((resume) => {
        const seq = log.assigned.run
        if (!log.switchRun(recordPath, Buffer.from(record(seq)), run)) return resume(overloaded)
        log.wait((failure) => resume(failure === undefined ? Effect.succeed(seq) : Effect.fail(storageFailed(failure))))
      })

    const figures = Effect.sync(() => ({
      position: log.state,
      accepted: log.accepted,
      bytesWritten: log.bytesWritten,
      syncs: log.commit.syncs,
      waiting: log.commit.batch.waiting,
      lastDurableAt: log.lastDurableAt,
      failure: log.failure,
      currentEvicted: current.evicted
    }))

    const intake = BatchIntake.make(log, options)
    const tails = TailReader.make(reader, recent, () => log.state)

    return TelemetryStore.of({
      post,
      postLines: intake.lines,
      postArray: (body) => intake.array(asBuffer(body)),
      postSystem,
      current: Effect.sync(() => current.snapshot()),
      currentOf: (type) =>
        Effect.sync(() => {
          const event = current.get(quoted(type))
          return event === undefined ? Option.none() : Option.some(EventAck.make(publicText(event.line), true))
        }),
      query: tails.query,
      read: tails.read,
      tail: tails.tail,
      adoptRuns: opened.adoptRuns,
      openRun: (run, recordPath, record) =>
        switchRun(recordPath, record, { path: run.path, quotedId: Buffer.from(quoted(run.runId), "latin1") }),
      closeRun: (recordPath, record) => switchRun(recordPath, record, undefined),
      figures,
      checkpoint,
      verify: (verifyOptions) => Verification.run(opened, verifyOptions)
    })
  })

export const layerWith = (options: Options): Layer.Layer<TelemetryStore, StorageFailed, IndexDatabase> =>
  Layer.scoped(
    TelemetryStore,
    Effect.flatMap(IndexDatabase, (database) => make(options, database))
  )

// -----------------------------------------------------------------------------

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
