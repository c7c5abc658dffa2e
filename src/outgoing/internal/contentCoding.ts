/**
 * Bodies as they were before they were compressed, with the same bound: a small answer can't become a large one.
 *
 * @internal
 */
import { promisify } from "node:util"
import * as zlib from "node:zlib"

/** Longer than was asked to take. */
export class TooLong extends Error {}

class CodingError extends Error {
  constructor(readonly code: "OUTPOST_UNKNOWN_CODING" | "OUTPOST_BROKEN_CODING") {
    super(code)
  }
}

/** `coding` is the header `content-encoding`: names in the order they were applied. */
export const decoded = async (body: Buffer, coding: string | undefined, maxBytes: number): Promise<Buffer> => {
  const codings = (coding ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity")
  let plain = body
  for (const name of codings.reverse()) {
    const inflate = inflaters[name]
    if (inflate === undefined || codings.length > 2) throw new CodingError("OUTPOST_UNKNOWN_CODING")
    plain = await inflate(plain, { maxOutputLength: Math.max(1, maxBytes) }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === "ERR_BUFFER_TOO_LARGE" ? new TooLong() : new CodingError("OUTPOST_BROKEN_CODING")
    })
  }
  return plain
}

// ------------------------------------------------------------------------------------------------------------------

type Inflate = (body: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>

const gunzip: Inflate = promisify(zlib.gunzip)
const inflate: Inflate = promisify(zlib.inflate)
const inflateRaw: Inflate = promisify(zlib.inflateRaw)
const brotli: Inflate = promisify(zlib.brotliDecompress)

const inflaters: Readonly<Record<string, Inflate>> = {
  gzip: gunzip,
  "x-gzip": gunzip,
  br: brotli,
  // Some servers send the bare stream under this name: a zlib header is told by its first byte.
  deflate: (body, options) => (((body[0] ?? 0) & 0x0f) === 0x08 ? inflate(body, options) : inflateRaw(body, options))
}
