/**
 * Lines out of bytes that come in pieces of any size. A line within one piece is a view of it; only one that crosses pieces is
 * put together.
 *
 * @internal
 */
const newline = 0x0a

export class Lines {
  private pieces: Array<Uint8Array> = []
  private held = 0
  /** Bytes of a line that is too long, of which nothing is kept. */
  private lost = 0

  constructor(
    /** Longest line, its newline not counted. */
    private readonly longest: number,
    /** Called with each line, its newline included. */
    private readonly line: (line: Uint8Array) => void,
    /** Called with the length of each line that is too long, once it has ended. */
    private readonly tooLong: (bytes: number) => void
  ) {}

  /** Bytes of a line that has not ended. */
  get rest(): number {
    return this.held + this.lost
  }

  push(chunk: Uint8Array): void {
    let begin = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, begin)) {
      this.complete(chunk.subarray(begin, at + 1))
      begin = at + 1
    }
    if (begin < chunk.byteLength) this.keep(chunk.subarray(begin))
  }

  /** Takes the beginning of a line as if its newline had come; undefined if there is none, or too much of it. */
  flush(): Uint8Array | undefined {
    const { lost, pieces } = this
    this.forget()
    return pieces.length === 0 || lost > 0 ? undefined : Buffer.concat(pieces)
  }

  private complete(tail: Uint8Array): void {
    const bytes = this.rest + tail.byteLength - 1
    const { held, pieces } = this
    this.forget()
    if (bytes > this.longest) this.tooLong(bytes)
    else this.line(held === 0 ? tail : Buffer.concat([...pieces, tail]))
  }

  private keep(piece: Uint8Array): void {
    if (this.lost === 0 && this.held + piece.byteLength <= this.longest) {
      this.pieces.push(piece)
      this.held += piece.byteLength
      return
    }
    this.lost += this.held + piece.byteLength
    this.pieces = []
    this.held = 0
  }

  private forget(): void {
    this.pieces = []
    this.held = 0
    this.lost = 0
  }
}

/** A line without its line ending. */
export const stripped = (line: Uint8Array): Uint8Array => {
  const end = line.at(-1) === newline ? line.byteLength - 1 : line.byteLength
  return line.subarray(0, line[end - 1] === 0x0d ? end - 1 : end)
}
