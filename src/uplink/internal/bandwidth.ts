/**
 * So many bytes a second and no more: what passes pushes the moment at which the next may pass. After a pause a second's worth
 * goes at once.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

export interface Bandwidth {
  /** Suspends until so many bytes may go, first come first served. */
  readonly pass: (bytes: number) => Effect.Effect<void>
}

export const unlimited: Bandwidth = { pass: () => Effect.void }

export const make = (bytesPerSecond: number): Bandwidth => {
  let paidUntil = Number.NEGATIVE_INFINITY
  return {
    pass: (bytes) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const begin = Math.max(paidUntil, now - burst)
        paidUntil = begin + (bytes * 1000) / bytesPerSecond
        return begin > now ? Effect.sleep(Math.ceil(begin - now)) : Effect.void
      })
  }
}

/** Milliseconds' worth that may go at once. */
const burst = 1000
