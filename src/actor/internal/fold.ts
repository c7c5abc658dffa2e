/**
 * One life of a mailbox actor: takes requests from its inbox, one at a time, and folds them over the state.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Request from "effect/Request"
import type { AnyRequest, Envelope, Inbox } from "./inbox.js"

/** The handler of one request. */
export type Handler<A extends AnyRequest, State, R> = (
  request: A,
  state: State
) => Effect.Effect<readonly [answer: Request.Request.Success<A>, state: State], Request.Request.Error<A>, R>

/** A handler for each request of a protocol. */
export type Behavior<Protocol extends AnyRequest, State, R> = {
  readonly [Tag in Protocol["_tag"]]: Handler<Extract<Protocol, { readonly _tag: Tag }>, State, R>
}

/** What the handlers of a behavior need, taken together. */
export type Needs<Handlers> = NeedsOf<Handlers[keyof Handlers]>

type NeedsOf<H> = H extends (...args: never) => infer Out
  ? Out extends Effect.Effect<infer _A, infer _E, infer R>
    ? R
    : never
  : never

/** Runs until it is told to stop. Fails with nothing; dies of the first defect. */
export const fold = <Protocol extends AnyRequest, State, const Handlers extends Behavior<Protocol, State, unknown>>(
  inbox: Inbox,
  initial: State,
  behavior: Handlers,
  progressed: Effect.Effect<void>
): Effect.Effect<void, never, Needs<Handlers>> => {
  type R = Needs<Handlers>
  // The handler found under a request's tag takes just that request: `Behavior` says so for each tag, but TypeScript
  // cannot carry it through the look-up.
  const handlers = behavior as unknown as Readonly<Record<string, Handler<AnyRequest, State, R> | undefined>>
  let state = initial
  let inHand: Envelope | undefined

  const handle = (envelope: Envelope): Effect.Effect<void, never, R> => {
    const handler = handlers[envelope.request._tag]
    if (handler === undefined) return Effect.dieMessage(`no handler for ${envelope.request._tag}`)
    return Effect.matchCauseEffect(handler(envelope.request, state), {
      onSuccess: ([answer, next]) => {
        state = next
        return answered(envelope, Effect.succeed(answer))
      },
      onFailure: (cause) =>
        Either.match(Cause.failureOrCause(cause), {
          onLeft: (error) => answered(envelope, Effect.fail(error)),
          onRight: Effect.failCause
        })
    })
  }

  const answered = (envelope: Envelope, answer: Effect.Effect<unknown, unknown>): Effect.Effect<void> => {
    inHand = undefined
    inbox.handled++
    if (envelope.reply === undefined) return Effect.zipRight(logFailure(inbox, envelope, answer), progressed)
    inbox.settle(envelope, answer)
    return progressed
  }

  let stopped = false
  const loop = Effect.whileLoop({
    while: () => !stopped,
    body: () =>
      Effect.flatMap(inbox.take, (envelope) => {
        if (envelope === undefined) {
          stopped = true
          return Effect.void
        }
        envelope.begun = true
        inHand = envelope
        return handle(envelope)
      }),
    step: () => {}
  })

  return Effect.sync(() => inbox.begin()).pipe(
    Effect.zipRight(loop),
    Effect.ensuring(Effect.sync(() => inbox.end(inHand)))
  )
}

/** A failure that no sender waits for is not lost without a word. */
const logFailure = (inbox: Inbox, envelope: Envelope, answer: Effect.Effect<unknown, unknown>) =>
  Effect.catchAllCause(answer, (cause) => Effect.logWarning(`${inbox.name}: ${envelope.request._tag} failed`, cause))
