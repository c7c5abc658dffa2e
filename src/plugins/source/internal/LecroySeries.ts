/**
 * The series of a LeCroy oscilloscope: many messages make one frame. A prepare message, once a sequence follows it, is the first
 * frame; then each sequence is one, from its start through the traces of its channels to its end; the stop message is the last. In
 * continuous mode there is one start for all sequences, which is repeated at the front of each.
 *
 * A sequence that is not whole, because a message was lost, costs that sequence and no other.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { FrameIntake } from "../../../source/FrameIntake.js"
import type { Message } from "../../../source/FrameSeries.js"
import type { Dropped, FrameReader } from "../../../source/Source.js"
import { countOf, headerOf } from "./header.js"

type Header = Readonly<Record<string, unknown>>

/** A sequence that has begun. */
interface Sequence {
  readonly start: Message
  readonly number: number | undefined
  readonly channels: number | undefined
  readonly continuous: boolean
}

/** How many traces may come without an end. */
const longest = 1024

export class LecroySeries {
  /** The last prepare message before a series. */
  private prepared: Message | undefined
  private inside = false
  private sequence: Sequence | undefined
  private traces: Array<Message> = []
  private readonly counts = { outside: 0, starts: 0, malformed: 0 }

  constructor(private readonly intake: FrameIntake) {}

  /** The next message. Its frames are in the intake when this returns. */
  read(message: Message): void {
    const header = headerOf(message[0])
    if (header?.["htype"] === "traces") return this.trace(message)
    if (header?.["htype"] !== "msg") return this.refuse("no message of a LeCroy")
    switch (header["what"]) {
      case 0:
        return this.prepare(message)
      case 1:
        return this.begin(message, header)
      case 2:
        return this.end(message)
      case 3:
        return this.stop(message)
      default:
        return this.refuse("a message of no known purpose")
    }
  }

  get reader(): FrameReader {
    return { take: this.intake.take, dropped: Effect.sync((): Dropped => ({ ...this.counts })) }
  }

  private prepare(message: Message): void {
    if (this.inside) this.counts.starts++
    else this.prepared = message
  }

  private begin(start: Message, header: Header): void {
    if (!this.inside) {
      if (this.prepared === undefined) return this.skip()
      this.intake.put({ parts: this.prepared, marker: "start" })
      this.inside = true
    }
    this.abandon()
    const continuous = header["ntriggers"] === -1
    const { channels } = header
    this.sequence = {
      start,
      continuous,
      number: continuous ? undefined : countOf(header["seqno"]),
      channels: Array.isArray(channels) ? channels.length : undefined
    }
  }

  private trace(message: Message): void {
    if (!this.inside) return this.skip()
    if (this.sequence === undefined) return this.refuse("a trace outside a sequence")
    if (message.length !== 3) return this.refuse(`a trace of ${message.length} parts`)
    if (this.traces.length < longest) this.traces.push(message)
    else this.abandon()
  }

  private end(message: Message): void {
    if (!this.inside) return this.skip()
    const { sequence, traces } = this
    if (sequence === undefined) return this.refuse("the end of a sequence that has not begun")
    if (sequence.channels !== undefined && traces.length !== sequence.channels) {
      this.refuse(`a sequence with ${traces.length} traces of ${sequence.channels} channels`)
    } else {
      const parts = [...sequence.start, ...traces.flat(), ...message]
      this.intake.put(sequence.number === undefined ? { parts } : { parts, number: sequence.number })
    }
    this.traces = []
    if (!sequence.continuous) this.sequence = undefined
  }

  private stop(message: Message): void {
    if (!this.inside) {
      this.prepared = undefined
      return this.skip()
    }
    this.abandon()
    this.intake.put({ parts: message, marker: "end" })
    this.inside = false
    this.sequence = undefined
    this.prepared = undefined
  }

  /** Gives up a sequence that did not come to its end. */
  private abandon(): void {
    const { sequence, traces } = this
    if (sequence === undefined || (sequence.continuous && traces.length === 0)) return
    this.traces = []
    if (!sequence.continuous) this.sequence = undefined
    this.refuse(`a sequence with ${traces.length} traces and no end`)
  }

  private skip(): void {
    this.counts.outside++
  }

  private refuse(detail: string): void {
    this.counts.malformed++
    if (this.inside) this.intake.malformed(detail)
  }
}
