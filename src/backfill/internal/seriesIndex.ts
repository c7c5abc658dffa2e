/**
 * What is known of a series, kept window by window beside its ledger: which ranges are fetched, empty or failed, and which
 * windows wait for a stage. Asking costs what the answer holds, not what the ledger holds.
 *
 * @internal
 */
import type { TimeRange } from "../../domain/TimeRange.js"
import type { ChunkState } from "../../ledger/ChunkState.js"
import type { Coverage } from "../ChunkBook.js"
import { downloadedOnly, meaning, processedOnly } from "./chunkReading.js"
import { KnownRanges } from "./knownRanges.js"

export class SeriesIndex {
  private readonly known = new KnownRanges()
  private readonly unmerged = new WindowSet()
  /** Kept from the first question on: a series that is not uploaded has all of its windows in it. */
  private unsent: WindowSet | undefined

  /** The windows of the ledger as it was opened. One of which nothing is known takes nothing from those it overlaps. */
  constructor(chunks: Iterable<ChunkState>) {
    for (const chunk of chunks) {
      const said = meaning(chunk)
      if (said !== "unknown") this.known.learn(chunk.window, said)
      if (downloadedOnly(chunk) !== undefined) this.unmerged.put(chunk.window, true)
    }
  }

  /** A window of which a row became durable, as the ledger has it now. */
  learn(chunk: ChunkState): void {
    this.known.learn(chunk.window, meaning(chunk))
    this.unmerged.put(chunk.window, downloadedOnly(chunk) !== undefined)
    this.unsent?.put(chunk.window, processedOnly(chunk) !== undefined)
  }

  get coverage(): Coverage {
    return this.known.coverage
  }

  /** Windows that are downloaded and not merged. */
  get toMerge(): Iterable<TimeRange> {
    return this.unmerged
  }

  /** Windows that are in the dataset and not uploaded; `chunks` is all of the ledger, taken where this was never asked. */
  toUpload(chunks: Iterable<ChunkState>): Iterable<TimeRange> {
    if (this.unsent !== undefined) return this.unsent
    this.unsent = new WindowSet()
    for (const chunk of chunks) if (processedOnly(chunk) !== undefined) this.unsent.put(chunk.window, true)
    return this.unsent
  }
}

// -----------------------------------------------------------------------------

class WindowSet implements Iterable<TimeRange> {
  private readonly held = new Map<string, TimeRange>()

  put(window: TimeRange, isIn: boolean): void {
    if (isIn) this.held.set(`${window.start}-${window.end}`, window)
    else if (this.held.size > 0) this.held.delete(`${window.start}-${window.end}`)
  }

  [Symbol.iterator](): Iterator<TimeRange> {
    return this.held.values()
  }
}
