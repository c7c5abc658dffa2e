/**
 * One append-only file as the journal sees it: opened by path, checked by device and inode before each batch, its tail
 * whole. What stands behind the last line end when it is opened, and what stands behind the last synced byte after a
 * failure, is moved to `<file>.torn-<time>`; never silently dropped.
 *
 * Not concurrent: one batch at a time calls it.
 */
import { dirname } from "node:path"
import type { Disk, FileStatus } from "./Disk.js"

/** What the journal found or did that someone should know of. */
export type Notice =
  | { readonly kind: "torn"; readonly path: string; readonly offset: number; readonly length: number; readonly aside: string | undefined }
  | { readonly kind: "replaced"; readonly path: string }
  | { readonly kind: "failed"; readonly path: string; readonly operation: string; readonly reason: string }
  | { readonly kind: "resumed" }

/** An operation on the disk that did not succeed. */
export class DiskFailure extends Error {
  constructor(
    readonly operation: string,
    readonly path: string,
    readonly reason: string
  ) {
    super(`${operation} ${path}: ${reason}`)
  }
}

export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** How much of a torn tail is read at a time in search of the last line end. */
const step = 64 * 1024

interface Handle {
  readonly file: number
  readonly device: number
  readonly inode: number
}

export class AppendFile {
  /** Everything before this offset is on the device. */
  durable = 0
  /** Closed for good: who wants to append to the path asks for the file anew. */
  retired = false
  private handle: Handle | undefined
  /** Set after a failure: bytes behind `durable` may be there and were never acknowledged. */
  private suspect = false

  constructor(
    readonly path: string,
    readonly leading: boolean,
    private readonly disk: Disk,
    private readonly notify: (notice: Notice) => void,
    private readonly timestamp: () => string
  ) {}

  get isOpen(): boolean {
    return this.handle !== undefined
  }

  /** Ready to append at `durable`: the path names the file that is open, and its tail is whole. */
  async ensure(): Promise<void> {
    const status = this.disk.status(this.path)
    if (status !== undefined && !status.regular) throw new DiskFailure("open", this.path, "not a regular file")
    const { handle } = this
    const same = handle !== undefined && status !== undefined && status.device === handle.device && status.inode === handle.inode
    if (same && !this.suspect && status.size === this.durable) return
    if (handle !== undefined) {
      await this.close()
      if (!same) this.notify({ kind: "replaced", path: this.path })
    }
    if (this.suspect && same) await this.reopen(status, this.durable)
    else await this.reopen(status, undefined)
    this.suspect = false
  }

  /** Appends `bytes[start, end)`; durable only after `sync`. */
  async append(bytes: Buffer, start: number, end: number): Promise<void> {
    try {
      await this.disk.append(this.file, bytes, start, end)
    } catch (cause) {
      throw new DiskFailure("write", this.path, reasonOf(cause))
    }
  }

  async sync(appended: number): Promise<void> {
    try {
      await this.disk.sync(this.file)
    } catch (cause) {
      throw new DiskFailure("fdatasync", this.path, reasonOf(cause))
    }
    this.durable += appended
  }

  /** After a failure nothing is trusted on this handle: the next `ensure` opens the file anew and cuts it at `durable`. */
  distrust(durable: number): void {
    this.durable = durable
    this.suspect = true
  }

  /** Opens the file and sets aside what stands behind `size`. */
  async cut(size: number): Promise<void> {
    await this.close()
    await this.reopen(this.disk.status(this.path), size)
  }

  async close(): Promise<void> {
    const { handle } = this
    this.handle = undefined
    if (handle !== undefined) await this.disk.close(handle.file).catch(() => undefined)
  }

  private get file(): number {
    if (this.handle === undefined) throw new DiskFailure("write", this.path, "not open")
    return this.handle.file
  }

  /** `keep`: how many bytes are known to be whole; unknown means up to the last line end. */
  private async reopen(before: FileStatus | undefined, keep: number | undefined): Promise<void> {
    try {
      const file = await this.disk.open(this.path)
      const status = this.disk.status(this.path)
      if (status === undefined) throw new Error("vanished while it was opened")
      this.handle = { file, device: status.device, inode: status.inode }
      const whole = Math.min(keep ?? (before === undefined ? 0 : await this.lastLineEnd(file, status.size)), status.size)
      if (whole < status.size) await this.setAside(file, whole, status.size)
      this.durable = whole
    } catch (cause) {
      await this.close()
      throw cause instanceof DiskFailure ? cause : new DiskFailure("open", this.path, reasonOf(cause))
    }
  }

  private async lastLineEnd(file: number, size: number): Promise<number> {
    for (let end = size; end > 0; end -= step) {
      const start = Math.max(0, end - step)
      const newline = (await this.disk.read(file, start, end - start)).lastIndexOf(0x0a)
      if (newline >= 0) return start + newline + 1
    }
    return 0
  }

  private async setAside(file: number, offset: number, size: number): Promise<void> {
    const aside = `${this.path}.torn-${this.timestamp()}`
    const length = size - offset
    const kept = await this.copy(file, offset, length, aside).then(
      () => true,
      () => false
    )
    await this.disk.truncate(file, offset)
    await this.disk.sync(file)
    this.notify({ kind: "torn", path: this.path, offset, length, aside: kept ? aside : undefined })
  }

  /** A full disk may refuse the copy; then the unacknowledged bytes are cut all the same and the notice says so. */
  private async copy(file: number, offset: number, length: number, to: string): Promise<void> {
    const target = await this.disk.open(to)
    try {
      for (let done = 0; done < length; ) {
        const piece = await this.disk.read(file, offset + done, Math.min(1 << 20, length - done))
        if (piece.length === 0) break
        await this.disk.append(target, piece, 0, piece.length)
        done += piece.length
      }
      await this.disk.sync(target)
    } finally {
      await this.disk.close(target)
    }
    await this.disk.syncDirectory(dirname(to))
  }
}
