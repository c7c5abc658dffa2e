/**
 * A level-triggered signal: "something has changed, look again".
 *
 * It carries no data. Whoever waits reads the version first and the state after it; a pulse between the two makes the
 * wait return at once, so that no change can be missed, and any number of pulses make for one wake-up.
 */
import * as Effect from "effect/Effect"

export class Signal {
  #version = 0
  readonly #waiting = new Set<() => void>()

  /** Rises with every pulse. Read it before the state that is waited on. */
  get version(): number {
    return this.#version
  }

  /** Wakes all who wait. */
  pulse(): void {
    this.#version++
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  /** Returns once there has been a pulse since `seen`. */
  changed(seen: number): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      if (this.#version !== seen) return resume(Effect.void)
      const wake = () => resume(Effect.void)
      this.#waiting.add(wake)
      return Effect.sync(() => this.#waiting.delete(wake))
    })
  }

  /** Returns once `holds` does. Every change of what `holds` reads has to be followed by a pulse. */
  until(holds: () => boolean): Effect.Effect<void> {
    return Effect.suspend(() => {
      const seen = this.#version
      return holds() ? Effect.void : Effect.zipRight(this.changed(seen), this.until(holds))
    })
  }
}
