/**
 * The tick as a key of Redis that expires: who can set it has the tick, all others learn how long to keep still.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { TickClock } from "../TickClock.js"
import type { RedisCommands } from "./redisCommands.js"
import * as redisKeys from "./redisKeys.js"

export const make = (redis: RedisCommands): TickClock["Type"] => {
  /** The end of the present interval of each mapping, in milliseconds since 1970. */
  const ends = new Map<string, number>()
  return TickClock.of({
    tick: Effect.fnUntraced(function* (mapping, interval) {
      const now = yield* Clock.currentTimeMillis
      if ((ends.get(mapping) ?? 0) > now) return false
      for (const [other, end] of ends) if (end <= now) ends.delete(other)
      const key = redisKeys.clock(mapping)
      const length = Math.max(1, Math.floor(Duration.toMillis(interval)))
      const own = (yield* redis.send(["SET", key, "🕙", "PX", String(length), "NX"])) === "OK"
      const left = own ? length : yield* redis.send(["PTTL", key])
      ends.set(mapping, now + (typeof left === "number" ? Math.max(0, left) : 0))
      return own
    })
  })
}
