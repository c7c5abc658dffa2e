/**
 * Values of parameters as keys of Redis. A value that this controller has superseded is kept for a minute more, for services
 * that follow a little behind, and then expires by itself.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { supersededLifetime } from "../Ensemble.js"
import { ParameterStore } from "../ParameterStore.js"
import type { RedisCommands } from "./redisCommands.js"
import * as redisKeys from "./redisKeys.js"

export const make = (redis: RedisCommands): ParameterStore["Type"] => {
  /** The key of the newest value of each parameter that was put here. */
  const newest = new Map<string, string>()
  const expiry = String(Duration.toSeconds(supersededLifetime))

  return ParameterStore.of({
    put: Effect.fn("ParameterStore.put")(function* (name, version, value) {
      const key = redisKeys.parameter(name, version)
      const before = newest.get(name)
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      yield* redis.send(["SET", key, bytes])
      newest.set(name, key)
      if (before !== undefined && before !== key) yield* redis.send(["EXPIRE", before, expiry])
    }),
    get: Effect.fn("ParameterStore.get")(function* (name, version) {
      const value = yield* redis.sendForBytes(["GET", redisKeys.parameter(name, version)])
      return value instanceof Uint8Array ? Option.some(value) : Option.none()
    }),
    remove: (name, version) => redis.remove([redisKeys.parameter(name, version)]),
    clear: Effect.gen(function* () {
      newest.clear()
      yield* redis.remove(yield* redis.scan(redisKeys.parameters))
      yield* redis.remove(yield* redis.scan(redisKeys.descriptions))
    })
  })
}
