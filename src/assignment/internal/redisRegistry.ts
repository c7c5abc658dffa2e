/**
 * Who is alive, as keys of Redis that expire. What is said of a known key is read afresh each time; new keys are looked for
 * at most twice a second, and with a tenth of the time at most, in steps that hold up no one else: the whole keyspace has to
 * be gone through for services that are not our own. A look that took long, as one does during which this process was held up,
 * is followed by the next one within seconds all the same.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { EnsembleUnreachable } from "../EnsembleError.js"
import { ServiceRegistry } from "../ServiceRegistry.js"
import type { ServiceState } from "../ServiceState.js"
import type { RedisCommands } from "./redisCommands.js"
import * as redisKeys from "./redisKeys.js"
import * as rosters from "./roster.js"
import * as wireForms from "./wireForms.js"

/** Seconds, as the field's peers give them. */
const lifetime = "10"

/** Milliseconds between two looks for new keys, at least and at most. */
const pause = 500
const longestPause = 3_000

export const make = (redis: RedisCommands): Effect.Effect<ServiceRegistry["Type"]> =>
  Effect.gen(function* () {
    const states = yield* keysLike(redis, redisKeys.configs)
    const described = yield* keysLike(redis, redisKeys.descriptions)
    const stateOf = (key: string, text: string): wireForms.Read<ServiceState> => {
      const kind = redisKeys.kindOf(key)
      return kind === undefined ? Either.left("no service is called so") : wireForms.readState(kind, text)
    }
    const roster = Effect.map(states.read(stateOf), rosters.make)
    return ServiceRegistry.of({
      announce: Effect.fn("ServiceRegistry.announce")(function* (service, parameters) {
        const config = redisKeys.config(service.kind, service.state.name)
        yield* redis.transaction([
          ["SETEX", config, lifetime, wireForms.state(service)],
          ...parameters.map((parameter) => [
            "SETEX",
            redisKeys.description(parameter.name),
            lifetime,
            wireForms.description(parameter)
          ])
        ])
        states.add(config)
      }),
      withdraw: (kind, name) => redis.remove([redisKeys.config(kind, name)]),
      roster,
      census: Effect.zipRight(states.look, roster),
      descriptions: Effect.map(
        described.read((_, text) => wireForms.readDescription(text)),
        rosters.byName
      )
    })
  })

// -----------------------------------------------------------------------------

interface Keys {
  /** A key that is known to be there. */
  readonly add: (key: string) => void
  /** Finds all there are now. */
  readonly look: Effect.Effect<void, EnsembleUnreachable>
  readonly read: <A>(
    decode: (key: string, text: string) => wireForms.Read<A>
  ) => Effect.Effect<ReadonlyArray<A>, EnsembleUnreachable>
}

const keysLike = (redis: RedisCommands, pattern: string): Effect.Effect<Keys> =>
  Effect.gen(function* () {
    const one = yield* Effect.makeSemaphore(1)
    let known: ReadonlySet<string> = new Set<string>()
    let nextLook = 0
    /** What could not be read, by key, and was told. */
    const told = new Map<string, string>()

    const look = Effect.gen(function* () {
      const begin = yield* Clock.currentTimeMillis
      known = new Set(yield* redis.scan(pattern))
      for (const key of told.keys()) if (!known.has(key)) told.delete(key)
      const end = yield* Clock.currentTimeMillis
      nextLook = end + Math.min(longestPause, Math.max(pause, 10 * (end - begin)))
    })
    const isDue = Effect.map(Clock.currentTimeMillis, (now) => now >= nextLook)

    const tell = (key: string, text: string, reason: string) =>
      Effect.suspend(() => {
        if (told.get(key) === text) return Effect.void
        told.set(key, text)
        return Effect.logWarning(`${key}: left out: ${reason}`)
      })

    return {
      look: one.withPermits(1)(look),
      add: (key) => {
        if (!known.has(key)) known = new Set([...known, key])
      },
      read: Effect.fn("ServiceRegistry.read")(function* (decode) {
        yield* one.withPermits(1)(Effect.whenEffect(look, isDue))
        const keys = [...known]
        if (keys.length === 0) return []
        const answer = yield* redis.send(["MGET", ...keys])
        const found = []
        for (const [place, text] of (Array.isArray(answer) ? answer : []).entries()) {
          const key = keys[place]
          if (key === undefined || typeof text !== "string") continue
          const read = decode(key, text)
          if (Either.isRight(read)) found.push(read.right)
          else yield* tell(key, text, read.left)
        }
        return found
      })
    }
  })
