/**
 * Values of parameters in memory. A value that a newer one has superseded is kept for a while, for services that follow a
 * little behind, and forgotten at the next change after that.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { supersededLifetime } from "../Ensemble.js"
import { ParameterStore } from "../ParameterStore.js"

interface Version {
  readonly value: Uint8Array
  /** When it is forgotten, in milliseconds since 1970. */
  until: number
}

export const make = (): ParameterStore["Type"] => {
  const parameters = new Map<string, Map<string, Version>>()
  return ParameterStore.of({
    put: (name, version, value) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const versions = parameters.get(name) ?? new Map<string, Version>()
        for (const [other, held] of versions) {
          if (held.until <= now) versions.delete(other)
          held.until = Math.min(held.until, now + Duration.toMillis(supersededLifetime))
        }
        versions.set(version, { value, until: Number.POSITIVE_INFINITY })
        parameters.set(name, versions)
      }),
    get: (name, version) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const held = parameters.get(name)?.get(version)
        return held === undefined || held.until <= now ? Option.none() : Option.some(held.value)
      }),
    remove: (name, version) =>
      Effect.sync(() => {
        const versions = parameters.get(name)
        versions?.delete(version)
        if (versions?.size === 0) parameters.delete(name)
      }),
    clear: Effect.sync(() => parameters.clear())
  })
}
