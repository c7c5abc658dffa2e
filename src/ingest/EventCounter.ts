/** How many events a service has processed since it began, and how many in the last second. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

export interface EventCounter {
  readonly add: (events: number) => void
  readonly processed: () => number
  /** Events in a second. */
  readonly rate: () => number
}

/** Looks once a second for as long as the scope lasts. */
export const make: Effect.Effect<EventCounter, never, Scope.Scope> = Effect.gen(function* () {
  const clock = yield* Effect.clock
  let processed = 0
  let rate = 0
  let before = { processed, at: clock.unsafeCurrentTimeNanos() }
  const look = Effect.sync(() => {
    const at = clock.unsafeCurrentTimeNanos()
    rate = (processed - before.processed) / Math.max(Number(at - before.at) / 1e9, 1e-3)
    before = { processed, at }
  })
  yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep("1 second"), look)))
  return {
    add: (events) => {
      processed += events
    },
    processed: () => processed,
    rate: () => rate
  }
})
