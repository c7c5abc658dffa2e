/** A disk for dumps in memory that fills up, takes bytes in bits, fails, or waits until it is let go. */
import type { DumpDisk } from "../../src/ingest/archive/DumpDisk.js"

export class ScriptedDump implements DumpDisk {
  content = Buffer.alloc(0)
  /** Bytes that fit. */
  room = Infinity
  /** Bytes that one write takes at most. */
  bite = Infinity
  syncs = 0
  opened = 0
  closed = 0
  failSync = false
  /** The number of pieces of each write. */
  readonly writes: Array<number> = []
  private gate: Promise<void> | undefined
  private open_: () => void = () => undefined

  /** Writes wait from now on. */
  hold(): void {
    this.gate = new Promise((resolve) => {
      this.open_ = resolve
    })
  }

  release(): void {
    this.gate = undefined
    this.open_()
  }

  readonly open: DumpDisk["open"] = async () => {
    this.opened++
    return {
      size: this.content.length,
      append: async (pieces) => {
        await this.gate
        this.writes.push(pieces.length)
        const bytes = Buffer.concat(pieces).subarray(0, Math.min(this.bite, this.room - this.content.length))
        if (bytes.length === 0) throw new Error("ENOSPC: no space left on device, write")
        this.content = Buffer.concat([this.content, bytes])
        return bytes.length
      },
      sync: async () => {
        if (this.failSync) throw new Error("EIO: i/o error, fdatasync")
        this.syncs++
      },
      truncate: async (size) => {
        this.content = this.content.subarray(0, size)
      },
      close: async () => {
        this.closed++
      }
    }
  }
}
