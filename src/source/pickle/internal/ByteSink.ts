/**
 * Bytes of a pickle as it grows: scalars in their shortest form. What is written fits, or the memory is not there.
 *
 * @internal
 */
export class ByteSink {
  private buffer = Buffer.allocUnsafe(256)
  private used = 0

  /** A view of what was written. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.used)
  }

  byte(value: number): undefined {
    const at = this.room(1)
    this.buffer[at] = value
  }

  /** Safe integers. */
  integer(value: number): undefined {
    if (value >= 0 && value < 0x100) {
      const at = this.room(2)
      this.buffer[at] = 0x4b
      this.buffer[at + 1] = value
    } else if (value >= -0x8000_0000 && value < 0x8000_0000) {
      const at = this.room(5)
      this.buffer[at] = 0x4a
      this.buffer.writeInt32LE(value, at + 1)
    } else this.long(BigInt(value))
  }

  /** Little-endian two's complement, as short as keeps the sign. */
  long(value: bigint): undefined {
    const size = value < 0n ? ~value : value
    const length = value === 0n ? 0 : Math.floor(size.toString(16).length / 2) + 1
    const digits = BigInt.asUintN(8 * length, value)
    const bytes = Buffer.from(length === 0 ? "" : digits.toString(16).padStart(2 * length, "0"), "hex").reverse()
    if (length < 0x100) {
      this.byte(0x8a)
      this.byte(length)
    } else this.announce(0x8b, length)
    this.put(bytes)
  }

  float(value: number): undefined {
    const at = this.room(9)
    this.buffer[at] = 0x47
    this.buffer.writeDoubleBE(value, at + 1)
  }

  text(value: string): undefined {
    const length = Buffer.byteLength(value)
    if (length < 0x100) {
      this.byte(0x8c)
      this.byte(length)
    } else this.announce(0x58, length)
    const at = this.room(length)
    this.buffer.write(value, at, "utf8")
  }

  content(bytes: Uint8Array): undefined {
    if (bytes.length < 0x100) {
      this.byte(0x43)
      this.byte(bytes.length)
    } else this.announce(0x42, bytes.length)
    this.put(bytes)
  }

  /** An instruction with a length of four bytes. Nothing that fits into a buffer of Node 20 is longer. */
  private announce(code: number, length: number): void {
    const at = this.room(5)
    this.buffer[at] = code
    this.buffer.writeUInt32LE(length, at + 1)
  }

  private put(bytes: Uint8Array): undefined {
    const at = this.room(bytes.length)
    this.buffer.set(bytes, at)
  }

  /** Makes room for so many bytes, and says where. The buffer may be another one afterwards. */
  private room(length: number): number {
    const at = this.used
    this.used += length
    if (this.used > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.used))
      this.buffer.copy(grown, 0, 0, at)
      this.buffer = grown
    }
    return at
  }
}
