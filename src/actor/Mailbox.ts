/**
 * Mailbox actors: a bounded queue of tagged requests and one fiber that folds them over its state, one at a time, in the
 * order they were sent.
 *
 * The {@link Mailbox} is the address; it outlives the actor's lives. {@link serve} is one life, made to be the `run` of a
 * child spec: each life begins with a fresh state. A request's typed failure goes to its sender and leaves the state as
 * it was. A defect goes to the supervisor and ends the life; its sender, and all who waited behind it, get
 * `ActorStopped`, as does whoever asks before the next life. Before the first life requests wait.
 *
 * `stop` and `status` do not queue. An `ask` always has a time-out. A handler must not ask its own mailbox: it would wait
 * for itself until that time-out.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { type Behavior as BehaviorOf, fold, type Needs } from "./internal/fold.js"
import { Deadlines } from "./internal/deadlines.js"
import { type Answer, type AnyRequest, type Envelope, Inbox, type Refusal } from "./internal/inbox.js"
import type { ActorStopped, MailboxFull } from "./MailboxError.js"
import { MailboxGauge } from "./NodeStatus.js"
import { Self } from "./Self.js"

/** What the mailbox does with a request that finds it full. A `drop`ped `ask` still hears `MailboxFull`. */
export type Overflow = "suspend" | "reject" | "drop"

/** One total handler for each request of the protocol: from request and state to answer and next state. */
export type Behavior<Protocol extends AnyRequest, State, R> = BehaviorOf<Protocol, State, R>

export interface Status {
  readonly depth: number
  readonly capacity: number
  /** Requests that were handled, well or not, by all lives. */
  readonly handled: number
  /** Requests nobody waited for that were lost: mailbox full, or the actor ended. */
  readonly dropped: number
}

export interface Mailbox<Protocol extends AnyRequest> {
  readonly name: string
  /** Sends a request and waits for its answer; the time-out counts from the call. Giving up takes it back if not begun. */
  readonly ask: <A extends Protocol>(
    request: A,
    within?: Duration.DurationInput
  ) => Effect.Effect<Answer<A>, Refusal<A>>
  /** Sends a request and goes on once it is in the queue. Its failure, should it come to one, is logged. */
  readonly tell: (request: Protocol) => Effect.Effect<void, MailboxFull | ActorStopped>
  /** Ends the present life after the request in hand, ahead of all that wait. Returns at once. */
  readonly stop: Effect.Effect<void>
  /** How it stands. Never waits. */
  readonly status: Effect.Effect<Status>
  /** @internal */
  readonly inbox: Inbox
}

export interface Options {
  /** As it appears in errors and logs. */
  readonly name: string
  readonly capacity?: number | undefined
  readonly overflow?: Overflow | undefined
  /** The time-out of an `ask` that does not bring its own. */
  readonly askWithin?: Duration.DurationInput | undefined
}

/** An address. Once the scope closes whoever waits, or asks later, gets `ActorStopped`. */
export const make = <Protocol extends AnyRequest>(
  options: Options
): Effect.Effect<Mailbox<Protocol>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const capacity = options.capacity ?? 64
    const overflow = options.overflow ?? "suspend"
    const inbox = new Inbox(options.name, capacity, overflow, new Deadlines<Envelope>(yield* Effect.clock))
    yield* Effect.addFinalizer(() => Effect.sync(() => inbox.end(undefined)))
    yield* Effect.forkScoped(Effect.interruptible(inbox.deadlines.keep((envelope) => inbox.expire(envelope))))
    const askWithin = Duration.toMillis(options.askWithin ?? "5 seconds")
    return {
      name: options.name,
      ask: (request, within) => inbox.ask(request, within === undefined ? askWithin : Duration.toMillis(within)),
      tell: (request) => inbox.tell(request),
      stop: Effect.sync(() => inbox.stop()),
      status: Effect.sync(() => ({ depth: inbox.depth, capacity, handled: inbox.handled, dropped: inbox.dropped })),
      inbox
    }
  })

/** What a handler returns: the answer and the next state. */
export const answer = <A, State>(value: A, state: State): readonly [answer: A, state: State] => [value, state]

/**
 * One life of the actor: makes its first state, is then ready, and handles requests until it is stopped or interrupted.
 * Under a supervisor it reports its readiness, its progress and its mailbox by itself.
 */
export const serve = <
  Protocol extends AnyRequest,
  State,
  E,
  R,
  const Handlers extends Behavior<Protocol, State, unknown>
>(
  mailbox: Mailbox<Protocol>,
  actor: { readonly initial: Effect.Effect<State, E, R>; readonly behavior: Handlers }
): Effect.Effect<void, E, R | Needs<Handlers>> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { inbox } = mailbox
      const initial = yield* actor.initial
      const self = Option.getOrUndefined(yield* Effect.serviceOption(Self))
      if (self !== undefined) {
        yield* self.showMailbox(() => new MailboxGauge({ depth: inbox.depth, capacity: inbox.capacity }))
        yield* self.ready
      }
      yield* fold<Protocol, State, Handlers>(inbox, initial, actor.behavior, self?.mark ?? Effect.void)
    })
  )
