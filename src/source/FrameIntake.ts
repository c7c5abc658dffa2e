/**
 * What has come from a peer and was not taken yet: frames in their order, problems at their place between them, and at last why
 * there is nothing more. Bounded in bytes: whoever fills it is told to wait, and is called when there is room again; the bound may be exceeded by what one read of a peer held.
 *
 * Plain code behind one effect, because a queue per frame costs more than the frame. For one reader.
 */
import * as Effect from "effect/Effect"
import type { Frame } from "./Frame.js"
import type { FrameReader } from "./Source.js"
import { SourceError } from "./SourceError.js"

/** `take` hands over at most so many frames, so that whoever works on them does not keep all others waiting. */
export const batch = 512

/** What each part of a waiting frame counts besides its bytes: about what a received buffer costs in memory. */
export const keeping = 700

/** Frames that are handed over together, and what is to be told behind them. */
interface Segment {
  readonly frames: Array<Frame>
  bytes: number
  problem: SourceError | undefined
}

export class FrameIntake implements FrameReader {
  private segments: Array<Segment> = []
  private waiting = 0
  private end: SourceError | undefined
  private reader: (() => void) | undefined
  private writers: Array<() => void> = []

  constructor(
    private readonly source: string,
    private readonly capacity: number
  ) {}

  /** As much is waiting as may wait. */
  get isFull(): boolean {
    return this.waiting >= this.capacity
  }

  /** There is nothing to hand over, and nothing to tell. */
  get isEmpty(): boolean {
    return this.segments.length === 0 && this.end === undefined
  }

  /** Bytes that wait, with what they cost. */
  get bytes(): number {
    return this.waiting
  }

  /** Adds a frame, full or not: look at `isFull` before what can wait. `announce` tells the reader. */
  put(frame: Frame): void {
    let bytes = frame.parts.length === 0 ? keeping : 0
    for (const part of frame.parts) bytes += keeping + part.byteLength
    const segment = this.last()
    segment.frames.push(frame)
    segment.bytes += bytes
    this.waiting += bytes
  }

  /** A message that is no frame, told behind the frames before it. Not more than one of them waits in a row. */
  malformed(detail: string): void {
    const last = this.segments.at(-1)
    if (last?.problem !== undefined) return
    const problem = new SourceError({ source: this.source, reason: "Malformed", detail })
    if (last === undefined) this.segments.push({ frames: [], bytes: 0, problem })
    else last.problem = problem
  }

  /** Nothing more comes; told behind everything else. The first reason counts. */
  finish(reason: SourceError["reason"], detail: string): void {
    this.end ??= new SourceError({ source: this.source, reason, detail })
    this.announce()
  }

  /** Lets the reader have what was put. */
  announce(): void {
    const { reader } = this
    this.reader = undefined
    reader?.()
  }

  /** Calls once, when at most half of what may wait is waiting; at once if that is so. Any number may wait for it. */
  whenRoom(call: () => void): void {
    if (this.waiting * 2 <= this.capacity) call()
    else this.writers.push(call)
  }

  readonly take: Effect.Effect<ReadonlyArray<Frame>, SourceError> = Effect.suspend(
    () =>
      this.next() ??
      Effect.zipRight(
        Effect.async<void>((resume) => {
          this.reader = () => resume(Effect.void)
          return Effect.sync(() => {
            this.reader = undefined
          })
        }),
        this.take
      )
  )

  private last(): Segment {
    const last = this.segments.at(-1)
    if (last !== undefined && last.problem === undefined && last.frames.length < batch) return last
    const segment: Segment = { frames: [], bytes: 0, problem: undefined }
    this.segments.push(segment)
    return segment
  }

  private next(): Effect.Effect<ReadonlyArray<Frame>, SourceError> | undefined {
    const first = this.segments[0]
    if (first === undefined) return this.end
    if (first.frames.length === 0) {
      this.segments.shift()
      return first.problem ?? this.next()
    }
    if (first.problem === undefined) this.segments.shift()
    else this.segments[0] = { frames: [], bytes: 0, problem: first.problem }
    this.waiting -= first.bytes
    if (this.writers.length > 0 && this.waiting * 2 <= this.capacity) {
      const { writers } = this
      this.writers = []
      for (const write of writers) write()
    }
    return Effect.succeed(first.frames)
  }
}
