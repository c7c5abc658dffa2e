/**
 * How many lines of its log a command may print: a burst, and so many a second after that. What is beyond is dropped and
 * counted. Plain and synchronous: it is asked for each line of a flood.
 */
export interface Options {
  /** Lines at once. */
  readonly burst: number
  /** Lines a second in the long run. */
  readonly perSecond: number
}

export const usual: Options = { burst: 200, perSecond: 20 }

export class LogBudget {
  #left: number
  #filledAt: number
  #dropped = 0

  constructor(
    private readonly now: () => number,
    private readonly options: Options = usual
  ) {
    this.#left = options.burst
    this.#filledAt = now()
  }

  /** Whether a line may be printed; one that may not is counted. */
  take(): boolean {
    this.#fill()
    if (this.#left < 1) {
      this.#dropped++
      return false
    }
    this.#left--
    return true
  }

  /** Lines dropped since this was asked last, once there is room again to tell of them; with `end` in any case. */
  takeDropped(end = false): number {
    if (this.#dropped === 0) return 0
    this.#fill()
    if (this.#left < 1 && !end) return 0
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  #fill(): void {
    const now = this.now()
    const { burst, perSecond } = this.options
    // A clock that was set back fills nothing, and counts from there.
    this.#left = Math.min(burst, this.#left + Math.max(0, ((now - this.#filledAt) / 1_000) * perSecond))
    this.#filledAt = now
  }
}
