/**
 * Group commit: records are encoded straight into a pending batch; one write and one fdatasync make it durable; then all
 * who wait for it are told. While one batch is on its way to the disk the next one fills.
 *
 * Plain TypeScript, because a queue and a deferred per record cost ten times as much. What is tricky:
 * - `put` is synchronous, so the order of calls is the order of bytes, across all files of the batch.
 * - The files of a batch are made durable one after the other, in order of first use: a record that another one depends on
 *   is put first.
 * - After a failure nothing of the batch, nor of the batch that filled meanwhile, was or will be written: `onFailure` runs
 *   before the waiters hear of it, so that numbers given out can be taken back.
 *
 * @internal
 */
import { AppendFile, DiskFailure, type Ending, type Notice } from "./AppendFile.js"
import { reasonOf } from "../domain/Refusal.js"
import { Batch } from "./Batch.js"
import type { Disk } from "./Disk.js"
import { DiskTrouble, type Touched } from "./DiskTrouble.js"

/** Names of the steps of a commit, in order; fault tests stop the process at one of them. */
export type Step =
  "commit.begin" | "commit.opened" | "commit.written" | "commit.synced" | "commit.acknowledged" | "rotate.closed"

export interface Options {
  readonly disk: Disk
  readonly capacity: number
  /** A file name part that tells torn tails apart. */
  readonly timestamp: () => string
  readonly notify: (notice: Notice) => void
  /** The batch takes no more records: what is put from now on belongs to the next one. */
  readonly onSwap?: ((batch: Batch) => void) | undefined
  /** The batch is durable; its buffer is valid until the call returns. */
  readonly onCommit: (batch: Batch) => void
  /** Neither batch reached the disk. */
  readonly onFailure: () => void
  readonly step?: ((step: Step) => void) | undefined
  /** For files whose torn tails are ended in place. */
  readonly ending?: Ending
  /** Unix milliseconds, to tell a quick disk from a slow one. Without it no disk is quick. */
  readonly now?: (() => number) | undefined
}

/**
 * A batch begins when the turn of the event loop in which its first record came has ended. So many bytes are not kept
 * waiting where the disk is idle and quick, so that the rest of the turn and the disk work at the same time. A slow disk
 * does better with all of them at once.
 */
const enough = 32 * 1024

/** A sync that takes longer, in milliseconds, is that of a slow disk. */
const quickly = 1

const inOrder = (batch: Batch): Iterable<AppendFile> => {
  const targets = new Set(batch.segments.map((segment) => segment.target))
  return targets.size < 2 ? targets : [...targets].sort((a, b) => Number(b.leading) - Number(a.leading))
}

/** How many files stay open. */
const openFiles = 6

export class GroupCommit {
  private pending: Batch
  private spare: Batch
  private flushing = false
  private scheduled = false
  private closed = false
  private guests: Array<() => Promise<void>> = []
  private idle: Array<() => void> = []
  private room: Array<() => void> = []
  private readonly files = new Map<string, AppendFile>()
  private readonly trouble: DiskTrouble
  /** The files of the batch on its way, and how long each was before it. */
  private touched: Array<Touched> = []
  /** The one of them that is being written. */
  private current: AppendFile | undefined
  private quick = false
  syncs = 0

  constructor(private readonly options: Options) {
    this.pending = new Batch(options.capacity)
    this.spare = new Batch(options.capacity)
    this.trouble = new DiskTrouble(options.notify)
  }

  /**
   * The file at this path; the same object for the same path while it is in use. The records of a `leading` file are made
   * durable before all others of their batch.
   */
  file(path: string, leading = false): AppendFile {
    const known = this.files.get(path)
    if (known !== undefined) return known
    const { disk, ending, notify, timestamp } = this.options
    const file = new AppendFile(path, leading, disk, notify, timestamp, ending)
    this.files.set(path, file)
    return file
  }

  /** Whether so many bytes fit into the pending batch now. */
  fits(bytes: number): boolean {
    return this.pending.used + bytes <= this.options.capacity
  }

  /** Runs once there is room again. */
  whenRoom(resume: () => void): void {
    this.room.push(resume)
  }

  get waitingForRoom(): number {
    return this.room.length
  }

  /** The batch that is being filled. Write at `buffer[used]`, then call `extend`. */
  get batch(): Batch {
    return this.pending
  }

  /** Takes the bytes written at `batch.used` up to `end` as a record of `target`. */
  extend(target: AppendFile, end: number): void {
    const { pending } = this
    const last = pending.segments[pending.segments.length - 1]
    if (last !== undefined && last.target === target) last.end = end
    else pending.segments.push({ target, start: pending.used, end, offset: 0 })
    pending.used = end
    this.schedule()
  }

  /** Copies a record into the batch; the caller has asked `fits`. */
  put(target: AppendFile, record: Buffer): void {
    record.copy(this.pending.buffer, this.pending.used)
    this.extend(target, this.pending.used + record.length)
  }

  /** Told when everything put so far is durable, or that the batch failed. */
  wait(waiter: (failure: DiskFailure | undefined) => void): void {
    if (this.closed) return waiter(new DiskFailure("commit", "", "the log is closed"))
    this.pending.wait(waiter)
    if (this.quick && this.pending.used >= enough && !this.flushing) void this.flush()
    else this.schedule()
  }

  /** Runs between two batches: meanwhile no file is written. */
  exclusive<A>(work: () => Promise<A>): Promise<A> {
    return new Promise((resolve, reject) => {
      this.guests.push(() => work().then(resolve, reject))
      this.schedule()
    })
  }

  /** Tries the file that failed last, so that a disk that takes records again is noticed without one. */
  retry(): Promise<void> {
    return this.exclusive(() => this.trouble.retry())
  }

  /** Nothing will be put into the file at this path any more: that it fails is of no concern. */
  absolve(path: string): void {
    this.trouble.absolve(path)
  }

  /** Resolves when nothing waits for the disk any more. */
  drained(): Promise<void> {
    return this.flushing || this.scheduled ? new Promise((resolve) => this.idle.push(resolve)) : Promise.resolve()
  }

  /** Commits what is pending, then closes all files. */
  async close(): Promise<void> {
    await this.drained()
    this.closed = true
    for (const file of this.files.values()) await file.close()
    this.files.clear()
  }

  private schedule(): void {
    if (this.flushing || this.scheduled || this.closed) return
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      if (!this.flushing) void this.flush()
    })
  }

  private async flush(): Promise<void> {
    this.flushing = true
    while (!this.pending.isEmpty || this.guests.length > 0) {
      for (const guest of this.guests.splice(0)) await guest()
      if (this.pending.isEmpty) continue
      const batch = this.pending
      this.pending = this.spare
      this.spare = batch
      this.options.onSwap?.(batch)
      let failure: DiskFailure | undefined
      this.touched = []
      try {
        await this.commit(batch)
      } catch (cause) {
        failure = cause instanceof DiskFailure ? cause : new DiskFailure("commit", "", reasonOf(cause))
      }
      if (failure === undefined) this.succeed(batch)
      else this.fail(batch, failure)
      batch.clear()
      if (this.room.length > 0) this.makeRoom()
      if (failure !== undefined) await this.trouble.mend([])
      if (this.files.size > openFiles) await this.closeIdleFiles()
    }
    this.flushing = false
    const idle = this.idle
    this.idle = []
    for (const resolve of idle) resolve()
  }

  /**
   * Awaits nothing that is done already: the sync is then under way before those who were resumed in the same turn go on.
   */
  private async commit(batch: Batch): Promise<void> {
    const { now, step } = this.options
    step?.("commit.begin")
    this.current = undefined
    const targets = inOrder(batch)
    const mended = this.trouble.mend(targets)
    if (mended !== undefined) await mended
    for (const target of targets) {
      this.current = target
      const ready = target.ensure()
      if (ready !== undefined) await ready
      this.touched.push({ target, durable: target.durable })
      step?.("commit.opened")
      let appended = 0
      for (const segment of batch.segments) {
        if (segment.target !== target) continue
        segment.offset = target.durable + appended
        const written = target.append(batch.buffer, segment.start, segment.end)
        if (written !== undefined) await written
        appended += segment.end - segment.start
      }
      step?.("commit.written")
      const begun = now?.() ?? NaN
      await target.sync(appended)
      this.quick = now !== undefined && now() - begun <= quickly
      this.syncs++
      step?.("commit.synced")
    }
  }

  private succeed(batch: Batch): void {
    this.trouble.proven(this.touched)
    try {
      this.options.onCommit(batch)
    } catch (cause) {
      // The records are durable; their senders must not wait for ever because of a defect of the owner.
      return batch.settle(new DiskFailure("commit", "", reasonOf(cause)))
    }
    batch.settle(undefined)
    this.options.step?.("commit.acknowledged")
  }

  private fail(batch: Batch, failure: DiskFailure): void {
    this.trouble.begin(failure, this.current, this.touched)
    const { pending } = this
    this.options.onFailure()
    pending.clear()
    batch.settle(failure)
    pending.settle(failure)
  }

  private makeRoom(): void {
    const { room } = this
    this.room = []
    for (const resume of room) resume()
  }

  /** Least recently made first; a file that is still needed opens again by itself. */
  private async closeIdleFiles(): Promise<void> {
    for (const [path, file] of this.files) {
      if (this.files.size <= openFiles) return
      if (this.trouble.isSuspect(file) || this.pending.segments.some(({ target }) => target === file)) continue
      this.files.delete(path)
      file.retired = true
      await file.close()
      this.options.step?.("rotate.closed")
    }
  }
}
