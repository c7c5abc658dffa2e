import type * as Effect from "effect/Effect"

/** What came of a scan. It becomes an event of type `scan`. */
export interface ScanSummary {
  readonly mapping: string
  /**
   * `completed`: every event is accounted for; `stopped`: on request; `replaced`: by the next map; `abandoned`: the controller ended. Of a
   * controller that was killed its successor tells that, by what stands in the ensemble's memory.
   */
  readonly ending: "completed" | "stopped" | "replaced" | "abandoned"
  readonly events: number
  /** Disjoint; they add up to `events`. */
  readonly processed: number
  readonly reassigned: number
  readonly lost: number
  /** The events that were lost, as ranges from the first to the last one, at most a thousand of them. */
  readonly lostRanges: ReadonlyArray<readonly [first: number, last: number]>
  /** Results that workers have sent and the reducer of the end does not have: those of one that went in the middle, above all. */
  readonly resultsLost: number
  readonly streams: ReadonlyArray<string>
  readonly workers: ReadonlyArray<string>
  readonly seconds: number
  /** Events in a second, over the whole scan. */
  readonly rate: number
}

/** Who wants to know. */
export interface Hearing {
  /**
   * Told what came of each scan, before the next one begins: also of the one that this controller leaves by its own end, and
   * of one that a killed controller has left.
   */
  readonly onEnd?: (summary: ScanSummary) => Effect.Effect<void>
}
