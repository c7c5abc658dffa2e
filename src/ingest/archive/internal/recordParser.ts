/**
 * Reads one record out of bytes: the subset of CBOR that records are made of, definite lengths only, checked before anything is
 * made of them.
 *
 * @internal
 */
import type { DumpedStream } from "../../FrameDump.js"
import { type DumpRecord, magic, streamTag, timePattern } from "../DumpRecord.js"

/** `Incomplete`: so many bytes are needed at least, from the beginning of the record. */
export type Parsed =
  | { readonly _tag: "Record"; readonly record: DumpRecord; readonly end: number }
  | { readonly _tag: "Incomplete"; readonly needed: number }
  | { readonly _tag: "Damaged"; readonly offset: number; readonly reason: string }

class Incomplete {
  constructor(readonly end: number) {}
}

class Damaged {
  constructor(
    readonly offset: number,
    readonly reason: string
  ) {}
}

/** The record that begins at `start`; no longer than `limit`. Offsets are those in `bytes`. */
export const parse = (bytes: Buffer, start: number, limit: number): Parsed => {
  const parser = new Parser(bytes, start, limit)
  try {
    const record = parser.record()
    return { _tag: "Record", record, end: parser.at }
  } catch (stop) {
    if (stop instanceof Incomplete) return { _tag: "Incomplete", needed: stop.end - start }
    if (stop instanceof Damaged) return { _tag: "Damaged", offset: stop.offset, reason: stop.reason }
    throw stop
  }
}

/** Kinds of items by the first three bits of their heads. */
const kinds = ["a number", "a negative number", "bytes", "a text", "a list", "a map", "a tag", "a simple value"]

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

class Parser {
  at: number

  constructor(
    private readonly bytes: Buffer,
    private readonly start: number,
    private readonly limit: number
  ) {
    this.at = start
  }

  record(): DumpRecord {
    this.opening()
    const members = this.expect(4)
    if (members !== 2 && members !== 3) return this.damaged(`a record of ${members} members`)
    const event = this.expect(0)
    const streams = Array.from({ length: this.bounded(this.expect(5), 6) }, () => this.stream())
    if (members === 2) return { event, streams, createdAt: undefined }
    if (this.expect(6) !== 0) return this.damaged("a time without its tag")
    const createdAt = this.text()
    return timePattern.test(createdAt) ? { event, streams, createdAt } : this.damaged("a time that is none")
  }

  private stream(): DumpedStream {
    const name = this.text()
    if (this.expect(6) !== streamTag) return this.damaged("a stream without its tag")
    if (this.expect(4) !== 2) return this.damaged("a stream is a type and its frames")
    const typ = this.text()
    const parts = Array.from({ length: this.bounded(this.expect(4), 1) }, () => this.take(this.expect(2)))
    return { name, typ, parts }
  }

  private opening(): void {
    for (const expected of magic) {
      if (this.at >= this.bytes.length) throw new Incomplete(this.at + 1)
      if (this.bytes[this.at] !== expected) this.damaged("no record begins here")
      this.at++
    }
  }

  private text(): string {
    const content = this.take(this.expect(3))
    try {
      return utf8.decode(content)
    } catch {
      return this.damaged("text that is not UTF-8")
    }
  }

  /** As many items as a limit allows, each of at least so many bytes: the list of them is made before they are read. */
  private bounded(count: number, each: number): number {
    const end = this.at + count * each
    if (end - this.start > this.limit) return this.damaged(`${count} items are above the limit of a record`)
    if (end > this.bytes.length) throw new Incomplete(end)
    return count
  }

  private take(length: number): Uint8Array {
    const end = this.at + length
    if (end - this.start > this.limit) return this.damaged(`${length} bytes are above the limit of a record`)
    if (end > this.bytes.length) throw new Incomplete(end)
    const content = this.bytes.subarray(this.at, end)
    this.at = end
    return content
  }

  /** The number in the head of an item of a kind. */
  private expect(kind: number): number {
    const [head] = this.take(1)
    const first = head ?? 0
    if (first >> 5 !== kind) return this.damaged(`${kinds[first >> 5]} where ${kinds[kind]} must be`, 1)
    const short = first & 31
    if (short < 24) return short
    if (short > 27) return this.damaged("an item without a definite length", 1)
    const width = 1 << (short - 24)
    const content = this.take(width)
    let value = 0
    for (const byte of content) value = value * 256 + byte
    return Number.isSafeInteger(value) ? value : this.damaged("a number above 2^53", width)
  }

  private damaged(reason: string, back = 0): never {
    throw new Damaged(this.at - back, reason)
  }
}
