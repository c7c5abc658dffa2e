/**
 * Confirmations noted in groups: while one write is under way, those that come meanwhile wait for the next one together.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

interface Group<A, E> {
  readonly items: Array<A>
  readonly done: Deferred.Deferred<void, E>
}

/** `write` is never run twice at a time. What is answered holds for the items that were given. Not to be interrupted. */
export const make = <A, E>(
  write: (items: ReadonlyArray<A>) => Effect.Effect<void, E>
): ((items: ReadonlyArray<A>) => Effect.Effect<void, E>) => {
  const alone = Effect.unsafeMakeSemaphore(1)
  let open: Group<A, E> | undefined
  return (items) =>
    Effect.suspend(() => {
      if (open !== undefined) {
        open.items.push(...items)
        return Deferred.await(open.done)
      }
      return Effect.flatMap(Deferred.make<void, E>(), (done) => {
        const group = (open = { items: [...items], done })
        return alone
          .withPermits(1)(
            Effect.suspend(() => {
              open = undefined
              return write(group.items)
            })
          )
          .pipe(Effect.intoDeferred(done), Effect.zipRight(Deferred.await(done)))
      })
    })
}
