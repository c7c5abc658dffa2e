/** How live collection behaves, with what is usual. */
import * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"

export interface LiveTuning {
  /** The venue is pinged so often; silence for two of them is the end of a connection. */
  readonly heartbeat: Duration.Duration
  /** How long a venue may take to answer a subscription, or to tell a book from its beginning. */
  readonly answerWithin: Duration.Duration
  /** Waits between connections. */
  readonly backoff: Schedule.Schedule<unknown>
  /** After so long live the waits begin at the shortest again. */
  readonly healthyAfter: Duration.Duration
  /** A refused subscription is tried again so late. */
  readonly rejectedRetry: Duration.Duration
  /** Before a loss, and before now, this much is not called covered: it may not have arrived. */
  readonly margin: Duration.Duration
  /** So many rows are flushed at once, whatever the time step. */
  readonly flushRows: number
  /** Rows of one stream that may wait in memory; beyond that the venue waits. */
  readonly maxRows: number
  /** Time to flush at a stop. */
  readonly shutdown: Duration.Duration
}

export const usual: LiveTuning = {
  heartbeat: Duration.seconds(10),
  answerWithin: Duration.seconds(20),
  // 5 to 60 s. Streams that fell together rise apart.
  backoff: Schedule.exponential("6250 millis").pipe(
    Schedule.either(Schedule.spaced("60 seconds")),
    Schedule.jitteredWith({ min: 0.8, max: 1 })
  ),
  healthyAfter: Duration.minutes(1),
  rejectedRetry: Duration.minutes(15),
  margin: Duration.seconds(1),
  flushRows: 20_000,
  maxRows: 200_000,
  shutdown: Duration.seconds(10)
}
