/**
 * The limits of the servers that are asked, by the name of the source or of the server, and shared by everyone in the process: jobs, schedules
 * and people wait in one line, and one refusal (429, 418) pauses them all for as long as the server says.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SynchronizedRef from "effect/SynchronizedRef"
import { Outgoing, type OutgoingService } from "./Outgoing.js"
import * as RateBucket from "./RateBucket.js"
import * as RetryAfter from "./RetryAfter.js"

export class RateLimits extends Context.Tag("outpost/outgoing/RateLimits")<
  RateLimits,
  {
    /**
     * `Outgoing` through the bucket of a source: `send` waits for its turn, in order of arrival, before its own time limit
     * begins to run. The bucket is made at the first call and is one for the process; a call with another rate changes it.
     * Without a rate there is no limit but the pauses that the server asks for.
     */
    readonly limited: (source: string, rate: RateBucket.Rate | undefined) => Effect.Effect<OutgoingService>
    /** None for a source that nobody asked yet. */
    readonly status: (source: string) => Effect.Effect<Option.Option<RateBucket.RateBucketStatus>>
  }
>() {}

export const make: Effect.Effect<Context.Tag.Service<RateLimits>, never, Outgoing> = Effect.gen(function* () {
  const outgoing = yield* Outgoing
  const buckets = yield* SynchronizedRef.make<ReadonlyMap<string, RateBucket.RateBucket>>(new Map())

  const bucketOf = (source: string, rate: RateBucket.Rate | undefined) =>
    SynchronizedRef.modifyEffect(buckets, (known) => {
      const bucket = known.get(source)
      return bucket === undefined
        ? Effect.map(RateBucket.make(rate), (made) => [made, new Map([...known, [source, made]])] as const)
        : Effect.as(bucket.setRate(rate), [bucket, known] as const)
    })

  return RateLimits.of({
    limited: (source, rate) => Effect.map(bucketOf(source, rate), (bucket) => through(bucket, outgoing)),
    status: (source) =>
      Effect.flatMap(SynchronizedRef.get(buckets), (known) =>
        Effect.transposeMapOption(Option.fromNullable(known.get(source)), (bucket) => bucket.status)
      )
  })
})

export const layer: Layer.Layer<RateLimits, never, Outgoing> = Layer.effect(RateLimits, make)

/** An `Outgoing` whose requests go through a bucket, and whose answers steer it. */
export const through = (bucket: RateBucket.RateBucket, outgoing: OutgoingService): OutgoingService => ({
  send: Effect.fnUntraced(function* (request) {
    const takenAt = yield* bucket.take
    const response = yield* outgoing.send(request)
    const now = yield* Clock.currentTimeMillis
    const wait = RetryAfter.parse(response.headers["retry-after"], now)
    if (response.status === 429 || response.status === 418) yield* bucket.refused(takenAt, wait)
    else if (response.status === 503 && wait !== undefined) yield* bucket.pause(wait)
    else if (response.status < 500) yield* bucket.accepted
    return response
  })
})
