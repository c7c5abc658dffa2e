/**
 * Reads the head of a stored line, `{"seq":N,"ts":"...","stream":"...","type":"...`, without looking at its data. Lines of
 * other writers (other key order, no stream) are read by parsing them.
 *
 * A rebuild of the index reads gigabytes of lines: so fixed text is compared four bytes at a time, and a time as the server
 * writes it is read at fixed places.
 *
 * @internal
 */
import { quoted } from "./lineForm.js"

/** Text as words of four bytes; the last one may overlap the one before. */
class FixedText {
  readonly length: number
  private readonly offsets: ReadonlyArray<number>
  private readonly words: ReadonlyArray<number>

  constructor(text: string) {
    const bytes = Buffer.from(text, "latin1")
    this.length = bytes.length
    this.offsets = Array.from({ length: Math.ceil(bytes.length / 4) }, (_, k) => Math.min(k * 4, bytes.length - 4))
    this.words = this.offsets.map((offset) => bytes.readInt32LE(offset))
  }

  /** Whether the text stands at `at`, before `end`. */
  standsAt(view: DataView, at: number, end: number): boolean {
    const { offsets, words } = this
    if (at + this.length > end) return false
    for (let k = 0; k < words.length; k++) {
      if (view.getInt32(at + (offsets[k] as number), true) !== words[k]) return false
    }
    return true
  }
}

const head = new FixedText('{"seq":')
const beforeTs = new FixedText(',"ts":"')
const beforeStream = new FixedText('","stream":"')
const beforeType = new FixedText('","type":')

/** `2026-03-17T11:59:59.999Z`, of which the first part is read once per hour. */
const tsLength = 24
const hourLength = 13

const nothing = Buffer.alloc(0)

export class LineHeader {
  seq = 0
  /** Unix milliseconds; that of the line before where this one's time can't be read. */
  ts = 0
  /** The quoted type: `bytes[typeStart, typeEnd)` of `typeBytes`. */
  typeBytes: Buffer = nothing
  typeStart = 0
  typeEnd = 0
  private bytes: Buffer = nothing
  private view: DataView = new DataView(nothing.buffer)
  private hour = new FixedText("0000-00-00T00")
  private hourMillis = NaN

  /** Reads `bytes[start, end)`, a line without its end; false where it is no event. */
  read(bytes: Buffer, start: number, end: number): boolean {
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    return this.walk(bytes, start, end) || this.parse(bytes, start, end)
  }

  private walk(bytes: Buffer, start: number, end: number): boolean {
    const { view } = this
    if (!head.standsAt(view, start, end)) return false
    let i = start + head.length
    let seq = 0
    for (let d = (bytes[i] as number) - 0x30; d >= 0 && d <= 9; d = (bytes[++i] as number) - 0x30) seq = seq * 10 + d
    if (!beforeTs.standsAt(view, i, end)) return false
    const ts = i + beforeTs.length
    const millis = this.plainTime(bytes, ts, end)
    const tsEnd = millis === undefined ? closing(bytes, ts, end) : ts + tsLength
    if (!beforeStream.standsAt(view, tsEnd, end)) return false
    const streamEnd = closing(bytes, tsEnd + beforeStream.length, end)
    if (!beforeType.standsAt(view, streamEnd, end)) return false
    const type = streamEnd + beforeType.length
    if (bytes[type] !== 0x22) return false
    const typeEnd = closing(bytes, type + 1, end)
    if (typeEnd >= end || bytes[end - 1] !== 0x7d) return false
    this.seq = seq
    this.setTime(millis ?? Date.parse(bytes.toString("latin1", ts, tsEnd)))
    this.typeBytes = bytes
    this.typeStart = type
    this.typeEnd = typeEnd + 1
    return true
  }

  /** The time at `at` where it is written as the server does. */
  private plainTime(bytes: Buffer, at: number, end: number): number | undefined {
    if (at + tsLength >= end || !this.isInHour(bytes, at, end)) return undefined
    const minute = twoDigits(bytes, at + 14)
    const second = twoDigits(bytes, at + 17)
    const hundredths = twoDigits(bytes, at + 20)
    const last = (bytes[at + 22] as number) - 0x30
    const plain =
      bytes[at + 13] === 0x3a &&
      bytes[at + 16] === 0x3a &&
      bytes[at + 19] === 0x2e &&
      bytes[at + 23] === 0x5a &&
      minute <= 59 &&
      second <= 59 &&
      hundredths <= 99 &&
      last >= 0 &&
      last <= 9
    return plain ? this.hourMillis + minute * 60_000 + second * 1_000 + hundredths * 10 + last : undefined
  }

  private isInHour(bytes: Buffer, at: number, end: number): boolean {
    if (!this.hour.standsAt(this.view, at, end)) {
      const text = bytes.toString("latin1", at, at + hourLength)
      this.hour = new FixedText(text)
      this.hourMillis = /^\d{4}-\d\d-\d\dT\d\d$/.test(text) ? Date.parse(`${text}:00:00.000Z`) : NaN
    }
    return !Number.isNaN(this.hourMillis)
  }

  private setTime(millis: number): void {
    if (!Number.isNaN(millis)) this.ts = millis
  }

  private parse(bytes: Buffer, start: number, end: number): boolean {
    const line = parsed(bytes.toString("utf8", start, end))
    if (line === undefined || typeof line["seq"] !== "number" || typeof line["type"] !== "string") return false
    this.seq = line["seq"]
    this.setTime(Date.parse(String(line["ts"])))
    this.typeBytes = Buffer.from(quoted(line["type"]), "latin1")
    this.typeStart = 0
    this.typeEnd = this.typeBytes.length
    return true
  }
}

const parsed = (text: string): { readonly [key: string]: unknown } | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** The index of the quote that closes the string whose text begins at `i`. */
const closing = (bytes: Buffer, i: number, end: number): number => {
  while (i < end && bytes[i] !== 0x22) i += bytes[i] === 0x5c ? 2 : 1
  return i
}

/** The number that two digits make; more than 99 where they are none. */
const twoDigits = (bytes: Buffer, at: number): number => {
  const tens = (bytes[at] as number) - 0x30
  const ones = (bytes[at + 1] as number) - 0x30
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? Infinity : tens * 10 + ones
}
