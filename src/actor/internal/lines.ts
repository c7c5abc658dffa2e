/**
 * Cuts a stream of bytes into lines of bounded length. Pure but for its own buffer, which never holds more than one line.
 */

/** A line of text without its end. `cut` where it was longer than allowed and its rest was left out. */
export interface Line {
  readonly text: string
  readonly cut: boolean
}

const newline = 0x0a
const carriageReturn = 0x0d

export class LineSplitter {
  readonly #longest: number
  #held: Array<Uint8Array> = []
  #length = 0
  #cut = false
  /** Within a line that nobody wants. */
  #skipping = false
  readonly #keep: ((first: number) => boolean) | undefined

  /** A line of whose first byte `keep` says no is passed over; an empty line's first byte is its end. */
  constructor(longest: number, keep?: (first: number) => boolean) {
    this.#longest = longest
    this.#keep = keep
  }

  /** The lines that these bytes complete. */
  push(bytes: Uint8Array): Array<Line> {
    const lines: Array<Line> = []
    let from = 0
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
      if (this.#wants(bytes[from])) {
        this.#hold(bytes.subarray(from, at))
        lines.push(this.#take())
      }
      this.#skipping = false
      from = at + 1
    }
    if (from < bytes.length && this.#wants(bytes[from])) this.#hold(bytes.subarray(from))
    return lines
  }

  /** The last line, if it had no end. */
  end(): Array<Line> {
    return this.#length > 0 || this.#cut ? [this.#take()] : []
  }

  /** Asked at the beginning of a line; in the middle of one the answer stands. */
  #wants(first: number | undefined): boolean {
    if (this.#skipping) return false
    if (this.#keep === undefined || first === undefined || this.#length > 0 || this.#cut) return true
    this.#skipping = !this.#keep(first)
    return !this.#skipping
  }

  #hold(bytes: Uint8Array): void {
    const room = this.#longest - this.#length
    if (bytes.length > room) this.#cut = true
    const kept = bytes.length > room ? bytes.subarray(0, room) : bytes
    if (kept.length === 0) return
    // A copy: the reader's buffer may be used again before the line is complete.
    this.#held.push(kept.slice())
    this.#length += kept.length
  }

  #take(): Line {
    const whole = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#held) {
      whole.set(part, at)
      at += part.length
    }
    const hasReturn = !this.#cut && whole[at - 1] === carriageReturn
    const line: Line = { text: decoder.decode(hasReturn ? whole.subarray(0, at - 1) : whole), cut: this.#cut }
    this.#held = []
    this.#length = 0
    this.#cut = false
    return line
  }
}

const decoder = new TextDecoder()
