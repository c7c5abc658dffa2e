/**
 * Who is alive, in memory: what was announced is forgotten when its time has run out.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { lifetime } from "../Ensemble.js"
import type { ParameterDescription } from "../ParameterDescription.js"
import { ServiceRegistry } from "../ServiceRegistry.js"
import type { ServiceState } from "../ServiceState.js"
import * as rosters from "./roster.js"

interface Said<A> {
  readonly what: A
  /** In milliseconds since 1970. */
  readonly until: number
}

const living = <A>(said: Map<string, Said<A>>): Effect.Effect<ReadonlyArray<A>> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    for (const [key, { until }] of said) if (until <= now) said.delete(key)
    return [...said.values()].map(({ what }) => what)
  })

export const make = (): ServiceRegistry["Type"] => {
  const services = new Map<string, Said<ServiceState>>()
  const described = new Map<string, Said<ParameterDescription>>()
  const roster = Effect.map(living(services), rosters.make)
  return ServiceRegistry.of({
    announce: (service, parameters) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const until = now + Duration.toMillis(lifetime)
        services.set(`${service.kind}:${service.state.name}`, { what: service, until })
        for (const parameter of parameters) described.set(parameter.name, { what: parameter, until })
      }),
    withdraw: (kind, name) => Effect.sync(() => void services.delete(`${kind}:${name}`)),
    roster,
    census: roster,
    descriptions: Effect.map(living(described), rosters.byName)
  })
}
