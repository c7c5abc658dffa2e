/**
 * The heart of the telemetry store, in plain TypeScript because every event passes here: gives each event its number, time
 * and stream, writes its line into the batch of the group commit, and after the commit tells the current view, the blocks
 * and the followers of it.
 *
 * Order: numbers, streams and the two ends of a run are fixed by the order of calls, all in one batch sequence. What is seen
 * from outside (current view, blocks, followers) changes only after the commit; a failed batch takes its numbers back.
 *
 * @internal
 */
import { join } from "node:path"
import * as DayKey from "../../domain/DayKey.js"
import type { StreamName } from "../../domain/StreamName.js"
import type { AppendFile, DiskFailure, Notice } from "../../journal/AppendFile.js"
import type { Disk } from "../../journal/Disk.js"
import type { Batch } from "../../journal/Batch.js"
import { GroupCommit, type Step } from "../../journal/GroupCommit.js"
import { timestampOf } from "../../journal/Journal.js"
import type { EventScanner } from "../EventScanner.js"
import type { DayFile } from "./dayFile.js"
import * as DurableEvents from "./durableEvents.js"
import { readable } from "./lineForm.js"
import { LineWriter } from "./lineWriter.js"
import * as Marks from "./marks.js"

/** The run that takes the events. `quotedId` is in line form. */
export interface LogRun {
  readonly path: string
  readonly quotedId: Buffer
}

/** The last number of each stream and the active run, as of one moment. */
export interface Position {
  readonly site: number
  readonly run: number
  readonly system: number
  readonly active: LogRun | undefined
}

/** A position that is written over event by event. */
type Moving = { -readonly [key in keyof Position]: Position[key] }

export interface Options extends DurableEvents.Told {
  readonly siteDirectory: string
  readonly systemDirectory: string
  /** Names the file of the exceptions that lines don't show, by generation. */
  readonly asidePath: (generation: number) => string
  readonly disk: Disk
  readonly capacity: number
  readonly now: () => number
  readonly day: DayFile
  readonly notify: (notice: Notice) => void
  readonly step?: ((step: Step) => void) | undefined
}

export type Settle = (failure: DiskFailure | undefined) => void

/** Room for what stands beside a line in the file of exceptions. */
const asideBound = 128
const asideHead = Buffer.from('{"current_only":')

export class EventLog {
  readonly commit: GroupCommit
  private readonly writer = new LineWriter()
  /** Numbers given out so far, durable or not. */
  private position: Moving
  private durable: Position
  /** The position at the end of each batch that is not durable yet: the pending one, and the one on its way. */
  private readonly ends = new Map<Batch, Position>()
  private generation: number
  /** The file that took the last line of each stream, and its day. */
  private readonly files: { [stream in StreamName]?: { readonly key: string; readonly file: AppendFile } } = {}
  accepted = 0
  bytesWritten = 0
  /** Unix milliseconds of the last commit. */
  lastDurableAt: number | undefined
  failure: string | undefined

  constructor(
    private readonly options: Options,
    recovered: { readonly position: Position; readonly generation: number }
  ) {
    this.durable = recovered.position
    this.position = { ...recovered.position }
    this.generation = recovered.generation
    this.commit = new GroupCommit({
      disk: options.disk,
      capacity: options.capacity,
      timestamp: () => timestampOf(options.now()),
      now: options.now,
      notify: (notice) => this.noticed(notice),
      step: options.step,
      onCommit: (batch) => this.committed(batch),
      onSwap: (batch) => this.ends.set(batch, { ...this.position }),
      onFailure: () => {
        this.ends.clear()
        this.position = { ...this.durable }
      }
    })
  }

  /** Numbers and run as of the last commit. */
  get state(): Position {
    return this.durable
  }

  /** Takes a scanned event into the pending batch; answers its number, or 0 where there is no room just now. */
  add(scan: EventScanner, stream?: "system"): number {
    const { commit, writer } = this
    const active = stream === undefined ? this.position.active : undefined
    const target: StreamName = stream ?? (active === undefined ? "site" : "run")
    if (!commit.fits(writer.bound(scan, active?.quotedId) + asideBound)) return 0
    const now = this.options.now()
    const seq = this.position[target] + 1
    const { batch } = commit
    const start = scan.storePermanently ? batch.used : batch.used + asideHead.length
    const end = writer.write(batch.buffer, start, target, seq, now, scan, active?.quotedId)
    const type = this.options.types.id(batch.buffer, writer.typeStart, writer.typeEnd)
    const ts = scan.ts.start < 0 ? now : NaN
    const flags = (scan.makeCurrent ? 0 : Marks.notCurrent) | (scan.storePermanently ? 0 : Marks.aside)
    Marks.add(batch, target, flags, start, end, type, seq, ts)
    this.position[target] = seq
    if (scan.storePermanently) commit.extend(this.fileOf(target, now), end)
    else {
      asideHead.copy(batch.buffer, batch.used)
      batch.buffer[end - 1] = 0x7d
      batch.buffer[end] = 0x0a
      commit.extend(this.aside(), end + 1)
    }
    if (!scan.makeCurrent) this.putAside(`{"not_current":{"stream":"${target}","seq":${seq}}}\n`)
    return seq
  }

  /**
   * The answer to the event that was added last: its line without the stream, characters instead of escapes. Read it when
   * the waiter of the same batch is told.
   */
  lastAck(): () => string {
    const { buffer, marks } = this.commit.batch
    const start = marks[marks.length - Marks.markSize + 1] as number
    const end = marks[marks.length - Marks.markSize + 2] as number
    const { streamEnd, streamStart } = this.writer
    return () =>
      readable(buffer.toString("latin1", start, streamStart)) + readable(buffer.toString("latin1", streamEnd, end - 1))
  }

  /** Opens or closes a run: its record is made durable before any event of it. False where there is no room just now. */
  switchRun(recordPath: string, record: Buffer, run: LogRun | undefined): boolean {
    const { commit } = this
    if (!commit.fits(record.length)) return false
    const { batch } = commit
    Marks.addRunSwitch(batch, batch.used, batch.used + record.length)
    // Put in its place among the events: those of the run are made durable after its start and before its end.
    commit.put(commit.file(recordPath), record)
    this.position.active = run
    return true
  }

  /** Numbers given out so far, durable or not. */
  get assigned(): Position {
    return this.position
  }

  wait(settle: Settle): void {
    this.commit.wait(settle)
  }

  /** Numbers and run as a start found them; before the first event. */
  adopt(position: Position): void {
    this.durable = position
    this.position = { ...position }
  }

  /** From now on exceptions go to a new file; answers the number of the one before. */
  turnAside(): number {
    return this.generation++
  }

  private aside(): AppendFile {
    return this.commit.file(this.options.asidePath(this.generation), true)
  }

  private putAside(record: string): void {
    this.commit.put(this.aside(), Buffer.from(record, "latin1"))
  }

  private fileOf(stream: StreamName, now: number): AppendFile {
    if (stream === "run") return this.fileAt("run", this.position.active?.path ?? "")
    const key = this.options.day.keyAt(now)
    const last = this.files[stream]
    if (last !== undefined && last.key === key && !last.file.retired) return last.file
    const { siteDirectory, systemDirectory } = this.options
    const path = stream === "site" ? join(siteDirectory, DayKey.fileName(key)) : join(systemDirectory, `${key}.jsonl`)
    return this.fileAt(stream, path, key)
  }

  private fileAt(stream: StreamName, path: string, key = ""): AppendFile {
    const last = this.files[stream]
    if (last !== undefined && last.file.path === path && !last.file.retired) return last.file
    const file = this.commit.file(path)
    this.files[stream] = { key, file }
    return file
  }

  /** The files that take lines now. */
  isWritten(path: string): boolean {
    return (
      path === this.files.site?.file.path ||
      path === this.files.system?.file.path ||
      path === this.position.active?.path
    )
  }

  private committed(batch: Batch): void {
    const { active } = this.durable
    this.durable = this.ends.get(batch) ?? this.durable
    this.ends.delete(batch)
    let m = 0
    for (const segment of batch.segments) {
      const from = m
      while (m < batch.marks.length && Marks.start(batch, m) < segment.end) m += Marks.markSize
      if (from < m) this.accepted += DurableEvents.tell(this.options, batch, segment, from, m)
      this.bytesWritten += segment.end - segment.start
    }
    if (active !== undefined && active.path !== this.durable.active?.path) this.commit.absolve(active.path)
    if (batch.segments.length > 0) {
      this.lastDurableAt = this.options.now()
      this.options.recent.publish()
    }
  }

  private noticed(notice: Notice): void {
    if (notice.kind === "failed") this.failure = `${notice.operation} ${notice.path}: ${notice.reason}`
    else if (notice.kind === "resumed") this.failure = undefined
    else if (notice.kind === "replaced") this.options.blocks.forget(notice.path)
    this.options.notify(notice)
  }
}
