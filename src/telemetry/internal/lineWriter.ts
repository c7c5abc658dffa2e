/**
 * Writes one event as a stored line into a batch: a header and the slices the client sent, copied as they are where they
 * already have line form.
 *
 * @internal
 */
import type { StreamName } from "../../domain/StreamName.js"
import type { EventScanner, Slice } from "../EventScanner.js"
import { JsonScanner } from "./jsonScanner.js"
import { growth, rewrite } from "./lineForm.js"

const head = Buffer.from('{"seq":')
const tsKey = Buffer.from(',"ts":')
const typeKey = Buffer.from(',"type":')
const dataKey = Buffer.from(',"data":')
const metaKey = Buffer.from(',"meta":')
const emptyObject = Buffer.from("{}")
const runIdKey = Buffer.from('"run_id"')

const put = (out: Buffer, p: number, bytes: Buffer): number => {
  for (let k = 0; k < bytes.length; k++) out[p + k] = bytes[k] as number
  return p + bytes.length
}

const putDigits = (out: Buffer, p: number, n: number): number => {
  let width = 1
  for (let rest = n; rest >= 10; rest = Math.floor(rest / 10)) width++
  for (let k = p + width - 1, rest = n; k >= p; k--, rest = Math.floor(rest / 10)) out[k] = 0x30 + (rest % 10)
  return p + width
}

const putSlice = (source: Buffer, slice: Slice, out: Buffer, p: number): number => {
  if (slice.dirty) return rewrite(source, slice.start, slice.end, out, p)
  source.copy(out, p, slice.start, slice.end)
  return p + slice.end - slice.start
}

const room = (slice: Slice): number => (slice.start < 0 ? 2 : (slice.end - slice.start) * (slice.dirty ? growth : 1))

/**
 * Whether type, data and meta stand behind each other as in a stored line: where the gap between two values is as long as
 * the key between them, it holds nothing else.
 */
const isSpliced = ({ data, meta, type }: EventScanner): boolean =>
  data.start - type.end === dataKey.length &&
  !type.dirty &&
  !data.dirty &&
  (meta.start < 0 || (meta.start - data.end === metaKey.length && !meta.dirty))

/** The time, the stream and the key of the type, which many lines share. */
class Middle {
  private millis = NaN
  private withTs: Buffer = head
  readonly withoutTs: Buffer
  /** Their end: the stream with its key, and the key of the type. */
  readonly streamLength: number

  constructor(private readonly stream: StreamName) {
    this.withoutTs = Buffer.from(`,"stream":"${stream}","type":`)
    this.streamLength = this.withoutTs.length - typeKey.length
  }

  at(millis: number): Buffer {
    if (millis !== this.millis) {
      this.millis = millis
      this.withTs = Buffer.from(`,"ts":"${new Date(millis).toISOString()}","stream":"${this.stream}","type":`)
    }
    return this.withTs
  }
}

export class LineWriter {
  private readonly middles = { site: new Middle("site"), run: new Middle("run"), system: new Middle("system") }
  private readonly keys = new JsonScanner()
  /** Where `,"stream":...` of the last line stands in its buffer. */
  streamStart = 0
  streamEnd = 0
  /** Where its quoted type stands. */
  typeStart = 0
  typeEnd = 0
  private metaStart = 0

  /** An upper bound of the bytes that `write` needs. */
  bound(scan: EventScanner, runId: Buffer | undefined): number {
    const own = runId === undefined ? 0 : 16 + runId.length
    return 128 + room(scan.type) + room(scan.data) + room(scan.meta) + room(scan.ts) + own
  }

  /** Answers the index behind the line, which ends with a line end. `runId` is quoted, in line form. */
  write(
    out: Buffer,
    p: number,
    stream: StreamName,
    seq: number,
    millis: number,
    scan: EventScanner,
    runId: Buffer | undefined
  ): number {
    const { bytes, ts } = scan
    const middle = this.middles[stream]
    p = putDigits(out, put(out, p, head), seq)
    if (ts.start < 0) p = put(out, p, middle.at(millis))
    else p = put(out, putSlice(bytes, ts, out, put(out, p, tsKey)), middle.withoutTs)
    this.typeStart = p
    this.streamEnd = p - typeKey.length
    this.streamStart = this.streamEnd - middle.streamLength
    p = isSpliced(scan) ? this.splice(scan, out, p) : this.join(scan, out, p)
    if (scan.meta.start < 0) {
      this.metaStart = put(out, p, metaKey)
      p = put(out, this.metaStart, emptyObject)
    }
    if (runId !== undefined) p = this.setRunId(out, this.metaStart, p, runId)
    out[p] = 0x7d
    out[p + 1] = 0x0a
    return p + 2
  }

  /** Type, data and meta in one copy. */
  private splice({ bytes, data, meta, type }: EventScanner, out: Buffer, p: number): number {
    const shift = p - type.start
    const end = meta.start < 0 ? data.end : meta.end
    bytes.copy(out, p, type.start, end)
    this.typeEnd = type.end + shift
    this.metaStart = meta.start + shift
    return end + shift
  }

  /** Type, data and meta one by one, each brought into line form where it is not. */
  private join({ bytes, data, meta, type }: EventScanner, out: Buffer, p: number): number {
    p = this.typeEnd = putSlice(bytes, type, out, p)
    p = putSlice(bytes, data, out, put(out, p, dataKey))
    if (meta.start < 0) return p
    this.metaStart = put(out, p, metaKey)
    return putSlice(bytes, meta, out, this.metaStart)
  }

  /** Sets `run_id` in the object `out[start, end)`: in its first place where the key exists, else last. */
  private setRunId(out: Buffer, start: number, end: number, runId: Buffer): number {
    const sent = out.subarray(start, end)
    if (sent.includes(runIdKey) || sent.includes(0x5c)) return this.replaceRunId(out, start, Buffer.from(sent), runId)
    return this.addRunId(out, start, end, runId)
  }

  private addRunId(out: Buffer, start: number, end: number, runId: Buffer): number {
    let p = end - 1
    if (p > start + 1) out[p++] = 0x2c
    p = put(out, p, runIdKey)
    out[p++] = 0x3a
    p = put(out, p, runId)
    out[p] = 0x7d
    return p + 1
  }

  private replaceRunId(out: Buffer, start: number, sent: Buffer, runId: Buffer): number {
    const { keys } = this
    keys.reset(sent, sent.length)
    let p = start
    let from = 0
    let found = false
    for (let i = 1; sent[i] === 0x22 || sent[i] === 0x2c;) {
      const key = sent[i] === 0x2c ? i + 1 : i
      const value = keys.string(key + 1) + 1
      i = keys.value(value, 1)
      if (JSON.parse(sent.toString("latin1", key, value - 1)) !== "run_id") continue
      // Set once, however often it was sent: the line stays within its bound.
      p = found ? put(out, p, sent.subarray(from, key - 1)) : put(out, put(out, p, sent.subarray(from, value)), runId)
      found = true
      from = i
    }
    p = put(out, p, sent.subarray(from))
    return found ? p : this.addRunId(out, start, p, runId)
  }
}
