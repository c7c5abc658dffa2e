/**
 * Children keep the environment they were given in: a spec and a context become a spec that needs nothing more.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { ChildSpec, Context as ContextOf, Given } from "../ChildSpec.js"
import { Self } from "../Self.js"

/** An effect of a spec's options as the spec holds it: `R` is what it needs beside what every life is given. */
export const withGiven = <R>(
  effect: Effect.Effect<unknown, unknown, unknown>
): Effect.Effect<unknown, unknown, R | Given> =>
  // `ChildSpec.Needs` has taken R from this very effect by leaving Given out; TypeScript cannot put the two together again.
  effect as Effect.Effect<unknown, unknown, R | Given>

/** Closes a spec over `context`. What each life is given (its scope, its own handle) outranks what was captured. */
export const close = <R>(spec: ChildSpec<R>, context: Context.Context<R>): ChildSpec => {
  const within = <A, E>(effect: Effect.Effect<A, E, R | Given>): Effect.Effect<A, E, Given> =>
    Effect.mapInputContext(effect, (given: Context.Context<Given>) =>
      Context.merge(context, Context.pick(Scope.Scope, Self)(given))
    )
  return {
    ...spec,
    run: within(spec.run),
    ready: typeof spec.ready === "string" ? spec.ready : within(spec.ready)
  }
}

/** Closes specs of different needs over the environment that holds all of them. */
export const closeAll = <const Specs extends ReadonlyArray<ChildSpec<unknown>>>(
  specs: Specs
): Effect.Effect<ReadonlyArray<ChildSpec>, never, ContextOf<Specs[number]>> =>
  Effect.map(Effect.context<ContextOf<Specs[number]>>(), (context) =>
    // Each spec needs a part of the union of all needs; TypeScript cannot see that through a type parameter.
    (specs as ReadonlyArray<ChildSpec<ContextOf<Specs[number]>>>).map((spec) => close(spec, context))
  )
