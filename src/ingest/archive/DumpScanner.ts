/**
 * Finds the records in the bytes of a dump as they come. What is no record is told with its place and its reason, once, and
 * passed over: reading goes on with the next bytes that records begin with. So a record that was torn by a crash, in the middle of
 * a file that was appended to later, costs that record alone. Frames are views of the bytes that were pushed.
 *
 * It keeps what may still become a record, which is at most `limit` bytes and the piece that was pushed last.
 */
import { type DumpRecord, magic } from "./DumpRecord.js"
import { parse } from "./internal/recordParser.js"

export type DumpEntry =
  | { readonly _tag: "Record"; readonly record: DumpRecord; readonly offset: number; readonly length: number }
  | DumpDamage

/** Bytes that are no record, from `offset` to the next record or the end. */
export interface DumpDamage {
  readonly _tag: "Damage"
  readonly offset: number
  readonly length: number
  /** Where in the file it was noticed, and what. */
  readonly at: number
  readonly reason: string
}

/** The longest record that is read, in bytes. */
export const longestRecord = 512 * 1024 * 1024

export class DumpScanner {
  private pieces: Array<Buffer> = []
  private kept = 0
  /** Offset in the file of the first kept byte. */
  private offset = 0
  /** Nothing is to be found before so many bytes are kept. */
  private needed = 1
  private damage: { readonly offset: number; readonly at: number; readonly reason: string } | undefined

  constructor(private readonly limit = longestRecord) {}

  push(bytes: Uint8Array): ReadonlyArray<DumpEntry> {
    this.pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    this.kept += bytes.byteLength
    return this.kept < this.needed ? [] : this.scan(false)
  }

  /** There are no more bytes. */
  finish(): ReadonlyArray<DumpEntry> {
    return this.scan(true)
  }

  private scan(ended: boolean): ReadonlyArray<DumpEntry> {
    const found: Array<DumpEntry> = []
    const bytes = this.pieces.length === 1 ? (this.pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(this.pieces)
    let at = 0
    this.needed = 1
    while (at < bytes.length) {
      if (this.damage !== undefined) {
        const next = bytes.indexOf(magic, at)
        // The last bytes may be the first ones of a record.
        at = next >= 0 ? next : ended ? bytes.length : Math.max(at, bytes.length - magic.length + 1)
        if (next < 0) break
        found.push(this.passed(this.offset + at))
      }
      const parsed = parse(bytes, at, this.limit)
      if (parsed._tag === "Record") {
        const { end, record } = parsed
        found.push({ _tag: "Record", record, offset: this.offset + at, length: end - at })
        at = end
      } else if (parsed._tag === "Incomplete" && !ended) {
        this.needed = parsed.needed
        break
      } else {
        const [where, reason] =
          parsed._tag === "Damaged" ? [parsed.offset, parsed.reason] : [bytes.length, "ends within a record"]
        this.damage = { offset: this.offset + at, at: this.offset + where, reason }
        at++
      }
    }
    this.offset += at
    this.kept = bytes.length - at
    this.pieces = this.kept === 0 ? [] : [bytes.subarray(at)]
    if (ended && this.damage !== undefined) found.push(this.passed(this.offset))
    return found
  }

  private passed(end: number): DumpDamage {
    const { at, offset, reason } = this.damage ?? { at: end, offset: end, reason: "" }
    this.damage = undefined
    return { _tag: "Damage", offset, length: end - offset, at, reason }
  }
}
