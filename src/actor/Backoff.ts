/**
 * Back-off: a `Schedule` stepped by hand, so that a supervisor can publish when the next life begins and can be called
 * away while it waits. A `Schedule` driver would sleep by itself; this one only answers how long.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"

/** One child's way through its schedule. */
export interface Backoff {
  /** The wait before the next life, or `None` when the schedule allows no more. `input` is what ended the last life. */
  readonly next: (input: unknown) => Effect.Effect<Option.Option<Duration.Duration>>
  /** Back to the first step: the child has been healthy long enough, or a person started it. */
  readonly reset: Effect.Effect<void>
}

/** Exponential from 250 ms to 60 s, each wait cut by up to a quarter so that children that fell together rise apart. */
export const defaultSchedule: Schedule.Schedule<unknown> = Schedule.exponential("250 millis").pipe(
  Schedule.either(Schedule.spaced("60 seconds")),
  Schedule.jitteredWith({ min: 0.75, max: 1 })
)

/** No wait at all: for tests, and for children whose start is known to be cheap. */
export const none: Schedule.Schedule<unknown> = Schedule.forever

/** A fresh way through `schedule`. */
export const make = (schedule: Schedule.Schedule<unknown>): Backoff => {
  let state: unknown = schedule.initial
  return {
    next: Effect.fnUntraced(function* (input) {
      const now = yield* Clock.currentTimeMillis
      const [nextState, , decision] = yield* schedule.step(now, input, state)
      state = nextState
      if (ScheduleDecision.isDone(decision)) return Option.none()
      return Option.some(Duration.millis(Math.max(0, ScheduleIntervals.start(decision.intervals) - now)))
    }),
    reset: Effect.sync(() => {
      state = schedule.initial
    })
  }
}
