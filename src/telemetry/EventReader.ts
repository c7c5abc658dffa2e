/**
 * Reads stored lines by stream, type, time and number: the index names the blocks that may hold them, only those are read,
 * and of a block whose rare lines are indexed only these. Lines come in the order of the log. A file that is gone is told of in
 * the log of the program, and the rest is read.
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"
import type { StreamName } from "../domain/StreamName.js"
import type { Block } from "./internal/block.js"
import type { BlockIndexer } from "./internal/blockIndexer.js"
import * as BlockReader from "./internal/blockReader.js"
import { LineHeader } from "./internal/lineHeader.js"
import { other } from "./internal/typeDictionary.js"
import type { IndexedBlock, SqlIndex } from "./SqlIndex.js"

/** One stream's part of a question. `types` are quoted, in line form. */
export interface Selection {
  readonly stream: StreamName
  readonly types: ReadonlyArray<string>
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly afterSeq?: number | undefined
  readonly beforeSeq?: number | undefined
  readonly descending: boolean
}

export interface FoundLine {
  readonly stream: StreamName
  readonly seq: number
  readonly ts: number
  readonly line: string
}

/** An answer that has become this long ends, however few its lines are. */
const charactersLimit = 16 * 1024 * 1024

/** Blocks asked of the index at a time. */
const blocksPerPage = 64

/** What a reading is about to read that is not in the saved index, as of its begin: a checkpoint may save it meanwhile. */
interface Fresh {
  readonly blocks: ReadonlyArray<BlockReader.ReadableBlock>
  /** Whether a block of the saved index is one of these, or came after the begin, or is of a file that is gone. */
  readonly covers: (block: IndexedBlock) => boolean
}

/** Where a reading stands: which saved blocks are still to come, and whether the unsaved ones had their turn. */
interface Place {
  readonly from: number | undefined
  readonly queue: ReadonlyArray<BlockReader.ReadableBlock>
  readonly saved: "more" | "done"
  readonly unsaved: "todo" | "done"
  readonly fresh: Fresh
}

export const make = (index: SqlIndex, indexer: BlockIndexer) => {
  /** Numbers of the types; lines of one that is beyond the dictionary stand under the number they share. */
  const typeIds = (types: ReadonlyArray<string>) => [
    ...types.flatMap((type) => indexer.types.find(type) ?? []),
    ...(types.length > 0 && indexer.types.full ? [other] : [])
  ]

  /** Types that were never seen have no lines. */
  const impossible = (selection: Selection) => selection.types.length > 0 && typeIds(selection.types).length === 0

  const freshOf = (selection: Selection): Fresh => {
    const types = typeIds(selection.types)
    const unsaved = indexer.unsaved()
    const ofStream = unsaved.blocks.filter((block) => block.stream === selection.stream)
    const newest = ofStream.reduce((seq, block) => Math.max(seq, block.lastSeq), 0) || Infinity
    const matching = ofStream
      .filter(
        (block) =>
          (selection.types.length === 0 || types.some((type) => block.counts.has(type))) &&
          !(selection.since !== undefined && block.lastTs < selection.since) &&
          !(selection.until !== undefined && block.firstTs >= selection.until) &&
          !(selection.afterSeq !== undefined && block.lastSeq <= selection.afterSeq) &&
          !(selection.beforeSeq !== undefined && block.firstSeq >= selection.beforeSeq)
      )
      .sort((a, b) => a.firstSeq - b.firstSeq)
    return {
      blocks: (selection.descending ? matching.reverse() : matching).map(asReadable),
      covers: ({ firstSeq, offset, path }) => unsaved.covers(path, offset) || firstSeq > newest
    }
  }

  const begin = (selection: Selection): Place => ({
    from: undefined,
    queue: [],
    saved: "more",
    unsaved: "todo",
    fresh: freshOf(selection)
  })

  const askIndex = (selection: Selection, place: Place) =>
    index
      .blocks({
        stream: selection.stream,
        types: typeIds(selection.types),
        since: selection.since,
        until: selection.until,
        afterSeq: selection.afterSeq,
        beforeSeq: selection.beforeSeq,
        descending: selection.descending,
        from: place.from,
        limit: blocksPerPage
      })
      .pipe(Effect.mapError(asStorageFailed("query", "index")))

  /** The next block's lines, and where to go on; none where there are no more blocks. */
  const step = (
    selection: Selection,
    place: Place
  ): Effect.Effect<readonly [ReadonlyArray<FoundLine>, Option.Option<Place>], StorageFailed> =>
    Effect.gen(function* () {
      if (place.queue.length > 0) {
        const together = readTogether(place.queue)
        const lines = yield* linesOf(selection, together)
        return [lines, Option.some({ ...place, queue: place.queue.slice(together.length) })]
      }
      const unsavedNext: Place = { ...place, unsaved: "done", queue: place.fresh.blocks }
      if (selection.descending && place.unsaved === "todo") return [[], Option.some(unsavedNext)]
      if (place.saved === "more") {
        const blocks = yield* askIndex(selection, place)
        const last = blocks[blocks.length - 1]
        if (last === undefined) return [[], Option.some({ ...place, saved: "done" })]
        return [
          [],
          Option.some({
            ...place,
            from: last.id,
            queue: blocks.filter((candidate) => !place.fresh.covers(candidate)),
            saved: blocks.length < blocksPerPage ? "done" : "more"
          })
        ]
      }
      return [[], place.unsaved === "todo" ? Option.some(unsavedNext) : Option.none()]
    })

  /** Files that were gone when they were to be read: each is told of once. */
  const gone = new Set<string>()

  const linesOf = Effect.fnUntraced(function* (selection: Selection, blocks: ReadonlyArray<BlockReader.ReadableBlock>) {
    const missing: Array<string> = []
    const read = yield* BlockReader.read(blocks, (path) => {
      if (!gone.has(path)) missing.push(path)
      gone.add(path)
    })
    for (const path of missing) yield* Effect.logWarning(`${path} is gone: answers are without the events in it`)
    const matching = new Matching(selection)
    return read.flatMap((ranges) => {
      const found = ranges.flatMap((bytes) => matching.linesIn(bytes))
      return selection.descending ? found.reverse() : found
    })
  })

  /** Up to `limit` lines of the selections, one after the other; fewer where they are very long, and then `cut`. */
  const take = Effect.fnUntraced(function* (selections: ReadonlyArray<Selection>, limit: number) {
    const found: Array<FoundLine> = []
    let characters = 0
    const isFull = () => found.length >= limit || characters >= charactersLimit
    for (const selection of selections) {
      let place = isFull() || impossible(selection) ? Option.none<Place>() : Option.some(begin(selection))
      while (Option.isSome(place) && !isFull()) {
        const [lines, next] = yield* step(selection, place.value)
        for (const line of lines) {
          if (isFull()) break
          found.push(line)
          characters += line.line.length
        }
        place = next
      }
    }
    return { found, cut: characters >= charactersLimit }
  })

  /** All lines of one stream, block by block. */
  const stream = (selection: Selection): Stream.Stream<FoundLine, StorageFailed> =>
    Stream.suspend(() =>
      impossible(selection)
        ? Stream.empty
        : Stream.paginateChunkEffect(begin(selection), (place) =>
            Effect.map(step(selection, place), ([lines, next]) => [Chunk.unsafeFromArray(lines), next] as const)
          )
    )

  return { take, stream }
}

export type EventReader = ReturnType<typeof make>

// -----------------------------------------------------------------------------

/** Single lines of many blocks are read at the same time; a block that is read whole is read alone. */
const readTogether = (queue: ReadonlyArray<BlockReader.ReadableBlock>): ReadonlyArray<BlockReader.ReadableBlock> => {
  const whole = queue.findIndex((block) => block.places === undefined)
  return queue.slice(0, whole < 0 ? pointReads : Math.max(1, Math.min(whole, pointReads)))
}

/** How many blocks' single lines are read at the same time. */
const pointReads = 16

const asReadable = (block: Block): BlockReader.ReadableBlock => ({
  path: block.path,
  offset: block.offset,
  length: block.length,
  places: undefined
})

/** Finds the lines of a selection among others. */
class Matching {
  private readonly header = new LineHeader()
  private readonly wanted: ReadonlyArray<Buffer>

  constructor(private readonly selection: Selection) {
    this.wanted = selection.types.map((type) => Buffer.from(type, "latin1"))
  }

  linesIn(bytes: Buffer): ReadonlyArray<FoundLine> {
    const { header, selection } = this
    const found: Array<FoundLine> = []
    let start = 0
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      if (header.read(bytes, start, end) && this.accepts()) {
        const line = bytes.toString("latin1", start, end)
        found.push({ stream: selection.stream, seq: header.seq, ts: header.ts, line })
      }
      start = end + 1
    }
    return found
  }

  private accepts(): boolean {
    const { header, selection, wanted } = this
    if (selection.afterSeq !== undefined && header.seq <= selection.afterSeq) return false
    if (selection.beforeSeq !== undefined && header.seq >= selection.beforeSeq) return false
    if (selection.since !== undefined && header.ts < selection.since) return false
    if (selection.until !== undefined && header.ts >= selection.until) return false
    if (wanted.length === 0) return true
    return wanted.some(
      (type) =>
        type.length === header.typeEnd - header.typeStart &&
        type.compare(header.typeBytes, header.typeStart, header.typeEnd) === 0
    )
  }
}
