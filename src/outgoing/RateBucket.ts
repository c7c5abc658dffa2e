/**
 * How fast one server may be asked by everyone in this process together: a token bucket that refills at a rate. When the
 * server says that it is asked too often, nobody asks before the time it names, and the rate is halved; it comes back slowly
 * with answers that are none. Whoever waits can be interrupted, and then takes no token.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

export interface Rate {
  readonly perSecond: number
  /** How many at once after a pause. */
  readonly burst: number
}

export interface RateBucketStatus {
  /** Requests a second that are let through now; undefined for no limit. */
  readonly perSecond: number | undefined
  /** Until when nobody asks, in milliseconds since the epoch; undefined where nothing is paused. */
  readonly pausedUntil: number | undefined
  /** Fibers that wait for their turn. */
  readonly waiting: number
}

export interface RateBucket {
  /** Suspends until it is this fiber's turn, first come first served; answers the time at which it was let through. */
  readonly take: Effect.Effect<number>
  /** An answer that was no refusal. */
  readonly accepted: Effect.Effect<void>
  /**
   * A refusal of a request that was let through at `takenAt`: a pause for all of `wait` milliseconds, or of a growing time
   * where the server named none. Refusals of requests that were under way together halve the rate once.
   */
  readonly refused: (takenAt: number, wait: number | undefined) => Effect.Effect<void>
  /** A pause for all that says nothing about the rate. */
  readonly pause: (wait: number) => Effect.Effect<void>
  /** Another rate from now on; undefined for no limit. */
  readonly setRate: (rate: Rate | undefined) => Effect.Effect<void>
  readonly status: Effect.Effect<RateBucketStatus>
}

export const make = (initial: Rate | undefined): Effect.Effect<RateBucket> =>
  Effect.sync(() => {
    const line = Effect.unsafeMakeSemaphore(1)
    let rate = initial
    /** The part of the rate that is in use: halved by a refusal, back at 1 after many answers. */
    let share = 1
    let tokens = initial?.burst ?? 0
    let filledAt = Number.NEGATIVE_INFINITY
    let pausedUntil = Number.NEGATIVE_INFINITY
    let refusedAt = Number.NEGATIVE_INFINITY
    let refusalsInRow = 0
    let waiting = 0

    /** Milliseconds until the first in line may go; 0 takes a token. */
    const turn = (now: number): number => {
      // However far a clock was set back, a pause is no longer than the longest one.
      pausedUntil = Math.min(pausedUntil, now + longestPause)
      if (pausedUntil > now) return pausedUntil - now
      if (rate === undefined) return 0
      const perMilli = (rate.perSecond * share) / 1000
      // A clock that was set back fills nothing, and one set forward fills no more than the burst.
      tokens = Math.min(rate.burst, tokens + Math.max(0, now - filledAt) * perMilli)
      filledAt = now
      if (tokens < 1 - slack) return Math.max(1, Math.ceil((1 - tokens) / perMilli))
      tokens -= 1
      return 0
    }

    const first: Effect.Effect<number> = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const wait = turn(now)
      return wait === 0 ? Effect.succeed(now) : Effect.zipRight(Effect.sleep(Math.min(wait, longestSleep)), first)
    })

    const pause = (now: number, wait: number) => {
      pausedUntil = Math.max(pausedUntil, now + Math.min(wait, longestPause))
    }

    return {
      take: Effect.suspend(() => {
        waiting++
        return Effect.ensuring(
          line.withPermits(1)(first),
          Effect.sync(() => waiting--)
        )
      }),
      accepted: Effect.sync(() => {
        refusalsInRow = 0
        share = Math.min(1, share + recovery)
      }),
      refused: (takenAt, wait) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          if (takenAt > refusedAt) {
            refusedAt = now
            refusalsInRow++
            share = Math.max(leastShare, share / 2)
            tokens = Math.min(tokens, 0)
          }
          pause(now, wait ?? 1000 * 2 ** Math.min(refusalsInRow - 1, 6))
        }),
      pause: (wait) => Effect.map(Clock.currentTimeMillis, (now) => pause(now, wait)),
      setRate: (next) =>
        Effect.sync(() => {
          if (next !== undefined && (rate === undefined || next.burst < rate.burst))
            tokens = rate === undefined ? next.burst : Math.min(tokens, next.burst)
          rate = next
        }),
      status: Effect.map(Clock.currentTimeMillis, (now) => ({
        perSecond: rate === undefined ? undefined : rate.perSecond * share,
        pausedUntil: pausedUntil > now ? pausedUntil : undefined,
        waiting
      }))
    }
  })

// ------------------------------------------------------------------------------------------------------------------

/** What is added to the share by each answer: from a half back to the whole in 50. */
const recovery = 0.01
const leastShare = 1 / 64
/** So that a sum of fractions counts as the one it is meant to be. */
const slack = 1e-9
/** A server may not silence a station for longer, whatever it says. */
const longestPause = 3_600_000
/** Whoever sleeps looks again that often: the rate may have been changed meanwhile. */
const longestSleep = 60_000
