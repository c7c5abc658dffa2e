/**
 * The lock of the controller: a key that expires after 10 s unless it is renewed.
 *
 * The field's controllers write a constant and only ask whether the key is there; ours writes that constant with a name of
 * its own behind it, which they can't tell apart. So it can say whose lock it is, which is compared and renewed, or compared
 * and removed, in one step at the server. It is renewed every 3 s, so that two attempts may fail. The loss is noticed
 *
 * - at the next renewal, when the key bears another value: a second controller has taken or overwritten it;
 * - at the latest 10 s after the last renewal that succeeded was sent, whatever the connection does: then the key has run out.
 *
 * A key that is missing before that time (Redis was restarted empty) is taken again, unless another one is faster.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { randomUUID } from "node:crypto"
import { ControllerLock } from "../ControllerLock.js"
import { lifetime, untilFree } from "../Ensemble.js"
import { ControllerActive, LockLost } from "../EnsembleError.js"
import type { RedisCommands } from "./redisCommands.js"
import * as redisKeys from "./redisKeys.js"

const seconds = String(Duration.toSeconds(lifetime))

const renewal = Duration.seconds(3)
const retrial = Duration.seconds(1)

/** How long the end of a controller waits for the server to take the lock back; it runs out by itself. */
const farewell = Duration.seconds(1)

const renewIfOwn = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("EXPIRE", KEYS[1], ARGV[2]) end return 0`
const removeIfOwn = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`

export const make = (redis: RedisCommands, address: string): ControllerLock["Type"] =>
  ControllerLock.of({
    hold: Effect.gen(function* () {
      const own = `🔒${randomUUID()}`
      /** When the last renewal that succeeded was sent, in nanoseconds of a clock that nobody sets. */
      let renewed = 0n
      const sentNow = <E>(succeeds: Effect.Effect<boolean, E>) =>
        Effect.gen(function* () {
          const sent = yield* Clock.currentTimeNanos
          const done = yield* succeeds
          if (done) renewed = sent
          return done
        })
      const take = sentNow(
        Effect.map(redis.send(["SET", redisKeys.lock, own, "EX", seconds, "NX"]), (answer) => answer === "OK")
      )
      const renew = sentNow(
        Effect.map(redis.send(["EVAL", renewIfOwn, "1", redisKeys.lock, own, seconds]), (answer) => answer === 1)
      )

      // First of all, so that an interruption behind the taking leaves nothing.
      yield* Effect.addFinalizer(() =>
        redis
          .send(["EVAL", removeIfOwn, "1", redisKeys.lock, own])
          .pipe(Effect.interruptible, Effect.timeout(farewell), Effect.ignore)
      )
      yield* Effect.filterOrFail(
        take,
        (done) => done,
        () => new ControllerActive({ address })
      ).pipe(Effect.retry({ schedule: untilFree, while: (error) => error._tag === "ControllerActive" }))

      let trouble = "no answer"
      const retakeOrLose = Effect.filterOrFail(
        take,
        (done) => done,
        () => new LockLost({ reason: "another controller has taken it" })
      ).pipe(Effect.zipRight(Effect.logWarning("the lock of the ensemble was gone and is taken again")))
      const keepOnce = Effect.flatMap(renew, (done) => (done ? Effect.void : retakeOrLose)).pipe(
        Effect.tapErrorTag("EnsembleUnreachable", (error) => Effect.sync(() => (trouble = error.message))),
        Effect.retry({ schedule: Schedule.spaced(retrial), while: (error) => error._tag === "EnsembleUnreachable" }),
        Effect.catchTag("EnsembleUnreachable", () => Effect.never),
        Effect.delay(renewal)
      )
      const keep = Effect.flatMap(Clock.currentTimeNanos, (now) =>
        Effect.timeoutFail(keepOnce, {
          duration: Duration.subtract(lifetime, Duration.nanos(now - renewed)),
          onTimeout: () => new LockLost({ reason: `it could not be renewed before it ran out: ${trouble}` })
        })
      )

      const lost = yield* Deferred.make<never, LockLost>()
      yield* Effect.forever(keep).pipe(Effect.intoDeferred(lost), Effect.forkScoped)
      return Deferred.await(lost)
    })
  })
