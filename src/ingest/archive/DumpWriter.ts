/**
 * Writes the dump of one scan. Offering a record takes no time worth mentioning and never waits: a fiber of its own writes what has
 * come in large gathered writes, makes it durable every few seconds and at the end. Where the disk is full, fails, or is too slow for
 * what may wait, the dump ends: after its last whole record, with one alarm. The scan does not notice.
 *
 * After a crash the file is whole up to a record that was being written; what was synced last is there also after a power cut.
 * There is no file before the first record.
 *
 * What is tricky: a file system that hangs holds the writing fiber for ever. So telling the alarm is another fiber's work, closing
 * waits only for so long, and the writing fiber is disconnected from the scope that ends it.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { timestamp } from "../FrameHeader.js"
import type { DumpedStream, OpenDump } from "../FrameDump.js"
import { type DumpDisk, nodeDumpDisk } from "./DumpDisk.js"
import { encode } from "./DumpRecord.js"
import { DumpSink } from "./internal/DumpSink.js"
import { DumpQueue } from "./internal/DumpQueue.js"

/** A dump has ended before its scan. */
export class DumpStopped extends Schema.TaggedError<DumpStopped>()("DumpStopped", {
  path: Schema.String,
  /**
   * - `QueueFull`: the disk is slower than the frames for longer than what may wait.
   * - `DiskFailed`: it is full, or fails.
   * - `Unfinished`: not everything was written in the time there was at the end.
   * - `Refused`: this place is not one that dumps may be written to.
   */
  reason: Schema.Literal("QueueFull", "DiskFailed", "Unfinished", "Refused"),
  detail: Schema.String,
  /** Whole records of this scan that are in the file. */
  records: Schema.Int
}) {
  override get message() {
    return `the dump ${this.path} has ended after ${this.records} records: ${this.detail}`
  }
}

export interface DumpStatus {
  readonly path: string
  readonly state: "waiting" | "writing" | "stopped" | "closed"
  /** Whole records in the file, of this scan. */
  readonly records: number
  readonly bytes: number
  readonly waitingBytes: number
  /** Records that came when the dump had ended already, or waited then. */
  readonly skipped: number
}

export interface DumpWriter extends OpenDump {
  readonly status: Effect.Effect<DumpStatus>
}

export interface Options {
  readonly path: string
  /** Told once, if the dump ends before its scan. */
  readonly onStopped: (alarm: DumpStopped) => Effect.Effect<void>
  /** Bytes that may wait for the disk. Default 256 MiB. */
  readonly capacity?: number | undefined
  /** Default 5 s. */
  readonly syncEvery?: Duration.Duration | undefined
  /** How long the end waits for the disk. Default 30 s. */
  readonly closeWithin?: Duration.Duration | undefined
  readonly disk?: DumpDisk | undefined
}

/** Closed with the scope at the latest. */
export const make = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<DumpWriter, never, Scope.Scope> {
  const { path } = options
  const closeWithin = options.closeWithin ?? Duration.seconds(30)
  const clock = yield* Effect.clock
  const queue = new DumpQueue(options.capacity ?? 256 * 1024 * 1024)
  const sink = new DumpSink(options.disk ?? nodeDumpDisk, path)
  const work = Effect.unsafeMakeLatch(false)
  const stopped = yield* Deferred.make<DumpStopped>()
  const ended = yield* Deferred.make<void>()
  let state: DumpStatus["state"] = "waiting"
  let closing = false
  let skipped = 0

  const stop = (reason: DumpStopped["reason"], detail: string): void => {
    if (state === "stopped") return
    state = "stopped"
    Deferred.unsafeDone(stopped, Exit.succeed(new DumpStopped({ path, reason, detail, records: sink.records })))
  }

  const offer = (event: number, streams: ReadonlyArray<DumpedStream>): void => {
    if (closing || state === "stopped") {
      skipped++
      return
    }
    const createdAt = timestamp(clock.unsafeCurrentTimeNanos())
    if (queue.offer(encode({ event, streams, createdAt }))) {
      state = "writing"
      work.unsafeOpen()
    } else {
      skipped++
      stop("QueueFull", `${queue.bytes} bytes wait for the disk`)
    }
  }

  const writeOne = Effect.gen(function* () {
    const records = queue.take()
    const before = sink.records
    const failure = yield* Effect.promise(() => sink.write(records))
    queue.release(records)
    if (failure === undefined) return
    stop("DiskFailed", failure)
    skipped += records.length - (sink.records - before) + queue.clear()
  })

  const syncEvery = Duration.toMillis(options.syncEvery ?? Duration.seconds(5))
  const syncIfDue = (due: number) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => (now < due || !sink.isDirty ? Effect.succeed(due) : syncNow))
  const syncNow = Effect.promise(() => sink.sync()).pipe(
    Effect.tap((failure) => Effect.sync(() => failure !== undefined && stop("DiskFailed", failure))),
    Effect.zipRight(Clock.currentTimeMillis),
    Effect.map((now) => now + syncEvery)
  )

  const isOver = () => closing && queue.isEmpty
  const writing = Effect.gen(function* () {
    let due = (yield* Clock.currentTimeMillis) + syncEvery
    while (!isOver()) {
      if (queue.isEmpty) {
        work.unsafeClose()
        yield* sink.isDirty ? Effect.timeoutOption(work.await, syncEvery) : work.await
      } else yield* writeOne
      due = yield* syncIfDue(due)
    }
    if (sink.isDirty) yield* syncNow
  }).pipe(Effect.ensuring(Effect.promise(() => sink.close())), Effect.ensuring(Deferred.succeed(ended, undefined)))

  const telling = yield* Effect.forkScoped(Effect.flatMap(Deferred.await(stopped), options.onStopped))
  yield* Effect.forkScoped(Effect.interruptible(Effect.disconnect(writing)))

  /** A finalizer can't be interrupted as a whole: what it waits for must be. */
  const within = <A>(waiting: Effect.Effect<A>) => Effect.timeoutOption(Effect.interruptible(waiting), closeWithin)
  const close = Effect.gen(function* () {
    closing = true
    work.unsafeOpen()
    const done = yield* within(Deferred.await(ended))
    if (done._tag === "None") stop("Unfinished", `${queue.bytes} bytes were not written in time`)
    if (state === "stopped") yield* within(Fiber.await(telling))
    else state = "closed"
  })
  yield* Effect.addFinalizer(() => close)

  return {
    offer,
    close,
    status: Effect.sync(() => ({
      path,
      state,
      records: sink.records,
      bytes: sink.bytes,
      waitingBytes: queue.bytes,
      skipped
    }))
  }
})
