/**
 * What a dump asks of the operating system. The one implementation for real use is `nodeDumpDisk`; fault tests give one that fills
 * up, fails or hangs.
 */
import { open } from "node:fs/promises"
import { dirname } from "node:path"
import { nodeDisk } from "../../journal/Disk.js"

/** A file that is appended to. One call at a time, besides `sync`. */
export interface DumpFile {
  /** Its length when it was opened. */
  readonly size: number
  /** Appends the pieces, or the beginning of them; says how many bytes that were. */
  readonly append: (pieces: ReadonlyArray<Uint8Array>) => Promise<number>
  /** What was appended is on the device once it returns. */
  readonly sync: () => Promise<void>
  readonly truncate: (size: number) => Promise<void>
  readonly close: () => Promise<void>
}

export interface DumpDisk {
  /** Opens for append; makes the file and the directories above it. Its name is durable once it returns. */
  readonly open: (path: string) => Promise<DumpFile>
}

export const nodeDumpDisk: DumpDisk = {
  open: async (path) => {
    await nodeDisk.makeDirectory(dirname(path))
    const handle = await open(path, "a")
    try {
      const { size } = await handle.stat()
      await nodeDisk.syncDirectory(dirname(path))
      return {
        size,
        append: async (pieces) => (await handle.writev(pieces)).bytesWritten,
        sync: () => handle.datasync(),
        truncate: (length) => handle.truncate(length),
        close: () => handle.close()
      }
    } catch (cause) {
      await handle.close()
      throw cause
    }
  }
}
