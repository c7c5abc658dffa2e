/**
 * Reads the arguments of instructions. Lengths are checked against what is there before anything is made of them.
 *
 * @internal
 */
import { Fault, malformed, tooLarge } from "./fault.js"

/** Strict, and with the byte order mark as what it is: a character. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export class ByteCursor {
  offset = 0
  private readonly view: DataView

  constructor(
    private readonly bytes: Uint8Array,
    /** Longest integer, in bytes or in digits. */
    private readonly integerLength: number
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    const start = this.offset
    if (length > this.bytes.length - start) {
      throw new Fault("Truncated", `${length} bytes announced, ${this.bytes.length - start} there`)
    }
    this.offset += length
    return this.bytes.subarray(start, this.offset)
  }

  byte(): number {
    return this.view.getUint8(this.step(1))
  }

  uint16(): number {
    return this.view.getUint16(this.step(2), true)
  }

  int32(): number {
    return this.view.getInt32(this.step(4), true)
  }

  uint32(): number {
    return this.view.getUint32(this.step(4), true)
  }

  /** Longer than any input where it is beyond 2^53. */
  uint64(): number {
    return Number(this.view.getBigUint64(this.step(8), true))
  }

  float64(): number {
    return this.view.getFloat64(this.step(8), false)
  }

  text(length: number): string {
    const bytes = this.take(length)
    try {
      return utf8.decode(bytes)
    } catch {
      return malformed("text that is not UTF-8")
    }
  }

  /** The rest of the line as Latin-1; the line end is skipped. */
  line(): string {
    const end = this.bytes.indexOf(10, this.offset)
    if (end < 0) throw new Fault("Truncated", "a line without its end")
    const bytes = this.take(end - this.offset)
    this.offset++
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
  }

  /** Little-endian two's complement. */
  integer(length: number): number | bigint {
    if (length > this.integerLength) return tooLarge(`an integer of ${length} bytes`)
    const bytes = this.take(length)
    if (length === 0) return 0
    const digits = Buffer.from(bytes).reverse().toString("hex")
    return exact(BigInt.asIntN(8 * length, BigInt(`0x${digits}`)))
  }

  decimal(digits: string): number | bigint {
    if (digits.length > this.integerLength) return tooLarge(`an integer of ${digits.length} digits`)
    if (!/^-?[0-9]+$/.test(digits)) return malformed(`${JSON.stringify(digits.slice(0, 40))} is no integer`)
    return exact(BigInt(digits))
  }

  private step(length: number): number {
    const start = this.offset
    if (length > this.bytes.length - start) throw new Fault("Truncated", "ends within an instruction")
    this.offset += length
    return start
  }
}

const exact = (value: bigint): number | bigint => {
  const near = Number(value)
  return Number.isSafeInteger(near) ? near : value
}
