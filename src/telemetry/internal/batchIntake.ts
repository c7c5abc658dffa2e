/**
 * Takes many events of one request: each line, or array element, is accepted or refused on its own. What was accepted is
 * durable before the answer; what the disk refused is among the refused.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { isUtf8 } from "node:buffer"
import { BatchResult } from "../../domain/EventQuery.js"
import { InvalidInput, Overloaded, type StorageFailed, TooLarge, UnreadableBody } from "../../domain/Refusal.js"
import type { DiskFailure } from "../../journal/AppendFile.js"
import { storageFailed } from "../../journal/Journal.js"
import { EventScanner, notJson } from "../EventScanner.js"
import type { EventLog } from "./eventLog.js"
import { JsonScanner } from "./jsonScanner.js"

type LineError = InvalidInput | UnreadableBody | TooLarge | StorageFailed
type IntakeError = LineError | Overloaded

interface Limits {
  readonly eventBytes: number
  readonly batchBytes: number
}

/** Senders of batches that may wait for room at once. */
const waitersLimit = 1_000

export const make = (log: EventLog, limits: Limits) => {
  /** One request. */
  class Intake {
    private readonly scanner = new EventScanner()
    private readonly accepted: Array<{ line: number; seq: number }> = []
    private readonly refused: Array<{ line: number; error: LineError }> = []
    /** Events added since the disk was last asked, and groups of them that it has not answered. */
    private fresh: Array<{ line: number; seq: number }> = []
    private unanswered = 0
    private finish: (() => void) | undefined

    refuse(line: number, error: LineError): void {
      const brief = this.refused.length >= problemsLimit && error._tag === "InvalidInput"
      this.refused.push({ line, error: brief ? unexplained : error })
    }

    /** False where there is no room just now: try again later. */
    take(line: number, bytes: Buffer, start: number, end: number, utf8: boolean): boolean {
      if (end - start > limits.eventBytes) this.refuse(line, new TooLarge({ what: "event", limit: limits.eventBytes }))
      else if (!utf8 && !isUtf8(bytes.subarray(start, end))) this.refuse(line, new UnreadableBody())
      else {
        const refusal = this.scanner.scan(bytes, start, end)
        if (refusal !== undefined) this.refuse(line, refusal)
        else {
          const seq = log.add(this.scanner)
          if (seq === 0) return false
          this.fresh.push({ line, seq })
        }
      }
      return true
    }

    /** Has the disk answer for what was added. */
    seal(): void {
      const group = this.fresh
      if (group.length === 0) return
      this.fresh = []
      this.unanswered++
      log.wait((failure) => {
        if (failure === undefined) for (const event of group) this.accepted.push(event)
        else this.fail(group, failure)
        if (--this.unanswered === 0) this.finish?.()
      })
    }

    /** Waits until there is room in the log. Refused where too many wait, but only while nothing of this request was taken. */
    readonly room: Effect.Effect<void, Overloaded> = Effect.async((resume) => {
      const untouched = this.accepted.length + this.fresh.length + this.unanswered === 0
      this.seal()
      if (untouched && log.commit.waitingForRoom >= waitersLimit)
        return resume(Effect.fail(new Overloaded({ what: "the event log", retryAfter: 1 })))
      log.commit.whenRoom(() => resume(Effect.void))
    })

    /** The answer, once the disk has answered for everything. */
    readonly result: Effect.Effect<BatchResult, LineError> = Effect.async<void>((resume) => {
      this.seal()
      if (this.unanswered === 0) return resume(Effect.void)
      this.finish = () => resume(Effect.void)
    }).pipe(
      Effect.flatMap(() => {
        const onlyRefusals = this.accepted.length === 0 && this.refused.length > 0
        if (onlyRefusals) return Effect.fail(this.asOneError())
        return Effect.succeed(
          new BatchResult(
            { accepted: this.accepted, refused: this.refused.sort((a, b) => a.line - b.line).map(described) },
            unchecked
          )
        )
      })
    )

    private fail(group: ReadonlyArray<{ line: number }>, failure: DiskFailure): void {
      const error = storageFailed(failure)
      for (const { line } of group) this.refuse(line, error)
    }

    /** The disk's refusal, or all problems, each with the line it is on. */
    private asOneError(): LineError {
      const storage = this.refused.find(({ error }) => error._tag === "StorageFailed")
      if (storage !== undefined) return storage.error
      return new InvalidInput({
        problems: this.refused
          .slice(0, problemsLimit)
          .flatMap(({ error, line }) =>
            error._tag === "InvalidInput"
              ? error.problems.map((problem) => ({ ...problem, loc: ["body", line, ...problem.loc.slice(1)] }))
              : [{ type: error._tag, loc: ["body", line], msg: error.message, input: null }]
          )
      })
    }
  }

  /** The lines of one request. */
  class Lines {
    readonly intake = new Intake()
    /** The beginning of a line whose end is still to come. */
    private rest: Buffer = Buffer.alloc(0)
    private line = 0
    /** The line at hand is too long: it is read to its end and left out. */
    private skipping = false

    /** Takes the lines that end in these bytes. */
    take(chunk: Uint8Array): Effect.Effect<void, Overloaded> {
      const bytes = this.rest.length === 0 ? asBuffer(chunk) : Buffer.concat([this.rest, chunk])
      const utf8 = isUtf8(bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1))
      const go = (from: number): Effect.Effect<void, Overloaded> => {
        const stopped = this.takeWhole(bytes, from, utf8)
        if (stopped !== undefined) return Effect.flatMap(this.intake.room, () => go(stopped))
        this.intake.seal()
        return Effect.void
      }
      return go(0)
    }

    /** Takes the last line, which may have no end. */
    readonly end: Effect.Effect<void, Overloaded> = Effect.suspend(() =>
      this.rest.length === 0 ? Effect.void : this.take(lineEnd)
    )

    /** Answers where it had to stop for lack of room. */
    private takeWhole(bytes: Buffer, start: number, utf8: boolean): number | undefined {
      for (let end = bytes.indexOf(0x0a, start); end >= 0; end = bytes.indexOf(0x0a, start)) {
        if (this.skipping) this.skipping = false
        else if (!isBlank(bytes, start, end)) {
          if (!this.intake.take(this.line + 1, bytes, start, end, utf8)) return start
        }
        this.line++
        start = end + 1
      }
      this.keep(bytes.subarray(start))
      return undefined
    }

    private keep(rest: Buffer): void {
      this.rest = rest
      if (rest.length <= limits.eventBytes) return
      if (!this.skipping) this.intake.refuse(this.line + 1, new TooLarge({ what: "event", limit: limits.eventBytes }))
      this.skipping = true
      this.rest = Buffer.alloc(0)
    }
  }

  const lines = <E>(body: Uint8Array | Stream.Stream<Uint8Array, E>): Effect.Effect<BatchResult, IntakeError | E> =>
    Effect.suspend(() => {
      const lines = new Lines()
      const taken =
        body instanceof Uint8Array ? lines.take(body) : Stream.runForEach(body, (chunk) => lines.take(chunk))
      return taken.pipe(Effect.zipRight(lines.end), Effect.zipRight(lines.intake.result))
    })

  const array = (body: Buffer): Effect.Effect<BatchResult, IntakeError> =>
    Effect.suspend(() => {
      if (body.length > limits.batchBytes) return Effect.fail(new TooLarge({ what: "batch", limit: limits.batchBytes }))
      if (!isUtf8(body)) return Effect.fail(new UnreadableBody())
      const elements = elementsOf(body)
      if (elements instanceof InvalidInput) return Effect.fail(elements)
      const intake = new Intake()
      const go = (from: number): Effect.Effect<BatchResult, IntakeError> => {
        for (let k = from; k < elements.length; k++) {
          const element = elements[k]
          if (element !== undefined && !intake.take(k + 1, body, element.start, element.end, true)) {
            return Effect.flatMap(intake.room, () => go(k))
          }
        }
        return intake.result
      }
      return go(0)
    })

  return { lines, array }
}

/** Where very many lines are no events, only the first ones are told what is wrong with them. */
const unexplained = new InvalidInput({
  problems: [{ type: "invalid", loc: ["body"], msg: "Not an event", input: null }]
})
/** Thousands of numbers of our own making need no validation. */
const unchecked = { disableValidation: true }
/** Problems repeated in one answer. */
const problemsLimit = 100
const lineEnd = Buffer.from("\n")

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const isBlank = (bytes: Buffer, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) {
    const c = bytes[i]
    if (c !== 0x20 && c !== 0x09 && c !== 0x0d) return false
  }
  return true
}

const described = ({ error, line }: { readonly line: number; readonly error: LineError }) => ({
  line,
  error: { _tag: error._tag, detail: error._tag === "InvalidInput" ? error.problems : error.message }
})

const elementsOf = (body: Buffer): ReadonlyArray<{ start: number; end: number }> | InvalidInput => {
  const scanner = new JsonScanner()
  scanner.reset(body, body.length)
  const refused = () => notJson(body.toString("utf8", 0, scanner.errorAt).length, scanner.errorText)
  let i = scanner.skip(0)
  if (body[i] !== 0x5b) {
    return new InvalidInput({
      problems: [{ type: "list_type", loc: ["body"], msg: "Input should be a valid list", input: null }]
    })
  }
  const elements: Array<{ start: number; end: number }> = []
  i = scanner.skip(i + 1)
  if (body[i] !== 0x5d) {
    for (;;) {
      const end = scanner.value(i, 1)
      if (end < 0) return refused()
      elements.push({ start: i, end })
      i = scanner.skip(end)
      if (body[i] === 0x5d) break
      if (body[i] !== 0x2c) {
        scanner.fail(i, "Expecting ',' delimiter")
        return refused()
      }
      i = scanner.skip(i + 1)
    }
  }
  if (scanner.skip(i + 1) === body.length) return elements
  scanner.fail(scanner.skip(i + 1), "Extra data")
  return refused()
}
