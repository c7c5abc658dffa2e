/**
 * Items of the files of captures, read with as little as these need: unsigned numbers, bytes, texts, arrays, maps; tags are
 * dropped. Not the reader that is under test.
 */
import { gunzipSync } from "node:zlib"

/** The items of a file, one behind the other; gzip where the bytes say so. */
export const items = (file: Buffer): ReadonlyArray<unknown> => {
  const bytes = file[0] === 0x1f ? gunzipSync(file) : file
  const found: Array<unknown> = []
  let at = 0
  const item = (): unknown => {
    const first = bytes.readUInt8(at++)
    const [kind, short] = [first >> 5, first & 31]
    const width = short < 24 ? 0 : 1 << (short - 24)
    const count = width === 0 ? short : width === 8 ? Number(bytes.readBigUInt64BE(at)) : bytes.readUIntBE(at, width)
    at += width
    switch (kind) {
      case 0:
        return count
      case 2:
      case 3: {
        const content = bytes.subarray(at, (at += count))
        return kind === 2 ? content : content.toString("utf8")
      }
      case 4:
        return Array.from({ length: count }, item)
      case 5:
        return new Map(Array.from({ length: count }, () => [item(), item()]))
      case 6:
        return item()
      default:
        throw new Error(`CBOR of kind ${kind} at ${at}`)
    }
  }
  while (at < bytes.length) found.push(item())
  return found
}

/** Files of raw messages: each an array of byte strings. */
export const plainItems = (file: Buffer): ReadonlyArray<ReadonlyArray<Uint8Array>> =>
  items(file).map((item) => (Array.isArray(item) ? item : []))
