/**
 * What the journal asks of the operating system. The one implementation for real use is `nodeDisk`; fault tests give one
 * that loses what was not synced, fills up or fails at a chosen call.
 */
import * as fs from "node:fs"
import { dirname } from "node:path"
import { promisify } from "node:util"

/** Identity and size of a path as it is now. */
export interface FileStatus {
  readonly device: number
  readonly inode: number
  readonly size: number
  readonly regular: boolean
}

export interface Disk {
  /** Undefined where there is no such path. */
  readonly status: (path: string) => FileStatus | undefined
  /** Makes a directory with those above it; their names are on the device once it returns. */
  readonly makeDirectory: (path: string) => Promise<void>
  /** Opens for append, creating the file in a directory that exists. A new name is not yet durable. */
  readonly open: (path: string) => Promise<number>
  /** Writes all of it at the end of the file; undefined where that is done when it returns. */
  readonly append: (file: number, bytes: Buffer, start: number, end: number) => Promise<void> | undefined
  /** Reads up to `length` bytes at `offset`. */
  readonly read: (file: number, offset: number, length: number) => Promise<Buffer>
  /** The data and the size are on the device once it returns. */
  readonly sync: (file: number) => Promise<void>
  readonly truncate: (file: number, size: number) => Promise<void>
  readonly close: (file: number) => Promise<void>
  /** Makes names in a directory durable. */
  readonly syncDirectory: (path: string) => Promise<void>
  readonly remove: (path: string) => Promise<void>
}

const open = promisify(fs.open)
const close = promisify(fs.close)
const fdatasync = promisify(fs.fdatasync)
const fsync = promisify(fs.fsync)
const ftruncate = promisify(fs.ftruncate)
const mkdir = promisify(fs.mkdir)
const unlink = promisify(fs.unlink)
const writeSome = (file: number, bytes: Buffer, start: number, length: number) =>
  new Promise<number>((resolve, reject) => {
    fs.write(file, bytes, start, length, null, (error, written) => (error === null ? resolve(written) : reject(error)))
  })
const readSome = (file: number, into: Buffer, at: number, length: number, position: number) =>
  new Promise<number>((resolve, reject) => {
    fs.read(file, into, at, length, position, (error, count) => (error === null ? resolve(count) : reject(error)))
  })

const hasCode = (cause: unknown, ...codes: ReadonlyArray<string>): boolean =>
  cause instanceof Error && "code" in cause && codes.includes(String(cause.code))

const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, "r")
  try {
    await fsync(directory)
  } catch (cause) {
    // A file system that has no such thing as a sync of a directory.
    if (!hasCode(cause, "EINVAL")) throw cause
  } finally {
    await close(directory)
  }
}

/** The directory above may be one that this user passes through but can't read: then it was there before, and durable. */
const syncAbove = async (path: string): Promise<void> => {
  try {
    await syncDirectory(dirname(path))
  } catch (cause) {
    if (!hasCode(cause, "EACCES", "EPERM")) throw cause
  }
}

/**
 * Level by level: Node's own `recursive` never returns where a parent can neither be found nor made, as below /proc. The
 * directory above is synced also where nothing was made: an earlier life may have been cut off before it did.
 */
const makeDirectory = async (path: string): Promise<void> => {
  try {
    await makeOne(path)
  } catch (cause) {
    const above = dirname(path)
    if (above === path || !hasCode(cause, "ENOENT")) throw cause
    await makeDirectory(above)
    await makeOne(path)
  }
  await syncAbove(path)
}

const makeOne = async (path: string): Promise<void> => {
  try {
    await mkdir(path)
  } catch (cause) {
    if (fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw cause
  }
}

/**
 * Up to so many bytes are written on the calling thread: they go to the page cache, in less time than handing them to
 * another thread takes. The disk has just answered the sync before, so that it is not one that hangs.
 */
const atOnce = 256 * 1024

const appendAside = async (file: number, bytes: Buffer, start: number, end: number): Promise<void> => {
  for (let at = start; at < end;) at += await writeSome(file, bytes, at, end - at)
}

export const nodeDisk: Disk = {
  status: (path) => {
    const found = fs.statSync(path, { throwIfNoEntry: false })
    return found && { device: found.dev, inode: found.ino, size: found.size, regular: found.isFile() }
  },
  makeDirectory,
  open: (path) => open(path, "a+"),
  append: (file, bytes, start, end) => {
    if (end - start > atOnce) return appendAside(file, bytes, start, end)
    for (let at = start; at < end;) at += fs.writeSync(file, bytes, at, end - at)
    return undefined
  },
  read: async (file, offset, length) => {
    const into = Buffer.allocUnsafe(length)
    let count = 0
    while (count < length) {
      const some = await readSome(file, into, count, length - count, offset + count)
      if (some === 0) break
      count += some
    }
    return into.subarray(0, count)
  },
  sync: fdatasync,
  truncate: ftruncate,
  close,
  syncDirectory,
  remove: unlink
}
