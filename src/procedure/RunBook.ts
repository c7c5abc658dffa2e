/**
 * What is known of the runs of one procedure: when, how they ended, what was dropped. Plain: it changes in one synchronous step
 * at a time, so that a run costs a few assignments, and is read when someone looks.
 */

/** How a command ended. */
export interface CommandExit {
  readonly code: number | undefined
  readonly signal: string | undefined
}

export class RunBook {
  /** Runs begun in this life of the site. */
  runs = 0
  /** Starts that came due while a run was under way. */
  overruns = 0
  /** Milliseconds since the epoch. */
  startedAt: number | undefined
  endedAt: number | undefined
  /** When the last run that succeeded began; of an earlier life of the site too. */
  succeededAt: number | undefined
  nextAt: number | undefined
  exit: CommandExit | undefined
  lastError: string | undefined
  progress: unknown = undefined
  /** Lines of its log that were too many. */
  droppedLines = 0
  /** Lines of its output that were wrong by the protocol, and events or state that were refused. */
  refused = 0

  isRunning = false

  /** The progress as JSON carries it: what one procedure says must not keep the others from being shown. */
  get shownProgress(): unknown {
    try {
      const text = JSON.stringify(this.progress) ?? "null"
      return text.length <= mostShown ? JSON.parse(text) : `${text.slice(0, mostShown)}...`
    } catch {
      return "no JSON"
    }
  }

  begin(now: number): void {
    this.isRunning = true
    this.runs++
    this.startedAt = now
    this.nextAt = undefined
  }

  /** `error` of one that failed; a run that was interrupted has neither failed nor succeeded. */
  end(now: number, outcome: "succeeded" | "failed" | "interrupted", error?: string): void {
    this.isRunning = false
    this.endedAt = now
    if (outcome === "succeeded") this.succeededAt = this.startedAt
    if (outcome === "failed") this.lastError = error
  }
}

/** Characters of a progress that are shown as they are. */
const mostShown = 16_384
