/**
 * Reads lines of a file from front to back in large pieces: the next piece comes in while the last one is looked at.
 *
 * @internal
 */
import * as fs from "node:fs"
import { promisify } from "node:util"

const read = promisify(fs.read)

const pieceLength = 1024 * 1024

/** Room before a piece for the line that its predecessor has begun; a longer one gets a buffer of its own. */
const margin = 64 * 1024

/**
 * Hands `take` the bytes of `[from, to)` piece by piece; it answers how many of them it took, which are whole lines, and
 * sees the rest again with what follows. The bytes are valid until it returns. Answers the offset behind what was taken.
 */
export const lines = async (
  path: string,
  from: number,
  to: number,
  take: (bytes: Buffer) => number
): Promise<number> => {
  const file = fs.openSync(path, "r")
  const buffers = [Buffer.allocUnsafe(margin + pieceLength), Buffer.allocUnsafe(margin + pieceLength)] as const
  const fill = (which: 0 | 1, at: number) =>
    read(file, buffers[which], margin, Math.max(0, Math.min(pieceLength, to - at)), at)
  let taken = from
  let rest: Buffer = Buffer.alloc(0)
  let which: 0 | 1 = 0
  let coming = fill(which, from)
  try {
    for (let at = from; ;) {
      const { bytesRead, buffer } = await coming
      if (bytesRead === 0) return taken
      at += bytesRead
      const bytes = withBefore(rest, buffer, bytesRead)
      which = which === 0 ? 1 : 0
      coming = fill(which, at)
      const count = take(bytes)
      taken += count
      rest = bytes.subarray(count)
    }
  } finally {
    await coming.catch(() => undefined)
    fs.closeSync(file)
  }
}

const withBefore = (rest: Buffer, buffer: Buffer, length: number): Buffer => {
  const piece = buffer.subarray(margin, margin + length)
  if (rest.length > margin) return Buffer.concat([rest, piece])
  rest.copy(buffer, margin - rest.length)
  return buffer.subarray(margin - rest.length, margin + length)
}
