/**
 * One append-only file as the journal sees it: opened by path, checked by device and inode before each batch, its tail
 * whole. What stands behind the last line end when it is opened, and what stands behind the last synced byte after a
 * failure, is moved to `<file>.torn-<time>`; never silently dropped.
 *
 * Not concurrent: one batch at a time calls it.
 */
import { dirname } from "node:path"
import { reasonOf } from "../domain/Refusal.js"
import type { Disk, FileStatus } from "./Disk.js"

/** What the journal found or did that someone should know of. */
export type Notice =
  | {
      readonly kind: "torn"
      readonly path: string
      readonly offset: number
      readonly length: number
      readonly aside: string | undefined
    }
  | { readonly kind: "replaced"; readonly path: string }
  /** Lines that are no records, the first of them at `offset`: kept where they are. */
  | { readonly kind: "damaged"; readonly path: string; readonly offset: number; readonly lines: number }
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

/**
 * What has to follow the bytes that are in a file before a record may: for formats of others, whose torn tails stay where
 * they are and are ended in place. Asked when the file is opened, and when it is not as it was left.
 */
export type Ending = (file: {
  readonly status: FileStatus
  readonly read: (offset: number, length: number) => Promise<Buffer>
}) => Promise<Buffer>

/** More than the rest of a page that a full disk may still have room in; no line, wherever it is cut. */
const blanks = Buffer.alloc(8192, " ")

/** How much of a torn tail is read at a time in search of the last line end. */
const step = 64 * 1024

export class AppendFile {
  /** Everything before this offset is on the device. */
  durable = 0
  /** Closed for good: who wants to append to the path asks for the file anew. */
  retired = false
  private handle: number | undefined
  /** The file that `durable` speaks of; also while it is not open, as after a failure. */
  private known: { readonly device: number; readonly inode: number } | undefined
  /** Set after a failure: bytes behind `durable` may be there and were never acknowledged. */
  private suspect = false

  constructor(
    readonly path: string,
    /** Whether its records are made durable before all others of their batch. */
    readonly leading: boolean,
    private readonly disk: Disk,
    private readonly notify: (notice: Notice) => void,
    private readonly timestamp: () => string,
    private readonly ending?: Ending
  ) {}

  get isOpen(): boolean {
    return this.handle !== undefined
  }

  /**
   * Ready to append at `durable`: the path names the file that is open, and its tail is whole. Undefined where it is so
   * already.
   */
  ensure(): Promise<void> | undefined {
    const status = this.status()
    if (status !== undefined && !status.regular) throw new DiskFailure("open", this.path, "not a regular file")
    const { known } = this
    const same =
      status !== undefined && known !== undefined && status.device === known.device && status.inode === known.inode
    if (same && this.isOpen && !this.suspect && status.size === this.durable) return undefined
    return this.renew(status, same)
  }

  /** Appends `bytes[start, end)`; durable only after `sync`. Undefined where they are written when it returns. */
  append(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    const failed = (cause: unknown) => {
      throw new DiskFailure("write", this.path, reasonOf(cause))
    }
    try {
      return this.disk.append(this.file, bytes, start, end)?.catch(failed)
    } catch (cause) {
      return failed(cause)
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

  /** Fails where the file does not take bytes: appends some, syncs them and takes them back. */
  async probe(): Promise<void> {
    await this.ensure()
    const { durable } = this
    this.suspect = true
    try {
      await this.disk.append(this.file, blanks, 0, blanks.length)
      await this.disk.sync(this.file)
      await this.disk.truncate(this.file, durable)
      await this.disk.sync(this.file)
      this.suspect = false
    } catch (cause) {
      await this.disk.truncate(this.file, durable).catch(() => undefined)
      throw new DiskFailure("write", this.path, reasonOf(cause))
    }
  }

  /** Opens the file and sets aside what stands behind `size`. */
  async cut(size: number): Promise<void> {
    await this.close()
    await this.reopen(this.status(), size)
  }

  async close(): Promise<void> {
    const { handle } = this
    this.handle = undefined
    if (handle !== undefined) await this.disk.close(handle).catch(() => undefined)
  }

  private get file(): number {
    if (this.handle === undefined) throw new DiskFailure("write", this.path, "not open")
    return this.handle
  }

  private status(): FileStatus | undefined {
    try {
      return this.disk.status(this.path)
    } catch (cause) {
      throw new DiskFailure("stat", this.path, reasonOf(cause))
    }
  }

  /** `same`: the path still names the file that `durable` speaks of. */
  private async renew(status: FileStatus | undefined, same: boolean): Promise<void> {
    await this.close()
    if (this.known !== undefined && !same) this.notify({ kind: "replaced", path: this.path })
    await this.reopen(status, this.suspect && same ? this.durable : undefined)
    this.suspect = false
  }

  /** `keep`: how many bytes are known to be whole; unknown means up to the last line end. */
  private async reopen(before: FileStatus | undefined, keep: number | undefined): Promise<void> {
    const directory = dirname(this.path)
    try {
      await this.disk.makeDirectory(directory)
      const file = (this.handle = await this.disk.open(this.path))
      // Also where the file was there already: who made it may have been cut off before its name was synced.
      await this.disk.syncDirectory(directory)
      const status = this.disk.status(this.path)
      if (status === undefined) throw new Error("vanished while it was opened")
      const certain = keep !== undefined && keep <= status.size ? keep : undefined
      const whole = certain ?? (await this.wholeEnd(file, status, before === undefined))
      if (whole < status.size) await this.setAside(file, whole, status.size)
      this.known = { device: status.device, inode: status.inode }
      this.durable = whole
    } catch (cause) {
      await this.close()
      throw cause instanceof DiskFailure ? cause : new DiskFailure("open", this.path, reasonOf(cause))
    }
  }

  /** How far the file is whole; where it has an ending of its own, that is behind it. */
  private async wholeEnd(file: number, status: FileStatus, isNew: boolean): Promise<number> {
    if (this.ending === undefined) return isNew ? 0 : this.lastLineEnd(file, status.size)
    const ending = await this.ending({ status, read: (offset, length) => this.disk.read(file, offset, length) })
    if (ending.length > 0) {
      await this.disk.append(file, ending, 0, ending.length)
      await this.disk.sync(file)
    }
    return status.size + ending.length
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
    const aside = this.asideName()
    const length = size - offset
    const kept = await this.copy(file, offset, length, aside).then(
      () => true,
      () => this.disk.remove(aside).catch(() => undefined)
    )
    await this.disk.truncate(file, offset)
    await this.disk.sync(file)
    this.notify({ kind: "torn", path: this.path, offset, length, aside: kept === true ? aside : undefined })
  }

  /** Never one that is there already: it holds what was set aside before. */
  private asideName(): string {
    const name = `${this.path}.torn-${this.timestamp()}`
    for (let n = 1; ; n++) {
      const free = n === 1 ? name : `${name}-${n}`
      if (this.disk.status(free) === undefined) return free
    }
  }

  /** A full disk may refuse the copy; then the unacknowledged bytes are cut all the same and the notice says so. */
  private async copy(file: number, offset: number, length: number, to: string): Promise<void> {
    const target = await this.disk.open(to)
    try {
      for (let done = 0; done < length;) {
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
