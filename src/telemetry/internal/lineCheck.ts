/**
 * Checks the lines of one file: each is an event, its number is behind that of the line before, and stands nowhere else.
 *
 * @internal
 */
import { JsonScanner } from "./jsonScanner.js"
import { LineHeader } from "./lineHeader.js"
import type { NumberCheck } from "./numberCheck.js"

export interface LineFinding {
  readonly kind: "corrupt" | "repeat"
  readonly path: string
  readonly offset: number
  readonly length: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly message: string
}

export class LineCheck {
  events = 0
  private last = 0
  /** Lines in a row whose numbers stood before. */
  private repeated: LineFinding | undefined
  private readonly header = new LineHeader()
  private readonly scanner = new JsonScanner()

  constructor(
    private readonly path: string,
    private readonly numbers: NumberCheck,
    private readonly report: (finding: LineFinding) => void
  ) {}

  /** The lines of a block at an offset of the file. `sound`: its bytes are those that were written. */
  check(bytes: Buffer, offset: number, sound: boolean): void {
    let start = 0
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      if (end > start) this.line(bytes, start, end, offset, sound)
      start = end + 1
    }
  }

  /** After the last block. */
  end(): void {
    if (this.repeated !== undefined) this.report(this.repeated)
    this.repeated = undefined
  }

  private line(bytes: Buffer, start: number, end: number, offset: number, sound: boolean): void {
    this.scanner.reset(bytes, end)
    const place = { path: this.path, offset: offset + start, length: end + 1 - start }
    const whole = this.scanner.value(start, 0) === end && this.header.read(bytes, start, end)
    if (!whole) {
      this.last++
      this.numbers.excuse(this.last, this.last)
      const message = sound ? "a line that is no event" : "a damaged line"
      return this.report({ kind: "corrupt", ...place, firstSeq: this.last, lastSeq: this.last, message })
    }
    this.events++
    const { seq } = this.header
    if (sound) this.number(seq, place)
    this.last = seq
  }

  private number(
    seq: number,
    place: { readonly path: string; readonly offset: number; readonly length: number }
  ): void {
    const other = this.numbers.add(seq, place.path, place.offset)
    if (other === undefined) {
      this.end()
      if (seq > this.last) return
      const message = `number ${seq} stands behind ${this.last}`
      return this.report({ kind: "repeat", ...place, firstSeq: seq, lastSeq: seq, message })
    }
    const before = this.repeated
    const message =
      other === place.path ? "numbers that stand twice in the file" : `numbers that stand in ${other}, too`
    const goesOn =
      before?.message === message && before.lastSeq + 1 === seq && before.offset + before.length === place.offset
    if (goesOn) this.repeated = { ...before, lastSeq: seq, length: before.length + place.length }
    else {
      this.end()
      this.repeated = { kind: "repeat", ...place, firstSeq: seq, lastSeq: seq, message }
    }
  }
}
