/**
 * Records that wait for the disk, in their order, bounded in bytes.
 *
 * @internal
 */
export interface QueuedRecord {
  readonly pieces: ReadonlyArray<Uint8Array>
  readonly bytes: number
}

/** What a record costs besides its bytes, so that a flood of small ones is bounded too. */
const keeping = 256

/** One write has at most so many pieces (the system takes no more) and about so many bytes. */
const mostPieces = 1024
const mostBytes = 16 * 1024 * 1024

export class DumpQueue {
  private records: Array<QueuedRecord> = []
  private next = 0
  private waiting = 0

  constructor(private readonly capacity: number) {}

  get bytes(): number {
    return this.waiting
  }

  get isEmpty(): boolean {
    return this.next === this.records.length
  }

  /** Whether there was room. One record always has room in an empty queue. */
  offer(pieces: ReadonlyArray<Uint8Array>): boolean {
    let bytes = 0
    for (const piece of pieces) bytes += piece.byteLength
    if (!this.isEmpty && this.waiting + bytes + keeping > this.capacity) return false
    this.records.push({ pieces, bytes })
    this.waiting += bytes + keeping
    return true
  }

  /** The records of the next write. They count as waiting until `release`. */
  take(): ReadonlyArray<QueuedRecord> {
    const from = this.next
    let pieces = 0
    let bytes = 0
    for (; this.next < this.records.length; this.next++) {
      const record = this.records[this.next]
      if (record === undefined) break
      pieces += record.pieces.length
      bytes += record.bytes
      if (this.next > from && (pieces > mostPieces || bytes > mostBytes)) break
    }
    const taken = this.records.slice(from, this.next)
    if (this.isEmpty || this.next > mostPieces) {
      this.records = this.records.slice(this.next)
      this.next = 0
    }
    return taken
  }

  release(taken: ReadonlyArray<QueuedRecord>): void {
    for (const { bytes } of taken) this.waiting -= bytes + keeping
  }

  clear(): number {
    const left = this.records.length - this.next
    this.records = []
    this.next = 0
    this.waiting = 0
    return left
  }
}
