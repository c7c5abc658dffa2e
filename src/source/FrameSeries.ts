/**
 * The series that detectors send: everything is skipped until a start; the start, the images and the end are frames; a further
 * start within a series is dropped; what comes behind an end is dropped until the next start. What a message is, a format tells
 * for each; frames keep the bytes of their messages, none is copied.
 */
import * as Effect from "effect/Effect"
import type { Frame } from "./Frame.js"
import type { FrameIntake } from "./FrameIntake.js"
import type { Dropped, FrameReader } from "./Source.js"

/** The parts of one message as they came. */
export type Message = ReadonlyArray<Uint8Array>

/** What a message is. */
export type Verdict =
  /** One frame, of other parts than those of its messages if it says so. */
  | { readonly _tag: "Start"; readonly parts?: Message }
  /** One frame. */
  | { readonly _tag: "Image"; readonly number?: number }
  /** As many frames as the format makes of it. */
  | { readonly _tag: "Frames"; readonly frames: ReadonlyArray<Frame> }
  | { readonly _tag: "End" }
  /** The beginning of something that goes on in the next message, which `next` judges; all of them become one frame. */
  | { readonly _tag: "Part"; readonly next: Classify }
  /** A message of the format that says nothing, such as a heartbeat. */
  | { readonly _tag: "Noise" }
  /** Told to the reader where it comes within a series. As the answer of a `next`, it says that what went before is broken. */
  | { readonly _tag: "Malformed"; readonly detail: string }

/** Never throws, whatever the bytes are. */
export type Classify = (message: Message) => Verdict

export const start: Verdict = { _tag: "Start" }
export const end: Verdict = { _tag: "End" }
export const noise: Verdict = { _tag: "Noise" }
export const image = (number: number): Verdict => ({ _tag: "Image", number })
export const malformed = (detail: string): Verdict => ({ _tag: "Malformed", detail })

/** How many messages one frame may be made of. */
export const longest = 1024

export class FrameSeries {
  private inside = false
  /** Messages of a frame that is not complete, and who judges the next one. */
  private pieces: Array<Message> = []
  private next: Classify | undefined
  private readonly counts = { outside: 0, starts: 0, malformed: 0 }

  constructor(
    private readonly classify: Classify,
    private readonly intake: FrameIntake
  ) {}

  /** The next message of the peer. Its frames are in the intake when this returns. */
  read(message: Message): void {
    const { next } = this
    if (next === undefined) return this.judge(message, this.classify(message))
    const verdict = next(message)
    if (verdict._tag !== "Malformed") return this.judge(message, verdict)
    this.refuse(verdict.detail)
    this.forget()
    this.judge(message, this.classify(message))
  }

  /** What was dropped of everything read. */
  get dropped(): Dropped {
    return { ...this.counts }
  }

  /** The intake as a reader that tells what was dropped. */
  get reader(): FrameReader {
    return { take: this.intake.take, dropped: Effect.sync(() => this.dropped) }
  }

  private judge(message: Message, verdict: Verdict): void {
    switch (verdict._tag) {
      case "Image": {
        const parts = this.whole(message)
        if (!this.inside) return this.skip()
        this.intake.put(verdict.number === undefined ? { parts } : { parts, number: verdict.number })
        return
      }
      case "Frames":
        this.forget()
        if (!this.inside) return this.skip()
        for (const frame of verdict.frames) this.intake.put(frame)
        return
      case "Start": {
        const whole = this.whole(message)
        const { parts = whole } = verdict
        if (this.inside) this.counts.starts++
        else this.intake.put({ parts, marker: "start" })
        this.inside = true
        return
      }
      case "End": {
        const parts = this.whole(message)
        if (!this.inside) return this.skip()
        this.intake.put({ parts, marker: "end" })
        this.inside = false
        return
      }
      case "Part":
        if (this.pieces.length < longest) {
          this.pieces.push(message)
          this.next = verdict.next
          return
        }
        this.forget()
        return this.refuse(`a frame of more than ${longest} messages`)
      case "Noise":
        return
      case "Malformed":
        return this.refuse(verdict.detail)
    }
  }

  /** The parts of the frame that a message completes. */
  private whole(message: Message): Message {
    if (this.next === undefined) return message
    const parts = [...this.pieces, message].flat()
    this.forget()
    return parts
  }

  private forget(): void {
    if (this.next === undefined) return
    this.next = undefined
    this.pieces = []
  }

  private skip(): void {
    this.counts.outside++
  }

  private refuse(detail: string): void {
    this.counts.malformed++
    if (this.inside) this.intake.malformed(detail)
  }
}
