/**
 * Reads everything that was stored and compares it with its index: a flipped bit shows in the CRC-32 of its block, and the
 * answer names file, offset and events. With `repair`, damaged files are indexed anew (the damage is then known as bad
 * lines, which stay where they are) and torn tails are set aside.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { crc32 } from "node:zlib"
import { StorageFailed } from "../domain/Refusal.js"
import type { StreamName } from "../domain/StreamName.js"
import { JsonScanner } from "./internal/jsonScanner.js"
import { LineHeader } from "./internal/lineHeader.js"
import type { Opened } from "./internal/openLog.js"
import { eventFiles, readTail } from "./internal/recovery.js"

export interface Damage {
  readonly kind: "torn" | "corrupt" | "repeat" | "missing-file" | "index"
  readonly path: string
  readonly offset?: number
  readonly length?: number
  readonly firstSeq?: number
  readonly lastSeq?: number
  readonly message: string
  readonly repaired: boolean
}

export interface Report {
  readonly files: number
  readonly bytes: number
  readonly events: number
  readonly findings: ReadonlyArray<Damage>
}

interface IndexedRange {
  readonly offset: number
  readonly length: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly crc: number
}

export const run = (opened: Opened, options: { readonly repair: boolean }): Effect.Effect<Report, StorageFailed> =>
  Effect.gen(function* () {
    yield* opened.checkpoint
    const runs = [...opened.runFiles, ...activeRun(opened)].map((path) => ({ stream: "run" as const, path }))
    const files = [...eventFiles(opened.siteDirectory, opened.systemDirectory), ...unique(runs)]
    const findings: Array<Damage> = []
    let bytes = 0
    let events = 0
    for (const file of files) {
      const checked = yield* checkFile(opened, file.path)
      bytes += checked.bytes
      events += checked.events
      if (checked.findings.length > 0 && options.repair) yield* repair(opened, file.stream, file.path)
      findings.push(
        ...checked.findings.map((finding) => ({
          ...finding,
          repaired: options.repair && finding.kind !== "missing-file"
        }))
      )
    }
    return { files: files.length, bytes, events, findings }
  })

const activeRun = (opened: Opened): ReadonlyArray<string> => {
  const path = opened.log.state.active?.path
  return path === undefined ? [] : [path]
}

const unique = <A extends { readonly path: string }>(files: ReadonlyArray<A>): ReadonlyArray<A> => [
  ...new Map(files.map((file) => [file.path, file])).values()
]

const indexFailed = (path: string) => (error: { readonly message: string }) =>
  new StorageFailed({ operation: "verify", path, reason: error.message })

const checkFile = (opened: Opened, path: string) =>
  Effect.gen(function* () {
    const saved = yield* opened.index.blocksOf(path).pipe(Effect.mapError(indexFailed(path)))
    const unsaved = opened.indexer.unsaved().filter((block) => block.path === path)
    const ranges: ReadonlyArray<IndexedRange> = [...saved, ...unsaved]
    const findings: Array<Omit<Damage, "repaired">> = []
    const exists = fs.existsSync(path)
    if (!exists) {
      const first = ranges[0]
      if (first === undefined) return { bytes: 0, events: 0, findings }
      findings.push({
        kind: "missing-file",
        path,
        firstSeq: first.firstSeq,
        lastSeq: ranges.reduce((seq, range) => Math.max(seq, range.lastSeq), 0),
        message: "the file is gone; its events are lost unless it was moved away on purpose"
      })
      return { bytes: 0, events: 0, findings }
    }
    const file = yield* Effect.acquireRelease(
      Effect.try({
        try: () => fs.openSync(path, "r"),
        catch: (cause) => new StorageFailed({ operation: "open", path, reason: String(cause) })
      }),
      (file) => Effect.sync(() => fs.closeSync(file))
    )
    const lines = new LineCheck(path, findings)
    let end = 0
    for (const range of ranges) {
      const block = Buffer.allocUnsafe(range.length)
      const count = fs.readSync(file, block, 0, range.length, range.offset)
      const sound = count === range.length && crc32(block) === range.crc
      if (!sound) findings.push(damaged(path, range, count))
      lines.check(block.subarray(0, count), range.offset, sound)
      end = range.offset + range.length
      yield* Effect.yieldNow()
    }
    const size = fs.fstatSync(file).size
    if (size > end) {
      findings.push({
        kind: "index",
        path,
        offset: end,
        length: size - end,
        message: "bytes that are in no block of the index"
      })
    }
    return { bytes: size, events: lines.events, findings }
  }).pipe(Effect.scoped)

const damaged = (path: string, range: IndexedRange, count: number) => ({
  kind: "corrupt" as const,
  path,
  offset: range.offset,
  length: range.length,
  firstSeq: range.firstSeq,
  lastSeq: range.lastSeq,
  message:
    count < range.length
      ? `the file ends ${range.length - count} bytes before its block does`
      : "the bytes are not those that were written (CRC-32 differs)"
})

/** Checks that lines are events and that no number is given twice in a file. */
class LineCheck {
  events = 0
  private last = 0
  private readonly header = new LineHeader()
  private readonly scanner = new JsonScanner()

  constructor(
    private readonly path: string,
    private readonly findings: Array<Omit<Damage, "repaired">>
  ) {}

  check(bytes: Buffer, offset: number, sound: boolean): void {
    let start = 0
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      this.line(bytes, start, end, offset, sound)
      start = end + 1
    }
  }

  private line(bytes: Buffer, start: number, end: number, offset: number, sound: boolean): void {
    if (end === start) return
    this.scanner.reset(bytes, end)
    const whole = this.scanner.value(start, 0) === end && this.header.read(bytes, start, end)
    if (!whole) {
      this.findings.push({
        kind: "corrupt",
        path: this.path,
        offset: offset + start,
        length: end + 1 - start,
        firstSeq: this.last + 1,
        lastSeq: this.last + 1,
        message: sound ? "a line that is no event" : "a damaged line"
      })
      this.last++
      return
    }
    this.events++
    if (this.header.seq <= this.last && sound) {
      this.findings.push({
        kind: "repeat",
        path: this.path,
        offset: offset + start,
        firstSeq: this.header.seq,
        lastSeq: this.header.seq,
        message: `number ${this.header.seq} stands behind ${this.last}`
      })
    }
    this.last = this.header.seq
  }
}

const repair = (opened: Opened, stream: StreamName, path: string) =>
  Effect.tryPromise({
    try: async () => {
      opened.indexer.forget(path)
      await readTail(opened.tools, stream, path, { full: false, afterSeq: Infinity })
      opened.indexer.closeAll()
    },
    catch: (cause) => new StorageFailed({ operation: "repair", path, reason: String(cause) })
  }).pipe(Effect.zipRight(opened.checkpoint))
