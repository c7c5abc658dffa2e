/**
 * A block: about 256 KiB of consecutive lines of one file, with what a query and a check need to know of it: numbers,
 * times, how often each type occurs, where the rare ones stand, and a CRC-32 over its bytes.
 *
 * @internal
 */
import { crc32 } from "node:zlib"
import type { StreamName } from "../../domain/StreamName.js"

export interface Block {
  readonly stream: StreamName
  readonly path: string
  readonly offset: number
  readonly length: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly firstTs: number
  readonly lastTs: number
  readonly events: number
  readonly crc: number
  /** How many lines of each type, by type number. */
  readonly counts: ReadonlyMap<number, number>
  /** Where lines of rare types stand: type number to offsets within the file. */
  readonly rare: ReadonlyMap<number, ReadonlyArray<number>>
}

/** A type with more lines than this in a block is not worth exact places. */
const rareLimit = 4

/** Gathers the lines of one file, in order, into blocks. */
export class BlockBuilder {
  length = 0
  firstSeq = Infinity
  private lastSeq = 0
  private firstTs = Infinity
  private lastTs = -Infinity
  private events = 0
  private crc = 0
  /** How often each type was seen in the open block, by its number, and which ones were. */
  private readonly counts: Array<number> = []
  private types: Array<number> = []
  /** The first places of each type, `rareLimit` slots a type. */
  private readonly places: Array<number> = []

  constructor(
    readonly stream: StreamName,
    readonly path: string,
    /** Where the open block begins. */
    public offset: number
  ) {}

  /** A line at `offset + length` of the file. Its bytes, line end included, go to `bytes` in the same order. */
  line(length: number, seq: number, ts: number, type: number): void {
    const count = this.counts[type] ?? 0
    this.counts[type] = count + 1
    if (count === 0) this.types.push(type)
    if (count < rareLimit) this.places[type * rareLimit + count] = this.offset + this.length
    if (seq < this.firstSeq) this.firstSeq = seq
    if (seq > this.lastSeq) this.lastSeq = seq
    if (ts < this.firstTs) this.firstTs = ts
    if (ts > this.lastTs) this.lastTs = ts
    this.events++
    this.length += length
  }

  /** Bytes that are no event, at the same place: they belong to the block but to no type. */
  foreign(length: number): void {
    this.length += length
  }

  bytes(buffer: Buffer, start: number, end: number): void {
    this.crc = crc32(buffer.subarray(start, end), this.crc)
  }

  /** The open block as it stands, in a list that is empty where it holds nothing. */
  peek(): ReadonlyArray<Block> {
    if (this.length === 0) return []
    const none = this.events === 0
    return [
      {
        stream: this.stream,
        path: this.path,
        offset: this.offset,
        length: this.length,
        firstSeq: none ? 0 : this.firstSeq,
        lastSeq: this.lastSeq,
        firstTs: none ? 0 : this.firstTs,
        lastTs: none ? 0 : this.lastTs,
        events: this.events,
        crc: this.crc,
        counts: new Map(this.types.map((type) => [type, this.counts[type] ?? 0])),
        rare: new Map(
          this.types.filter((type) => (this.counts[type] ?? 0) <= rareLimit).map((type) => [type, this.placesOf(type)])
        )
      }
    ]
  }

  private placesOf(type: number): ReadonlyArray<number> {
    return this.places.slice(type * rareLimit, type * rareLimit + (this.counts[type] ?? 0))
  }

  /** Ends the open block; the next one begins behind it. Undefined where it holds nothing. */
  close(): Block | undefined {
    const block = this.peek()[0]
    if (block === undefined) return undefined
    this.offset += this.length
    this.length = this.lastSeq = this.events = this.crc = 0
    this.firstSeq = this.firstTs = Infinity
    this.lastTs = -Infinity
    for (const type of this.types) this.counts[type] = 0
    this.types = []
    return block
  }
}
