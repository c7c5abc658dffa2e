/**
 * Tells the blocks, the current view and the followers of events that have become durable.
 *
 * @internal
 */
import type { Batch, Segment } from "../../journal/Batch.js"
import type { StreamName } from "../../domain/StreamName.js"
import type { BlockIndexer } from "./blockIndexer.js"
import type { CurrentView } from "./currentView.js"
import * as Marks from "./marks.js"
import type { RecentLines } from "./recentLines.js"
import { other, type TypeDictionary } from "./typeDictionary.js"

export interface Told {
  readonly types: TypeDictionary
  readonly current: CurrentView
  readonly recent: RecentLines
  readonly blocks: BlockIndexer
  /** An event that is durable and must not become current. */
  readonly notCurrent: (stream: StreamName, seq: number) => void
}

/** Tells of the records of a segment of the batch, whose marks are `[from, to)`; answers how many events they are. */
export const tell = (told: Told, batch: Batch, segment: Segment, from: number, to: number): number => {
  if (Marks.isRunSwitch(batch, from)) {
    told.current.clearRun()
    return 0
  }
  if (!Marks.has(batch, from, Marks.aside)) index(told.blocks, batch, segment, from, to)
  show(told, batch, from, to)
  return (to - from) / Marks.markSize
}

const index = (blocks: BlockIndexer, batch: Batch, segment: Segment, from: number, to: number): void => {
  const builder = blocks.builder(Marks.stream(batch, from), segment.target.path, segment.offset)
  let pending = segment.start
  for (let m = from; m < to; m += Marks.markSize) {
    const start = Marks.start(batch, m)
    const end = Marks.end(batch, m)
    const given = Marks.time(batch, m)
    const ts = Number.isNaN(given) ? blocks.timeOf(batch.buffer, start, end) : given
    builder.line(end - start, Marks.seq(batch, m), ts, Marks.type(batch, m))
    if (builder.length >= blocks.blockBytes) {
      builder.bytes(batch.buffer, pending, end)
      pending = end
      blocks.closed(builder)
    }
  }
  if (pending < segment.end) builder.bytes(batch.buffer, pending, segment.end)
}

/** Current view and followers; only the last event of a type in the batch is turned into text for the view. */
const show = (told: Told, batch: Batch, from: number, to: number): void => {
  const { current, notCurrent, recent } = told
  const latest = new Map<number, number>()
  for (let m = from; m < to; m += Marks.markSize) {
    const stream = Marks.stream(batch, m)
    const type = Marks.type(batch, m)
    if (Marks.has(batch, m, Marks.notCurrent)) notCurrent(stream, Marks.seq(batch, m))
    // Types beyond the dictionary share one number: each may be the last one of its own.
    else if (stream !== "system") latest.set(type === other ? -m - 1 : type, m)
    if (recent.active && !Marks.has(batch, m, Marks.aside)) {
      recent.add({
        stream,
        seq: Marks.seq(batch, m),
        ts: Marks.time(batch, m),
        type: typeOf(told, batch, m),
        line: Marks.text(batch, m)
      })
    }
  }
  for (const m of latest.values()) {
    const stream = Marks.stream(batch, m) === "run" ? "run" : "site"
    current.set(stream, typeOf(told, batch, m), Marks.seq(batch, m), Marks.text(batch, m))
  }
}

const typeOf = ({ blocks, types }: Told, batch: Batch, mark: number): string => {
  const type = Marks.type(batch, mark)
  if (type !== other) return types.text(type)
  return blocks.typeText(batch.buffer, Marks.start(batch, mark), Marks.end(batch, mark))
}
