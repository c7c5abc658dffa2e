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

/** `{"stream":...}` and the time, which many lines share. */
class Middle {
  private millis = NaN
  private withTs: Buffer = head
  private readonly withoutTs: Buffer

  constructor(private readonly stream: StreamName) {
    this.withoutTs = Buffer.from(`,"stream":"${stream}","type":`)
  }

  at(millis: number): Buffer {
    if (millis !== this.millis) {
      this.millis = millis
      this.withTs = Buffer.from(`,"ts":"${new Date(millis).toISOString()}","stream":"${this.stream}","type":`)
    }
    return this.withTs
  }

  plain(): Buffer {
    return this.withoutTs
  }
}

export class LineWriter {
  private readonly middles = { site: new Middle("site"), run: new Middle("run"), system: new Middle("system") }
  private readonly keys = new JsonScanner()
  /** Where the quoted type of the last line stands in its buffer. */
  typeStart = 0
  typeEnd = 0

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
    const { bytes } = scan
    p = putDigits(out, put(out, p, head), seq)
    if (scan.ts.start < 0) p = put(out, p, this.middles[stream].at(millis))
    else p = put(out, putSlice(bytes, scan.ts, out, put(out, p, tsKey)), this.middles[stream].plain())
    this.typeStart = p
    this.typeEnd = p = putSlice(bytes, scan.type, out, p)
    p = putSlice(bytes, scan.data, out, put(out, p, dataKey))
    p = put(out, p, metaKey)
    const meta = p
    p = scan.meta.start < 0 ? put(out, p, emptyObject) : putSlice(bytes, scan.meta, out, p)
    if (runId !== undefined) p = this.setRunId(out, meta, p, runId)
    out[p] = 0x7d
    out[p + 1] = 0x0a
    return p + 2
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
