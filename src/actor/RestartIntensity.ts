/**
 * Restart intensity: how many restarts of one child, within how long, a supervisor puts up with.
 *
 * Pure: a {@link Window} is the list of restart times that still count, oldest first; `record` returns the next window,
 * or nothing once the budget is spent. Think of it as a burst (`maxRestarts` at once) and a sustained rate
 * (`maxRestarts / within`). Times are milliseconds of one monotonic clock, so a step of the wall clock spends nothing.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** At most `maxRestarts` restarts in any stretch of `within`. */
export interface RestartIntensity {
  readonly maxRestarts: number
  readonly within: Duration.DurationInput
}

/** The restarts that still count, oldest first. Never longer than `maxRestarts`. */
export type Window = ReadonlyArray<number>

/** No restart yet. */
export const empty: Window = []

/** What a supervisor allows unless told otherwise: with the default back-off, some four minutes of constant failure. */
export const defaultIntensity: RestartIntensity = { maxRestarts: 10, within: "5 minutes" }

/** Notes a restart at `now`. `None` means the budget is spent: this restart must not happen. */
export const record = (self: RestartIntensity, window: Window, now: number): Option.Option<Window> => {
  const within = Duration.toMillis(self.within)
  const recent = window.filter((at) => now - at < within)
  return recent.length >= self.maxRestarts ? Option.none() : Option.some([...recent, now])
}
