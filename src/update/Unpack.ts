/**
 * From an archive to a directory. `tar` reads the format; what may come out of it is decided here: files and directories of
 * one top directory, none of them absolute or climbing, no links and no devices, within bounds on bytes, files and on how much
 * a small archive may become. The first thing that is not so ends it.
 */
import * as Effect from "effect/Effect"
import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import type { ReadEntry } from "tar"
import { reasonOf } from "../domain/Refusal.js"
import { UpdateFailed } from "../domain/Update.js"

export interface Bounds {
  readonly bytes: number
  readonly files: number
  /** Of what comes out to what goes in. */
  readonly ratio: number
}

/** Unpacks a gzipped tar archive into a directory that is there and empty; its top directory is left out. */
export const unpack = (archive: string, directory: string, bounds: Bounds): Effect.Effect<void, UpdateFailed> =>
  Effect.tryPromise({
    try: (signal) => extract(archive, directory, bounds, signal),
    catch: (cause) =>
      cause instanceof Unsafe
        ? new UpdateFailed({ reason: "UnsafeArchive", detail: cause.message })
        : new UpdateFailed({ reason: "BrokenArchive", detail: `the archive can't be unpacked: ${reasonOf(cause)}` })
  })

// ---------------------------------------------------------------------------------------------------------------------

/** What no archive of ours has. */
class Unsafe extends Error {}

/** A small archive of text may shrink more than a large one. */
const leeway = 8 * 2 ** 20

const extract = async (archive: string, directory: string, bounds: Bounds, signal: AbortSignal): Promise<void> => {
  const { Unpack } = await import("tar")
  const inspection = new Inspection(bounds)
  const unpacking = new Unpack({
    cwd: directory,
    strip: 1,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    maxDepth: deepest,
    filter: (_, entry) => "type" in entry && inspection.admit(entry)
  })
  const closed = new Promise<void>((resolve, reject) => {
    unpacking.on("close", () => resolve())
    unpacking.on("error", reject)
  })
  // Whoever waits below is told; until then nobody may be.
  closed.catch(() => undefined)
  const source = createReadStream(archive, { signal })
  const plain = source.pipe(createGunzip())
  source.on("error", (error) => plain.destroy(error))
  try {
    for await (const piece of plain) {
      const chunk: Buffer = piece
      inspection.weigh(chunk, source.bytesRead)
      if (!unpacking.write(chunk)) {
        await Promise.race([closed, new Promise<void>((resolve) => unpacking.once("drain", () => resolve()))])
      }
      inspection.check()
    }
    unpacking.end()
    await closed
    inspection.check()
  } finally {
    source.destroy()
    plain.destroy()
  }
}

const deepest = 64
const kinds: ReadonlySet<string> = new Set(["File", "OldFile", "ContiguousFile", "Directory"])

/** What has been seen of an archive, and the first thing that was wrong with it. */
class Inspection {
  private bytes = 0
  private files = 0
  private top: string | undefined
  private fault: string | undefined

  constructor(private readonly bounds: Bounds) {}

  /** Whether an entry may be written. After the first that may not, none is. */
  admit(entry: ReadEntry): boolean {
    this.fault ??= this.faultOf(entry)
    // No bits that let a file run as somebody else, and none that let others write.
    if (entry.mode !== undefined) entry.mode &= 0o755
    return this.fault === undefined
  }

  /** Counts bytes as they come out. */
  weigh(chunk: Buffer, compressed: number): void {
    if (this.bytes === 0 && chunk[0] === 0x1f && chunk[1] === 0x8b)
      this.fault ??= "the archive is compressed more than once"
    this.bytes += chunk.length
    if (this.bytes > this.bounds.bytes) this.fault ??= `the archive holds more than ${this.bounds.bytes} bytes`
    if (this.bytes > leeway + this.bounds.ratio * compressed)
      this.fault ??= `the archive holds more than ${this.bounds.ratio} times its own size`
    this.check()
  }

  check(): void {
    if (this.fault !== undefined) throw new Unsafe(this.fault)
  }

  private faultOf({ path, type }: ReadEntry): string | undefined {
    if (!kinds.has(type)) return `the archive holds what is neither a file nor a directory (${type}): ${shown(path)}`
    if (++this.files > this.bounds.files) return `the archive holds more than ${this.bounds.files} files`
    const segments = path.replace(/\/$/, "").split("/")
    if (/[\0\\]/.test(path) || segments.some((segment) => segment === "" || segment === "." || segment === ".."))
      return `the archive holds a path that may lead elsewhere: ${shown(path)}`
    this.top ??= segments[0]
    return segments[0] === this.top ? undefined : `the archive has more than one top directory: ${shown(path)}`
  }
}

const shown = (path: string): string => JSON.stringify(path.slice(0, 200))
