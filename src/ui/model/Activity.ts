/** How many events came in, in steps of five seconds over ten minutes. */

export const stepMillis = 5_000
export const steps = 120

export class Activity {
  private readonly counts = new Map<number, number>()

  add(at: number): void {
    const step = Math.floor(at / stepMillis)
    this.counts.set(step, (this.counts.get(step) ?? 0) + 1)
    if (this.counts.size > 2 * steps) this.forget(step - steps)
  }

  /** Oldest first; the last step is the one under way. */
  upTo(now: number): ReadonlyArray<{ readonly from: number; readonly events: number }> {
    const last = Math.floor(now / stepMillis)
    return Array.from({ length: steps }, (_, index) => {
      const step = last - steps + 1 + index
      return { from: step * stepMillis, events: this.counts.get(step) ?? 0 }
    })
  }

  private forget(before: number): void {
    for (const step of this.counts.keys()) if (step < before) this.counts.delete(step)
  }
}
