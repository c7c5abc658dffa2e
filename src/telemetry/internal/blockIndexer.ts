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

/** Told of lines as they are read. */
export interface LineVisitor {
  /** An event at `bytes[start, end)`, without its line end; its head is in `BlockIndexer.header`. */
  readonly line: (type: number, bytes: Buffer, start: number, end: number) => void
  /** The bytes of the lines so far are about to be overwritten. */
  readonly endOfChunk: () => void
}

const nobody: LineVisitor = { line: () => undefined, endOfChunk: () => undefined }

/** Lines of a file that are no events. */
export interface BadLine {
  readonly path: string
  readonly offset: number
  readonly length: number
}

/** Blocks that the saved index does not have. */
export interface Unsaved {
  readonly blocks: ReadonlyArray<Block>
  /** Whether a block of the saved index is among them, or describes a file that is no longer there. */
  readonly covers: (path: string, offset: number) => boolean
}

/** What a checkpoint has to save. */
export interface Taken {
  readonly blocks: ReadonlyArray<Block>
  readonly forgotten: ReadonlyArray<string>
}

const nothing: Taken = { blocks: [], forgotten: [] }

const chunk = 1024 * 1024

export class BlockIndexer {
  private readonly open = new Map<string, BlockBuilder>()
  private finished: Array<Block> = []
  /** Files whose blocks no longer describe what stands at their path. */
  private forgotten: Array<string> = []
  /** What a checkpoint is saving: not in the index before it is done. */
  private saving: Taken = nothing
  /** The block of each stream that took a line last. */
  private readonly latest = new Map<StreamName, BlockBuilder>()
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
      try {
        this.read(builder, offset, nobody)
      } catch {
        // Gone meanwhile, or unreadable: what stands before stays without blocks, which a check reports.
        this.forget(path)
        builder = this.resume(stream, path, offset)
      }
    }
    const before = this.latest.get(stream)
    if (before !== builder) {
      // Blocks are saved in the order they are closed in, which is that of lines also where these go from file to file.
      if (before !== undefined && this.open.get(before.path) === before) this.closed(before)
      this.latest.set(stream, builder)
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

  /**
   * Goes on behind `covered` bytes of a file, all of them in blocks. The stream has left its other files: their blocks end,
   * so that the order of blocks is the order of lines.
   */
  resume(stream: StreamName, path: string, covered: number): BlockBuilder {
    for (const other of this.open.values()) if (other.stream === stream && other.path !== path) this.leave(other)
    const builder = new BlockBuilder(stream, path, covered)
    this.open.set(path, builder)
    return builder
  }

  private leave(builder: BlockBuilder): void {
    this.closed(builder)
    this.known.set(builder.path, builder.offset)
    this.open.delete(builder.path)
  }

  closed(builder: BlockBuilder): void {
    const block = builder.close()
    if (block !== undefined) this.finished.push(block)
  }

  forget(path: string): void {
    this.open.delete(path)
    this.known.delete(path)
    this.finished = this.finished.filter((block) => block.path !== path)
    this.saving = { ...this.saving, blocks: this.saving.blocks.filter((block) => block.path !== path) }
    this.forgotten.push(path)
  }

  /** Closed blocks and forgotten files since the last call, for a checkpoint; it ends with `saved`, or with `restore`. */
  take(): Taken {
    this.saving = { blocks: this.finished, forgotten: this.forgotten }
    this.finished = []
    this.forgotten = []
    return this.saving
  }

  saved(): void {
    this.saving = nothing
  }

  restore(): void {
    this.finished = [...this.saving.blocks, ...this.finished]
    this.forgotten = [...this.saving.forgotten, ...this.forgotten]
    this.saving = nothing
  }

  /**
   * Blocks that are not in the saved index, as of now: those being saved, closed ones, then what the open ones hold so far.
   * While they are read, a checkpoint may put them into the index too: `covers` tells these, and blocks of forgotten files.
   */
  unsaved(): Unsaved {
    const open = [...this.open.values()].flatMap((builder) => builder.peek())
    const blocks = [...this.saving.blocks, ...this.finished, ...open]
    const first = new Map<string, number>()
    for (const { offset, path } of blocks) first.set(path, Math.min(offset, first.get(path) ?? Infinity))
    const stale = new Set([...this.saving.forgotten, ...this.forgotten])
    return { blocks, covers: (path, offset) => stale.has(path) || offset >= (first.get(path) ?? Infinity) }
  }

  /** The first number of a stream that is in an open block. */
  firstUnsaved(stream: StreamName): number {
    let first = Infinity
    for (const builder of this.open.values()) if (builder.stream === stream) first = Math.min(first, builder.firstSeq)
    return first
  }

  /** Closes the blocks of files that are no longer written. */
  retire(isWritten: (path: string) => boolean): void {
    for (const builder of this.open.values()) if (!isWritten(builder.path)) this.leave(builder)
  }

  /** Closes every open block, however small. */
  closeAll(): void {
    for (const builder of this.open.values()) this.closed(builder)
  }

  /**
   * Reads the file from where the builder ends up to `to`, line by line; answers the offset behind the last whole line.
   * Lines that are no events are noted in `bad`.
   */
  read(builder: BlockBuilder, to: number, visitor: LineVisitor): number {
    const file = fs.openSync(builder.path, "r")
    try {
      let position = builder.offset + builder.length
      let buffer = Buffer.allocUnsafe(Math.min(chunk, Math.max(0, to - position)))
      let held = 0
      while (position + held < to) {
        if (held === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2)
        const wanted = Math.min(buffer.length - held, to - position - held)
        const count = fs.readSync(file, buffer, held, wanted, position + held)
        if (count === 0) break
        held += count
        const used = this.lines(builder, buffer.subarray(0, held), visitor)
        visitor.endOfChunk()
        buffer.copyWithin(0, used, held)
        held -= used
        position += used
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
    return header.read(bytes, start, end - 1)
      ? header.typeBytes.toString("latin1", header.typeStart, header.typeEnd)
      : '""'
  }

  private lines(builder: BlockBuilder, bytes: Buffer, visitor: LineVisitor): number {
    const { header, types } = this
    let start = 0
    let hashed = 0
    for (let end = bytes.indexOf(0x0a, start); end >= 0; end = bytes.indexOf(0x0a, start)) {
      if (header.read(bytes, start, end)) {
        const type = types.id(header.typeBytes, header.typeStart, header.typeEnd)
        builder.line(end + 1 - start, header.seq, header.ts, type)
        visitor.line(type, bytes, start, end)
      } else {
        if (end > start)
          this.bad.push({ path: builder.path, offset: builder.offset + builder.length, length: end + 1 - start })
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
