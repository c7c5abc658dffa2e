/**
 * The open blocks of all files, the closed ones that no checkpoint has saved yet, and the reading of lines that are in a
 * file but in no block (a tail after a crash, another writer's lines, a lost index).
 *
 * @internal
 */
import * as fs from "node:fs"
import type { StreamName } from "../../domain/StreamName.js"
import { type Block, BlockBuilder } from "./block.js"
import { LineHeader } from "./lineHeader.js"
import type { TypeDictionary } from "./typeDictionary.js"

/** A line that was read from a file: `bytes[start, end)` without its line end. */
export interface ReadLine {
  readonly header: LineHeader
  readonly type: number
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** Lines of a file that are no events. */
export interface BadLine {
  readonly path: string
  readonly offset: number
  readonly length: number
}

const chunk = 1024 * 1024

export class BlockIndexer {
  private readonly open = new Map<string, BlockBuilder>()
  private finished: Array<Block> = []
  /** Files whose blocks no longer describe what stands at their path. */
  private forgotten: Array<string> = []
  /** Of the line that was read last. */
  readonly header = new LineHeader()
  /** How far files that are not open are covered by blocks. */
  private readonly known = new Map<string, number>()
  readonly bad: Array<BadLine> = []

  constructor(
    readonly types: TypeDictionary,
    readonly blockBytes: number
  ) {}

  /** The block that takes the line at `offset` of the file. What stands unread before it is read first. */
  builder(stream: StreamName, path: string, offset: number): BlockBuilder {
    let builder = this.open.get(path)
    if (builder === undefined) {
      builder = this.resume(stream, path, this.known.get(path) ?? 0)
    }
    const next = builder.offset + builder.length
    if (next !== offset) {
      if (next > offset) {
        this.forget(path)
        return this.builder(stream, path, offset)
      }
      this.read(builder, offset, () => undefined)
    }
    return builder
  }

  /** A file whose first bytes, so many, are in saved blocks. */
  learn(path: string, covered: number): void {
    this.known.set(path, covered)
  }

  /** How much of a file is in blocks, saved or not. */
  coverage(path: string): number {
    const builder = this.open.get(path)
    return builder === undefined ? (this.known.get(path) ?? 0) : builder.offset + builder.length
  }

  /** Goes on behind `covered` bytes of a file, all of them in blocks. */
  resume(stream: StreamName, path: string, covered: number): BlockBuilder {
    const builder = new BlockBuilder(stream, path, covered)
    this.open.set(path, builder)
    return builder
  }

  closed(builder: BlockBuilder): void {
    const block = builder.close()
    if (block !== undefined) this.finished.push(block)
  }

  forget(path: string): void {
    this.open.delete(path)
    this.known.delete(path)
    this.finished = this.finished.filter((block) => block.path !== path)
    this.forgotten.push(path)
  }

  /** Closed blocks and forgotten files since the last call, for a checkpoint. Give them back with `restore` if it fails. */
  take(): { readonly blocks: ReadonlyArray<Block>; readonly forgotten: ReadonlyArray<string> } {
    const taken = { blocks: this.finished, forgotten: this.forgotten }
    this.finished = []
    this.forgotten = []
    return taken
  }

  restore(taken: { readonly blocks: ReadonlyArray<Block>; readonly forgotten: ReadonlyArray<string> }): void {
    this.finished = [...taken.blocks, ...this.finished]
    this.forgotten = [...taken.forgotten, ...this.forgotten]
  }

  /** Blocks that are not in the saved index: closed ones, then what the open ones hold so far. */
  unsaved(): ReadonlyArray<Block> {
    return [...this.finished, ...[...this.open.values()].flatMap((builder) => builder.peek())]
  }

  /** Closes the blocks of files that are no longer written. */
  retire(isWritten: (path: string) => boolean): void {
    for (const [path, builder] of this.open) {
      if (isWritten(path)) continue
      this.closed(builder)
      this.known.set(path, builder.offset)
      this.open.delete(path)
    }
  }

  /** Closes every open block, however small. */
  closeAll(): void {
    for (const builder of this.open.values()) this.closed(builder)
  }

  /**
   * Reads the file from where the builder ends up to `to`, line by line; answers the offset behind the last whole line.
   * Lines that are no events are noted in `bad`.
   */
  read(builder: BlockBuilder, to: number, onLine: (line: ReadLine) => void): number {
    const file = fs.openSync(builder.path, "r")
    try {
      let position = builder.offset + builder.length
      let rest: Buffer = Buffer.alloc(0)
      while (position + rest.length < to) {
        const from = position + rest.length
        const fresh = Buffer.allocUnsafe(Math.min(chunk, to - from))
        const count = fs.readSync(file, fresh, 0, fresh.length, from)
        if (count === 0) break
        const bytes = rest.length === 0 ? fresh.subarray(0, count) : Buffer.concat([rest, fresh.subarray(0, count)])
        const used = this.lines(builder, bytes, onLine)
        position += used
        rest = bytes.subarray(used)
      }
      return position
    } finally {
      fs.closeSync(file)
    }
  }

  /** The time in a line's own text. */
  timeOf(bytes: Buffer, start: number, end: number): number {
    this.header.read(bytes, start, end - 1)
    return this.header.ts
  }

  /** The quoted type in a line's own text. */
  typeText(bytes: Buffer, start: number, end: number): string {
    const { header } = this
    return header.read(bytes, start, end - 1) ? header.typeBytes.toString("latin1", header.typeStart, header.typeEnd) : '""'
  }

  private lines(builder: BlockBuilder, bytes: Buffer, onLine: (line: ReadLine) => void): number {
    const { header, types } = this
    let start = 0
    let hashed = 0
    for (let end = bytes.indexOf(0x0a, start); end >= 0; end = bytes.indexOf(0x0a, start)) {
      if (header.read(bytes, start, end)) {
        const type = types.id(header.typeBytes, header.typeStart, header.typeEnd)
        builder.line(end + 1 - start, header.seq, header.ts, type)
        onLine({ header, type, bytes, start, end })
      } else {
        if (end > start) this.bad.push({ path: builder.path, offset: builder.offset + builder.length, length: end + 1 - start })
        builder.foreign(end + 1 - start)
      }
      start = end + 1
      if (builder.length >= this.blockBytes) {
        builder.bytes(bytes, hashed, start)
        hashed = start
        this.closed(builder)
      }
    }
    if (hashed < start) builder.bytes(bytes, hashed, start)
    return start
  }
}
