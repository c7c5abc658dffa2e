/**
 * Who waits for something to become true, looked at each time something has changed: nobody polls.
 *
 * @internal
 */
import * as Effect from "effect/Effect"

export class Pulse {
  private readonly waiting = new Set<() => boolean>()

  /** Something has changed: those whose condition holds go on. */
  fire(): void {
    for (const look of this.waiting) if (look()) this.waiting.delete(look)
  }

  /** Suspends until the condition holds. */
  until(condition: () => boolean): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      if (condition()) return resume(Effect.void)
      const look = () => {
        if (!condition()) return false
        resume(Effect.void)
        return true
      }
      this.waiting.add(look)
      return Effect.sync(() => this.waiting.delete(look))
    })
  }
}
