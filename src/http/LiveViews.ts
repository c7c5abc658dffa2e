/**
 * The open live views of a server: how many there may be, and the one signal that ends them all when it stops.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Overloaded } from "../domain/Refusal.js"

export class LiveViews extends Context.Tag("outpost/http/LiveViews")<
  LiveViews,
  {
    /** Takes a place for as long as the scope lives; refused where all are taken. */
    readonly place: Effect.Effect<void, Overloaded, Scope.Scope>
    /** Ends every view, now and from now on. */
    readonly end: Effect.Effect<void>
    /** Returns when the views are to end. */
    readonly ended: Effect.Effect<void>
    /** How many places are taken. */
    readonly open: Effect.Effect<number>
  }
>() {}

export const defaultClients = 1_000

export const layer = (options: { readonly clients?: number } = {}): Layer.Layer<LiveViews> =>
  Layer.effect(
    LiveViews,
    Effect.gen(function* () {
      const most = options.clients ?? defaultClients
      const over = yield* Deferred.make<void>()
      let taken = 0
      const take = Effect.suspend(() => {
        if (taken >= most) return Effect.fail(new Overloaded({ what: "the list of live views", retryAfter: 5 }))
        taken++
        return Effect.void
      })
      return {
        place: Effect.acquireRelease(take, () => Effect.sync(() => void taken--)),
        end: Effect.asVoid(Deferred.succeed(over, undefined)),
        ended: Deferred.await(over),
        open: Effect.sync(() => taken)
      }
    })
  )
