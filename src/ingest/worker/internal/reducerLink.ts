/**
 * A worker's way to the reducer, whichever it is at the time. Results wait for one while there is none.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { ReducerState } from "../../../assignment/ServiceState.js"
import { type Form, formFor } from "../../ResultMessages.js"
import { type ReducerLink, ResultTransport } from "../../ResultTransport.js"

/** A reducer that can be sent to, and what it understands. */
export interface Reached {
  readonly form: Form
  readonly link: ReducerLink
}

interface Present extends Reached {
  readonly state: ReducerState
  readonly scope: Scope.CloseableScope
}

export interface ReducerLinks {
  /** The present one, as soon as there is one. */
  readonly present: Effect.Effect<Reached>
  /** Brings the connection to this reducer; one that has begun anew is another one. */
  readonly bring: (reducer: ReducerState | undefined) => Effect.Effect<void>
  readonly isThere: () => boolean
}

export const make: Effect.Effect<ReducerLinks, never, Scope.Scope | ResultTransport> = Effect.gen(function* () {
  const transport = yield* ResultTransport
  const outer = yield* Effect.scope
  const there = yield* Effect.makeLatch(false)
  let now: Present | undefined

  const connect = (state: ReducerState) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const scope = yield* Scope.fork(outer, ExecutionStrategy.sequential)
        const link = yield* transport.connect(state.url).pipe(
          restore,
          Scope.extend(scope),
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
        )
        const before = now
        now = { state, form: formFor(state.dranspose_version), link, scope }
        yield* there.open
        if (before !== undefined) yield* Scope.close(before.scope, Exit.void)
      })
    ).pipe(Effect.catchAll((error) => Effect.logWarning(error.message)))

  return {
    present: Effect.suspend(function present(): Effect.Effect<Present> {
      return now === undefined ? Effect.flatMap(there.await, present) : Effect.succeed(now)
    }),
    // One that is not to be seen for a moment may still be there: the connection stays until there is another one.
    bring: (reducer) =>
      Effect.suspend(() =>
        reducer === undefined || reducer.service_uuid === now?.state.service_uuid ? Effect.void : connect(reducer)
      ),
    isThere: () => now !== undefined
  }
})
