/**
 * The time of a message in microseconds. What is put without a time gets one that no other has: far sides know messages by
 * it, and a clock tells milliseconds only.
 *
 * @internal
 */
export class Stamps {
  private last = 0

  /** `at`: the sender's own, in milliseconds, kept as it is. Undefined where that is no time. */
  of(at: number | undefined, now: number): number | undefined {
    if (at !== undefined) {
      const micros = Math.round(at * 1000)
      return Math.abs(micros) <= furthest ? micros : undefined
    }
    const wanted = Math.round(now * 1000)
    // A clock that was set back by more is believed.
    const behind = this.last - wanted
    this.last = behind >= 0 && behind < 1_000_000 ? this.last + 1 : wanted
    return this.last
  }
}

/** In the year 2255: beyond it a double holds no microseconds. */
const furthest = Number.MAX_SAFE_INTEGER
