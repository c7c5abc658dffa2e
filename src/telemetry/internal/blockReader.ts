/**
 * Reads from event files what the index names: whole blocks, or only the lines at known places in them. Plain promises,
 * because the rarest types are a hundred lines in as many blocks; an interrupted caller does not wait, and the files are
 * closed when the last read has come back.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { asStorageFailed, StorageFailed } from "../../domain/Refusal.js"

export interface ReadableBlock {
  readonly path: string
  readonly offset: number
  readonly length: number
  /** Where the wanted lines stand in the file, where that is known; else the block is read whole. */
  readonly places: ReadonlyArray<number> | undefined
}

/**
 * The bytes of each block in order: whole lines, in the order of the file. A block whose file is gone has none, and `gone` is
 * told of it: what someone moved away does not hide the rest.
 */
export const read = (
  blocks: ReadonlyArray<ReadableBlock>,
  gone: (path: string) => void
): Effect.Effect<ReadonlyArray<ReadonlyArray<Buffer>>, StorageFailed> =>
  Effect.tryPromise({
    try: async () => {
      const files = new OpenFiles()
      try {
        return await allOf(blocks.map((block) => readBlock(files, block, gone)))
      } finally {
        files.close()
      }
    },
    catch: (cause) => (cause instanceof StorageFailed ? cause : asStorageFailed("read", blocks[0]?.path ?? "")(cause))
  })

// -----------------------------------------------------------------------------

/** A line longer than this that stands alone is read in a second step. */
const lineGuess = 2048

/** Each file once, however many blocks of it are read. */
class OpenFiles {
  private readonly handles = new Map<string, number>()

  /** Undefined where there is no such file. */
  handle(path: string): number | undefined {
    let handle = this.handles.get(path)
    if (handle === undefined) {
      try {
        handle = fs.openSync(path, "r")
      } catch (cause) {
        if (isGone(cause)) return undefined
        throw asStorageFailed("open", path)(cause)
      }
      this.handles.set(path, handle)
    }
    return handle
  }

  close(): void {
    for (const handle of this.handles.values()) fs.closeSync(handle)
  }
}

const isGone = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")

const readBlock = async (
  files: OpenFiles,
  block: ReadableBlock,
  gone: (path: string) => void
): Promise<ReadonlyArray<Buffer>> => {
  const file = files.handle(block.path)
  if (file === undefined) {
    gone(block.path)
    return []
  }
  if (block.places === undefined) return [await readAt(file, block, block.offset, block.length)]
  return allOf(block.places.map((place) => readLine(file, block, place)))
}

const readLine = async (file: number, block: ReadableBlock, place: number): Promise<Buffer> => {
  const left = block.offset + block.length - place
  const guess = await readAt(file, block, place, Math.min(lineGuess, left))
  const end = guess.indexOf(0x0a)
  if (end >= 0) return guess.subarray(0, end + 1)
  const all = await readAt(file, block, place, left)
  return all.subarray(0, all.indexOf(0x0a) + 1)
}

const readAt = (file: number, { path }: ReadableBlock, offset: number, length: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    fs.read(file, Buffer.allocUnsafe(length), 0, length, offset, (error, count, bytes) =>
      error === null ? resolve(bytes.subarray(0, count)) : reject(asStorageFailed("read", path)(error))
    )
  })

/** Settles when all have, so that nothing is read from a file that was closed meanwhile. */
const allOf = async <A>(promises: ReadonlyArray<Promise<A>>): Promise<ReadonlyArray<A>> => {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
