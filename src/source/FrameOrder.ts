/**
 * Whether the frames of a series come in their order, by the numbers they carry: what is missing and what came twice, as ranges.
 * A frame that comes late fills its gap. Frames without a number are counted and not judged; a start begins anew.
 *
 * Plain code: it sees every frame.
 */
import type { Frame } from "./Frame.js"

/** Frame numbers, both ends included. */
export interface NumberRange {
  readonly first: number
  readonly last: number
}

export interface OrderReport {
  /** Frames of the series with a number. */
  readonly numbered: number
  readonly missing: number
  readonly gaps: ReadonlyArray<NumberRange>
  readonly repeated: number
  readonly repeats: ReadonlyArray<NumberRange>
  /** Frames that came behind a later one; they are in no gap any more. */
  readonly late: number
  /** There are more gaps or repeats than are listed; the counts have them all. */
  readonly isCut: boolean
}

/** So many gaps, and so many repeats, are listed. */
export const listed = 1000

export class FrameOrder {
  private next = 0
  private numbered = 0
  private missing = 0
  private repeated = 0
  private late = 0
  private isCut = false
  /** In order of their numbers. */
  private gaps: Array<NumberRange> = []
  /** In order of arrival. */
  private repeats: Array<NumberRange> = []

  /** The next frame that came. */
  see(frame: Frame): void {
    if (frame.marker === "start") this.begin()
    const { number } = frame
    if (number === undefined) return
    this.numbered++
    if (number === this.next) this.next++
    else if (number > this.next) this.jump(number)
    else this.look(number)
  }

  /** Of the series that began last. A series that ends early is missing nothing: how long it should be, nobody has said. */
  get report(): OrderReport {
    const { isCut, late, missing, numbered, repeated } = this
    return { numbered, missing, gaps: [...this.gaps], repeated, repeats: [...this.repeats], late, isCut }
  }

  private begin(): void {
    this.next = this.numbered = this.missing = this.repeated = this.late = 0
    this.isCut = false
    this.gaps = []
    this.repeats = []
  }

  private jump(number: number): void {
    this.missing += number - this.next
    if (this.gaps.length < listed) this.gaps.push({ first: this.next, last: number - 1 })
    else this.isCut = true
    this.next = number + 1
  }

  /** A number before the next one: it fills a gap, or was there. A gap that is not listed can't be told from a repeat. */
  private look(number: number): void {
    const index = this.gaps.findIndex(({ first, last }) => first <= number && number <= last)
    const gap = this.gaps[index]
    if (gap === undefined) return this.repeat(number)
    this.late++
    this.missing--
    const around = [
      { first: gap.first, last: number - 1 },
      { first: number + 1, last: gap.last }
    ]
    this.gaps.splice(index, 1, ...around.filter(({ first, last }) => first <= last))
  }

  private repeat(number: number): void {
    this.repeated++
    const last = this.repeats.at(-1)
    if (last?.last === number - 1) this.repeats[this.repeats.length - 1] = { first: last.first, last: number }
    else if (this.repeats.length < listed) this.repeats.push({ first: number, last: number })
    else this.isCut = true
  }
}
