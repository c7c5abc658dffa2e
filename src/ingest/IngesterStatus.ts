/** How an ingester does, as it is now. Times are milliseconds since 1970; counts of streams and workers are of this scan. */
import type { ConnectedWorkers } from "./ConnectedWorkers.js"
import type { CurrentScan } from "./CurrentScan.js"
import type { EventCounter } from "./EventCounter.js"
import type { IngestScan } from "./IngestScan.js"

export interface StreamStatus {
  readonly name: string
  /** `closed`: takes no part in the scan. `ended` and `failed` stay so until the next scan. */
  readonly connection: "closed" | "opening" | "open" | "ended" | "failed"
  readonly frames: number
  readonly bytes: number
  /** By the numbers that frames carry, where they do. */
  readonly missing: number
  readonly repeated: number
  readonly malformed: number
  /** Behind the last event. */
  readonly beyond: number
  /** How often its connection was made again. */
  readonly reconnects: number
  /** An event waits for its frame since then. */
  readonly waitingSince: number | undefined
  /** That is longer than it should be. */
  readonly stale: boolean
}

export interface WorkerStatus {
  readonly name: string
  /** Its pings arrive. */
  readonly connected: boolean
  readonly state: "ready" | "blocked" | "dropped"
  readonly queuedMessages: number
  readonly queuedBytes: number
  readonly sentMessages: number
  readonly sentBytes: number
  readonly undelivered: number
  /** It takes nothing since then. */
  readonly blockedSince: number | undefined
}

export interface IngesterStatus {
  readonly name: string
  readonly url: string
  readonly mapping: string | undefined
  /**
   * `idle`: no scan, or none of its streams takes part; `stalled`: an event has waited too long for its frame, or its source is
   * over; `failed`: nothing is forwarded until the ingester is started again.
   */
  readonly phase: "idle" | "forwarding" | "stalled" | "finished" | "failed"
  /** Since it began, over all scans. */
  readonly processedEvents: number
  /** In the last second. */
  readonly eventRate: number
  /** Frames that came from sources since it began, in bytes. */
  readonly bytes: number
  /** Messages that were not delivered since it began. */
  readonly undelivered: number
  /** Assignments that wait for frames or for room. */
  readonly assignmentsWaiting: number
  readonly lastError: { readonly at: number; readonly detail: string } | undefined
  readonly streams: ReadonlyArray<StreamStatus>
  readonly workers: ReadonlyArray<WorkerStatus>
}

/** Put together from what its parts know. */
export const statusOf = (parts: {
  readonly options: { readonly name: string; readonly streams: ReadonlyArray<{ readonly name: string }> }
  readonly url: string
  readonly counter: EventCounter
  readonly workers: ConnectedWorkers
  readonly current: CurrentScan
  readonly failed: boolean
  readonly lastError: IngesterStatus["lastError"]
}): IngesterStatus => {
  const { counter, current, options, workers } = parts
  const scan = current.get()
  const active = new Map(scan?.streams().map((stream) => [stream.name, stream]))
  return {
    name: options.name,
    url: parts.url,
    mapping: scan?.mapping,
    phase: parts.failed ? "failed" : phaseOf(scan),
    processedEvents: counter.processed(),
    eventRate: counter.rate(),
    ...current.totals(),
    assignmentsWaiting: scan?.assignmentsWaiting() ?? 0,
    lastError: parts.lastError,
    streams: options.streams.map(({ name }) => active.get(name) ?? closed(name)),
    workers: (scan?.workers() ?? []).map((worker) => ({ ...worker, connected: workers.has(worker.name) }))
  }
}

// ---------------------------------------------------------------------------------------------------------------------

const phaseOf = (scan: IngestScan | undefined): IngesterStatus["phase"] => {
  const streams = scan?.streams() ?? []
  if (scan === undefined || streams.length === 0) return "idle"
  if (scan.finished()) return "finished"
  const isOver = ({ connection }: StreamStatus) => connection === "ended" || connection === "failed"
  return streams.some((stream) => stream.stale || (stream.waitingSince !== undefined && isOver(stream)))
    ? "stalled"
    : "forwarding"
}

const closed = (name: string): StreamStatus => ({
  name,
  connection: "closed",
  frames: 0,
  bytes: 0,
  missing: 0,
  repeated: 0,
  malformed: 0,
  beyond: 0,
  reconnects: 0,
  waitingSince: undefined,
  stale: false
})
