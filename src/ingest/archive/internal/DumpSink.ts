/**
 * The file of a dump: opened at the first record, always cut back to whole records after a failure. Failures are answered with
 * their reason; after one nothing more is written.
 *
 * @internal
 */
import { reasonOf } from "../../../domain/Refusal.js"
import type { DumpDisk, DumpFile } from "../DumpDisk.js"
import type { QueuedRecord } from "./DumpQueue.js"

/** The system takes no more pieces in one write. */
const most = 1024

export class DumpSink {
  private file: DumpFile | undefined
  /** Where the last whole record ends. */
  private whole = 0
  private dirty = false
  private failure: string | undefined
  records = 0
  bytes = 0

  constructor(
    private readonly disk: DumpDisk,
    private readonly path: string
  ) {}

  /** Something was written since the last sync. */
  get isDirty(): boolean {
    return this.dirty
  }

  async write(records: ReadonlyArray<QueuedRecord>): Promise<string | undefined> {
    if (this.failure !== undefined) return this.failure
    let written = 0
    try {
      this.file ??= await this.open()
      const pieces = records.flatMap((record) => record.pieces)
      this.dirty = true
      for (let rest: ReadonlyArray<Uint8Array> = pieces; rest.length > 0;) {
        const count = await this.file.append(rest.slice(0, most))
        if (count === 0) throw new Error("nothing was written")
        written += count
        rest = behind(rest, count)
      }
      this.keep(records)
    } catch (cause) {
      this.failure = reasonOf(cause)
      await this.cut(records, written)
    }
    return this.failure
  }

  async sync(): Promise<string | undefined> {
    try {
      await this.file?.sync()
      this.dirty = false
    } catch (cause) {
      // What is on the device is not known any more; trying again would answer well and say nothing.
      this.dirty = false
      this.failure ??= reasonOf(cause)
    }
    return this.failure
  }

  async close(): Promise<void> {
    const { file } = this
    this.file = undefined
    await file?.close().catch(() => undefined)
  }

  private async open(): Promise<DumpFile> {
    const file = await this.disk.open(this.path)
    this.whole = file.size
    return file
  }

  private keep(records: ReadonlyArray<QueuedRecord>): void {
    for (const { bytes } of records) {
      this.records++
      this.bytes += bytes
      this.whole += bytes
    }
  }

  /** Keeps the records that were written whole. Where that can't be done, readers pass over what is left of the torn one. */
  private async cut(records: ReadonlyArray<QueuedRecord>, written: number): Promise<void> {
    let end = 0
    this.keep(records.filter(({ bytes }) => (end += bytes) <= written))
    await this.file?.truncate(this.whole).catch(() => undefined)
  }
}

/** What is left of pieces behind so many bytes. */
const behind = (pieces: ReadonlyArray<Uint8Array>, count: number): ReadonlyArray<Uint8Array> => {
  let left = count
  const at = pieces.findIndex((piece) => {
    if (left < piece.byteLength) return true
    left -= piece.byteLength
    return false
  })
  const [first, ...others] = at < 0 ? [] : pieces.slice(at)
  return first === undefined ? [] : [first.subarray(left), ...others]
}
