/**
 * Keeps a burst of the same line from filling the disk: of lines that differ only in their digits, from one place and of one
 * level, so many pass within a window; the rest is counted, and the count is a line of its own once the window is over.
 * Not thread-safe, total, and bounded: past its limit of keys the oldest is told and forgotten.
 *
 * @internal
 */
import type { LogEntry } from "./logText.js"

export interface BurstLimit {
  /** Lines of one kind that pass within a window; 0 for no bound. */
  readonly lines: number
  /** Milliseconds. */
  readonly within: number
}

interface Kind {
  readonly begin: number
  readonly last: LogEntry
  readonly passed: number
  readonly held: number
}

const mostKinds = 1_000

export class LogBurst {
  /** In the order in which their windows began. */
  private readonly kinds = new Map<string, Kind>()

  constructor(private readonly limit: BurstLimit) {}

  /** What is to be written now, for this line and for windows that are over by `now` (ms). */
  take(entry: LogEntry, now: number): ReadonlyArray<LogEntry> {
    if (this.limit.lines === 0) return [entry]
    const told = this.over(now)
    const key = keyOf(entry)
    const kind = this.kinds.get(key) ?? { begin: now, passed: 0, held: 0 }
    const passes = kind.passed < this.limit.lines
    const counted = passes ? { passed: kind.passed + 1, held: kind.held } : { passed: kind.passed, held: kind.held + 1 }
    this.kinds.set(key, { begin: kind.begin, last: entry, ...counted })
    if (passes) told.push(entry)
    if (this.kinds.size > mostKinds) told.push(...this.forgetOldest())
    return told
  }

  /** Counts of everything that is held back, at the end. */
  rest(): ReadonlyArray<LogEntry> {
    return this.over(Infinity)
  }

  private over(now: number): Array<LogEntry> {
    const told: Array<LogEntry> = []
    for (const [key, kind] of this.kinds) {
      if (now - kind.begin < this.limit.within && now >= kind.begin) break
      this.kinds.delete(key)
      told.push(...count(kind))
    }
    return told
  }

  private forgetOldest(): ReadonlyArray<LogEntry> {
    for (const [key, kind] of this.kinds) {
      this.kinds.delete(key)
      return count(kind)
    }
    return []
  }
}

// -----------------------------------------------------------------------------

const keyOf = ({ child, level, message, source }: LogEntry): string =>
  `${level}\n${child ?? ""}\n${source ?? ""}\n${message.slice(0, 200).replace(/\d+/g, "0")}`

/** The last line that was held back, with how many there were. */
const count = ({ held, last }: Kind): ReadonlyArray<LogEntry> =>
  held === 0
    ? []
    : [{ ...last, message: `${last.message} (${held === 1 ? "a line" : `${held} lines`} like this left out)` }]
