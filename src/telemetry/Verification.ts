/**
 * Reads everything that was stored and compares it with its index: a flipped bit shows in the CRC-32 of its block, and the
 * answer names file, offset and events. A number that stands twice is damage; one without a line is told for information,
 * where the index can't tell why. What the opening of the site found and did is part of the first answer after it. With
 * `repair`, damaged files are indexed anew (the damage is then known as bad lines, which stay where they are) and torn tails
 * are set aside. Without it nothing is written but a checkpoint, where the disk takes one.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { crc32 } from "node:zlib"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"
import type { StreamName } from "../domain/StreamName.js"
import { LineCheck } from "./internal/lineCheck.js"
import { type Gap, NumberCheck } from "./internal/numberCheck.js"
import type { Opened } from "./internal/openLog.js"
import { eventFiles, readTail } from "./internal/recovery.js"

export interface Damage {
  /** `gap` is for information: numbers may be without a line. */
  readonly kind: "torn" | "corrupt" | "repeat" | "missing-file" | "index" | "gap"
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
    // What could not be saved is known all the same: the check only has more to compare in memory.
    yield* Effect.catchAll(opened.checkpoint, (error) => Effect.logWarning(`the state was not saved: ${error.message}`))
    const files = yield* filesOf(opened)
    const findings: Array<Damage> = opened.found.splice(0)
    const numbers = numberChecks(opened)
    let bytes = 0
    let events = 0
    for (const file of files) {
      const checked = yield* checkFile(opened, file.path, numbers[file.stream])
      bytes += checked.bytes
      events += checked.events
      if (checked.findings.length > 0 && options.repair) yield* repair(opened, file.stream, file.path)
      findings.push(
        ...checked.findings.map((finding) => ({
          ...finding,
          repaired: options.repair && finding.kind !== "missing-file" && finding.kind !== "repeat"
        }))
      )
    }
    for (const stream of streams) findings.push(...numbers[stream].gaps(mostGaps).map(gap(stream)))
    return { files: files.length, bytes, events, findings }
  })

const streams: ReadonlyArray<StreamName> = ["site", "run", "system"]

/** So many gaps of a stream are told. */
const mostGaps = 100

const numberChecks = ({ unexplained }: Opened): Readonly<Record<StreamName, NumberCheck>> => ({
  site: new NumberCheck(unexplained.site),
  run: new NumberCheck(unexplained.run),
  system: new NumberCheck(unexplained.system)
})

const gap =
  (stream: StreamName) =>
  (numbers: Gap): Damage => ({
    kind: "gap",
    ...numbers,
    message: `numbers of ${stream} without a line before this one: events that were only current, or lines that are gone`,
    repaired: false
  })

interface EventFile {
  readonly stream: StreamName
  readonly path: string
}

/** Files that are there, and files that the index or the record of runs speaks of. */
const filesOf = (opened: Opened): Effect.Effect<ReadonlyArray<EventFile>, StorageFailed> =>
  Effect.map(Effect.mapError(opened.index.files, asStorageFailed("verify", "index")), (indexed) => {
    const active = opened.log.state.active?.path
    const runs = [...opened.runFiles, ...(active === undefined ? [] : [active])]
    const files = [
      ...eventFiles(opened.siteDirectory, opened.systemDirectory),
      ...indexed,
      ...runs.map((path): EventFile => ({ stream: "run", path }))
    ]
    return [...new Map(files.map(({ path, stream }) => [path, { path, stream }])).values()]
  })

/** Size and blocks of a file as of one moment between two batches: what is on its way to the disk is in neither. */
const sample = Effect.fnUntraced(function* (opened: Opened, path: string) {
  const now = yield* Effect.tryPromise({
    try: () =>
      opened.log.commit.exclusive(async () => ({
        size: fs.statSync(path, { throwIfNoEntry: false })?.size,
        unsaved: opened.indexer.unsaved()
      })),
    catch: asStorageFailed("stat", path)
  })
  const saved = yield* Effect.mapError(opened.index.blocksOf(path), asStorageFailed("verify", path))
  const ranges: ReadonlyArray<IndexedRange> = [
    ...saved.filter(({ offset }) => !now.unsaved.covers(path, offset)),
    ...now.unsaved.blocks.filter((block) => block.path === path)
  ]
  return { size: now.size, ranges }
})

const checkFile = (opened: Opened, path: string, numbers: NumberCheck) =>
  Effect.gen(function* () {
    const { ranges, size } = yield* sample(opened, path)
    const findings: Array<Omit<Damage, "repaired">> = []
    if (size === undefined) {
      const [first] = ranges
      if (first !== undefined) findings.push(gone(path, first, ranges))
      for (const range of ranges) numbers.excuse(range.firstSeq, range.lastSeq)
      return { bytes: 0, events: 0, findings }
    }
    const file = yield* Effect.acquireRelease(
      Effect.try({ try: () => fs.openSync(path, "r"), catch: asStorageFailed("open", path) }),
      (file) => Effect.sync(() => fs.closeSync(file))
    )
    const lines = new LineCheck(path, numbers, (finding) => void findings.push(finding))
    let end = 0
    for (const range of ranges) {
      if (range.offset > end) findings.push(unindexed(path, end, range.offset))
      const block = yield* readBlock(file, range)
      const sound = block.length === range.length && crc32(block) === range.crc
      if (!sound) {
        findings.push(damaged(path, range, block.length))
        numbers.excuse(range.firstSeq, range.lastSeq)
      }
      lines.check(block, range.offset, sound)
      end = range.offset + range.length
      yield* Effect.yieldNow()
    }
    lines.end()
    if (size > end) findings.push(unindexed(path, end, size))
    return { bytes: size, events: lines.events, findings }
  }).pipe(Effect.scoped)

/** What can't be read is as good as gone. */
const readBlock = (file: number, { length, offset }: IndexedRange): Effect.Effect<Buffer> =>
  Effect.async((resume) => {
    fs.read(file, Buffer.allocUnsafe(length), 0, length, offset, (error, count, bytes) =>
      resume(Effect.succeed(bytes.subarray(0, error === null ? count : 0)))
    )
  })

const gone = (path: string, first: IndexedRange, ranges: ReadonlyArray<IndexedRange>) => ({
  kind: "missing-file" as const,
  path,
  firstSeq: first.firstSeq,
  lastSeq: ranges.reduce((seq, range) => Math.max(seq, range.lastSeq), 0),
  message: "the file is gone; its events are lost unless it was moved away on purpose"
})

const unindexed = (path: string, offset: number, end: number) => ({
  kind: "index" as const,
  path,
  offset,
  length: end - offset,
  message: "bytes that are in no block of the index"
})

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

/** Between two batches, because the tail of a file is mended; numbers and the current view stay as they are. */
const repair = (opened: Opened, stream: StreamName, path: string) =>
  Effect.tryPromise({
    try: () =>
      opened.log.commit.exclusive(async () => {
        opened.indexer.forget(path)
        await readTail(opened.tools, stream, path, { full: false, afterSeq: Infinity })
        opened.indexer.closeAll()
      }),
    catch: asStorageFailed("repair", path)
  }).pipe(Effect.zipRight(opened.checkpoint))
