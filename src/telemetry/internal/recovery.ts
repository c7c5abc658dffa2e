/**
 * What a start has to read: the saved index, then only what stands in the files behind it. Torn tails are set aside; lines
 * that are no events are kept where they are and reported. Without an index all files are read, oldest first.
 *
 * @internal
 */
import * as fs from "node:fs"
import { join } from "node:path"
import * as DayKey from "../../domain/DayKey.js"
import type { StreamName } from "../../domain/StreamName.js"
import { AppendFile, type Notice } from "../../journal/AppendFile.js"
import type { Disk } from "../../journal/Disk.js"
import type { BlockIndexer } from "./blockIndexer.js"
import type { CurrentStream, CurrentView } from "./currentView.js"
import type { Exceptions } from "./exceptions.js"
import { JsonScanner } from "./jsonScanner.js"
import { other } from "./typeDictionary.js"

export interface Numbers {
  site: number
  run: number
  system: number
}

export interface Tools {
  readonly disk: Disk
  readonly indexer: BlockIndexer
  readonly current: CurrentView
  readonly exceptions: Exceptions
  readonly numbers: Numbers
  readonly notify: (notice: Notice) => void
  readonly timestamp: () => string
}

export const eventFiles = (
  siteDirectory: string,
  systemDirectory: string
): ReadonlyArray<{ readonly stream: StreamName; readonly path: string }> => {
  const list = (directory: string) => (fs.existsSync(directory) ? fs.readdirSync(directory).sort() : [])
  const site = list(siteDirectory).filter((name) => DayKey.ofFileName(name) !== undefined)
  const system = list(systemDirectory).filter((name) => /^\d{8}\.jsonl$/.test(name))
  return [
    ...site.map((name) => ({ stream: "site" as const, path: join(siteDirectory, name) })),
    ...system.map((name) => ({ stream: "system" as const, path: join(systemDirectory, name) }))
  ]
}

/**
 * Reads what stands in a file behind its blocks into blocks, numbers and the current view. `full` also checks that each line
 * is JSON to its end, which a line that the disk only half took is not.
 */
export const readTail = async (
  tools: Tools,
  stream: StreamName,
  path: string,
  options: { readonly full: boolean; readonly afterSeq?: number | undefined }
): Promise<void> => {
  const { disk, indexer } = tools
  const status = disk.status(path)
  if (status === undefined || !status.regular) return
  const covered = indexer.coverage(path)
  if (status.size === covered) return
  if (status.size < covered) indexer.forget(path)
  const from = status.size < covered ? 0 : covered
  const whole = await mendTail(tools, path, from, status.size, options.full)
  const builder = indexer.resume(stream, path, from)
  const latest = new LatestLines(tools, stream, options.afterSeq ?? 0)
  indexer.read(builder, whole, {
    line: (type, bytes, start, end) => {
      const { seq } = indexer.header
      if (seq > tools.numbers[stream]) tools.numbers[stream] = seq
      latest.see(type, seq, bytes, start, end)
    },
    endOfChunk: () => latest.keep()
  })
  // Blocks are saved in the order they are closed in: that of the files.
  indexer.closed(builder)
  const [bad] = indexer.bad
  if (bad !== undefined) tools.notify({ kind: "damaged", path, offset: bad.offset, lines: indexer.bad.length })
  indexer.bad.length = 0
}

/**
 * Ends the last line of a file that goes on, where all of it is in saved blocks: it was whole once, so that it does not end
 * now is damage and no torn write. It stays where it is, for a check to report, and the next line does not grow into it.
 */
export const endLastLine = async ({ disk, indexer, notify, timestamp }: Tools, path: string): Promise<void> => {
  const covered = indexer.coverage(path)
  const status = disk.status(path)
  if (covered === 0 || status?.regular !== true || status.size !== covered) return
  if (endsLine(path, covered)) return
  const file = new AppendFile(path, false, disk, notify, timestamp)
  try {
    await file.cut(covered)
    await file.append(lineEnd, 0, 1)
    await file.sync(1)
  } finally {
    await file.close()
  }
  notify({ kind: "damaged", path, offset: covered - 1, lines: 1 })
}

const lineEnd = Buffer.from("\n")

const endsLine = (path: string, size: number): boolean => {
  const file = fs.openSync(path, "r")
  try {
    const last = Buffer.alloc(1)
    fs.readSync(file, last, 0, 1, size - 1)
    return last.equals(lineEnd)
  } finally {
    fs.closeSync(file)
  }
}

/** The last line of each type, turned into text once per chunk of the file. */
class LatestLines {
  private readonly seen = new Map<number, { seq: number; bytes: Buffer; start: number; end: number }>()

  constructor(
    private readonly tools: Tools,
    private readonly stream: StreamName,
    private readonly afterSeq: number
  ) {}

  see(type: number, seq: number, bytes: Buffer, start: number, end: number): void {
    if (this.stream === "system" || seq <= this.afterSeq || this.tools.exceptions.has(this.stream, seq)) return
    const last = this.seen.get(type)
    // Types beyond the dictionary share one number: each line may be the last one of its type.
    if (type === other && last !== undefined) this.keep()
    if (last === undefined || type === other) this.seen.set(type, { seq, bytes, start, end })
    else {
      last.seq = seq
      last.bytes = bytes
      last.start = start
      last.end = end
    }
  }

  keep(): void {
    const { current, indexer } = this.tools
    for (const [type, { bytes, end, seq, start }] of this.seen) {
      const quotedType = type === other ? indexer.typeText(bytes, start, end + 1) : indexer.types.text(type)
      current.set(currentStream(this.stream), quotedType, seq, bytes.toString("latin1", start, end))
    }
    this.seen.clear()
  }
}

const currentStream = (stream: StreamName): CurrentStream => (stream === "run" ? "run" : "site")

/**
 * Sets aside what stands behind the last whole line; answers the size that is left. It is durable then: an earlier life may
 * have been cut off before it was, and the index is about to speak of it.
 */
const mendTail = async (tools: Tools, path: string, from: number, size: number, full: boolean): Promise<number> => {
  const whole = lastWhole(path, from, size, full)
  const file = new AppendFile(path, false, tools.disk, tools.notify, tools.timestamp)
  try {
    await file.cut(whole)
    await file.sync(0)
  } finally {
    await file.close()
  }
  return whole
}

/** The offset behind the last line that ends and, where `full`, is JSON. Bad lines before a good one stay where they are. */
const lastWhole = (path: string, from: number, size: number, full: boolean): number => {
  const file = fs.openSync(path, "r")
  try {
    const scanner = new JsonScanner()
    for (let start = Math.max(from, size - tailStep); ; start = Math.max(from, start - tailStep)) {
      const bytes = Buffer.allocUnsafe(size - start)
      const count = fs.readSync(file, bytes, 0, bytes.length, start)
      let end = bytes.lastIndexOf(0x0a, count - 1)
      while (end >= 0) {
        const begin = end === 0 ? -1 : bytes.lastIndexOf(0x0a, end - 1)
        if (begin < 0 && start > from) break
        scanner.reset(bytes, end)
        if (!full || begin + 1 === end || scanner.value(begin + 1, 0) === end) return start + end + 1
        end = begin
      }
      if (start === from) return from
    }
  } finally {
    fs.closeSync(file)
  }
}

const tailStep = 4 * 1024 * 1024
