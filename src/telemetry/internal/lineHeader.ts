/**
 * Reads the head of a stored line, `{"seq":N,"ts":"...","stream":"...","type":"...`, without looking at its data. Lines of
 * other writers (other key order, no stream) are read by parsing them.
 *
 * @internal
 */
import { quoted } from "./lineForm.js"

const head = Buffer.from('{"seq":')
const beforeTs = Buffer.from(',"ts":"')
const beforeStream = Buffer.from('","stream":"')
const beforeType = Buffer.from('","type":')

const follows = (bytes: Buffer, at: number, text: Buffer): boolean => {
  for (let k = 0; k < text.length; k++) if (bytes[at + k] !== text[k]) return false
  return true
}

const digits = (bytes: Buffer, at: number, count: number): number => {
  let n = 0
  for (let k = at; k < at + count; k++) {
    const d = (bytes[k] as number) - 0x30
    if (d < 0 || d > 9) return NaN
    n = n * 10 + d
  }
  return n
}

export class LineHeader {
  seq = 0
  /** Unix milliseconds; that of the line before where this one's time can't be read. */
  ts = 0
  /** The quoted type: `bytes[typeStart, typeEnd)` of `typeBytes`. */
  typeBytes: Buffer = head
  typeStart = 0
  typeEnd = 0
  private hour = Buffer.alloc(13)
  private hourMillis = NaN

  /** Reads `bytes[start, end)`, a line without its end; false where it is no event. */
  read(bytes: Buffer, start: number, end: number): boolean {
    return this.walk(bytes, start, end) || this.parse(bytes, start, end)
  }

  private walk(bytes: Buffer, start: number, end: number): boolean {
    if (!follows(bytes, start, head)) return false
    let i = start + head.length
    let seq = 0
    for (let d = (bytes[i] as number) - 0x30; d >= 0 && d <= 9; d = (bytes[++i] as number) - 0x30) seq = seq * 10 + d
    if (!follows(bytes, i, beforeTs)) return false
    const ts = i + beforeTs.length
    const tsEnd = closing(bytes, ts, end)
    if (!follows(bytes, tsEnd, beforeStream)) return false
    const streamEnd = closing(bytes, tsEnd + beforeStream.length, end)
    if (!follows(bytes, streamEnd, beforeType)) return false
    const type = streamEnd + beforeType.length
    if (bytes[type] !== 0x22) return false
    const typeEnd = closing(bytes, type + 1, end)
    if (typeEnd >= end || bytes[end - 1] !== 0x7d) return false
    this.seq = seq
    this.time(bytes, ts, tsEnd)
    this.typeBytes = bytes
    this.typeStart = type
    this.typeEnd = typeEnd + 1
    return true
  }

  private time(bytes: Buffer, start: number, end: number): void {
    if (end - start === 24 && bytes[end - 1] === 0x5a && this.sameHour(bytes, start)) {
      const within =
        digits(bytes, start + 14, 2) * 60_000 + digits(bytes, start + 17, 2) * 1_000 + digits(bytes, start + 20, 3)
      if (!Number.isNaN(within)) {
        this.ts = this.hourMillis + within
        return
      }
    }
    const millis = Date.parse(bytes.toString("latin1", start, end))
    if (!Number.isNaN(millis)) this.ts = millis
  }

  private sameHour(bytes: Buffer, start: number): boolean {
    if (follows(bytes, start, this.hour)) return !Number.isNaN(this.hourMillis)
    const text = bytes.toString("latin1", start, start + 13)
    this.hourMillis = Date.parse(`${text}:00:00.000Z`)
    this.hour = Buffer.from(text, "latin1")
    return !Number.isNaN(this.hourMillis)
  }

  private parse(bytes: Buffer, start: number, end: number): boolean {
    const line = parsed(bytes.toString("utf8", start, end))
    if (line === undefined || typeof line["seq"] !== "number" || typeof line["type"] !== "string") return false
    this.seq = line["seq"]
    const millis = Date.parse(String(line["ts"]))
    if (!Number.isNaN(millis)) this.ts = millis
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
