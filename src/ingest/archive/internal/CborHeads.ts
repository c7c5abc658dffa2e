/**
 * Writes the heads of CBOR items in their shortest form, and byte strings without touching their content: the result is what
 * stands between them, and them.
 *
 * @internal
 */
export class CborHeads {
  private readonly buffer: Buffer
  private readonly pieces: Array<Uint8Array> = []
  private used = 0
  private from = 0

  /** All heads and texts together have at most so many bytes. */
  constructor(bound: number) {
    this.buffer = Buffer.allocUnsafe(bound)
  }

  count(value: number): void {
    this.head(0, value)
  }

  text(value: string): void {
    const length = Buffer.byteLength(value)
    this.head(3, length)
    this.used += this.buffer.write(value, this.used, "utf8")
  }

  list(length: number): void {
    this.head(4, length)
  }

  map(length: number): void {
    this.head(5, length)
  }

  tag(number: number): void {
    this.head(6, number)
  }

  raw(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.used)
    this.used += bytes.length
  }

  bytes(content: Uint8Array): void {
    this.head(2, content.length)
    if (content.length === 0) return
    this.pieces.push(this.buffer.subarray(this.from, this.used), content)
    this.from = this.used
  }

  finish(): ReadonlyArray<Uint8Array> {
    if (this.used > this.from) this.pieces.push(this.buffer.subarray(this.from, this.used))
    return this.pieces
  }

  private head(kind: number, value: number): void {
    const first = kind << 5
    if (value < 24) this.used = this.buffer.writeUInt8(first | value, this.used)
    else if (value < 0x100) this.used = this.buffer.writeUInt8(value, this.buffer.writeUInt8(first | 24, this.used))
    else if (value < 0x1_0000)
      this.used = this.buffer.writeUInt16BE(value, this.buffer.writeUInt8(first | 25, this.used))
    else if (value < 0x1_0000_0000) {
      this.used = this.buffer.writeUInt32BE(value, this.buffer.writeUInt8(first | 26, this.used))
    } else this.used = this.buffer.writeBigUInt64BE(BigInt(value), this.buffer.writeUInt8(first | 27, this.used))
  }
}
