/**
 * A file that grows until it is whole, with the SHA-256 of what is in it.
 *
 * @internal
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { createHash, type Hash } from "node:crypto"
import { type FileHandle, open } from "node:fs/promises"

/** The disk did not do what it was asked to. */
export class PartFailed extends Data.TaggedError("PartFailed")<{ readonly cause: unknown }> {}

/** More bytes than the file may have. */
export class TooMuch extends Error {}

export class PartFile {
  onProgress: (bytes: number) => void = () => undefined
  /** Why the disk took no more, once it did not. */
  refused: unknown

  constructor(
    private readonly file: FileHandle,
    private readonly most: number,
    private hash: Hash,
    public bytes: number
  ) {}

  /** Appends; the next piece only after this one. */
  readonly write = async (piece: Uint8Array): Promise<void> => {
    if (this.bytes + piece.byteLength > this.most) throw new TooMuch()
    try {
      await this.file.write(piece, 0, piece.byteLength, this.bytes)
    } catch (cause) {
      this.refused = cause
      throw cause
    }
    this.hash.update(piece)
    this.bytes += piece.byteLength
    this.onProgress(this.bytes)
  }

  /** What writes a file from its beginning: what was there goes with the first piece. */
  writeAnew(): (piece: Uint8Array) => Promise<void> {
    let begun = false
    return async (piece) => {
      if (!begun) await this.empty()
      begun = true
      await this.write(piece)
    }
  }

  /** To be asked once. */
  sha256(): string {
    return this.hash.digest("hex")
  }

  readonly sync = attempt(() => this.file.sync())

  /** Nothing of it is kept. */
  readonly discard = attempt(() => this.empty())

  private async empty(): Promise<void> {
    await this.file.truncate(0)
    this.hash = createHash("sha256")
    this.bytes = 0
  }
}

/** Uses the file at a path with what is there already; a longer one is begun anew. */
export const withPartFile = <A, E, R>(
  path: string,
  most: number,
  use: (part: PartFile) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | PartFailed, R> =>
  Effect.acquireUseRelease(
    attempt(() => open(path, "a+").then((file) => file.close().then(() => open(path, "r+")))),
    (file) =>
      Effect.flatMap(
        attempt(() => known(file, most)),
        use
      ),
    (file) => Effect.ignore(attempt(() => file.close()))
  )

// ---------------------------------------------------------------------------------------------------------------------

function attempt<A>(work: () => Promise<A>): Effect.Effect<A, PartFailed> {
  return Effect.tryPromise({ try: work, catch: (cause) => new PartFailed({ cause }) })
}

const known = async (file: FileHandle, most: number): Promise<PartFile> => {
  const hash = createHash("sha256")
  const { size } = await file.stat()
  if (size > most) {
    await file.truncate(0)
    return new PartFile(file, most, hash, 0)
  }
  const piece = Buffer.allocUnsafe(1 << 20)
  let bytes = 0
  while (bytes < size) {
    const { bytesRead } = await file.read(piece, 0, piece.length, bytes)
    if (bytesRead === 0) break
    hash.update(piece.subarray(0, bytesRead))
    bytes += bytesRead
  }
  return new PartFile(file, most, hash, bytes)
}
