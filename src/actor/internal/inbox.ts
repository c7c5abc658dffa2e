/**
 * The queue behind a mailbox: requests in envelopes, each with the reply its sender waits for.
 *
 * An inbox outlives the lives of its actor. Between two lives it is closed: senders are told at once. When a life ends,
 * whatever is in the queue, or suspended in front of it, is answered `ActorStopped`.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Queue from "effect/Queue"
import type * as Request from "effect/Request"
import { ActorStopped, AskTimeout, MailboxFull } from "../MailboxError.js"

/** A tagged request that knows the types of its answer and of its failure. */
export type AnyRequest = Request.Request<unknown, unknown> & { readonly _tag: string }

/** What a request is answered with. */
export type Answer<A extends AnyRequest> = Request.Request.Success<A>

/** What its sender may hear instead. */
export type Refusal<A extends AnyRequest> = Request.Request.Error<A> | AskTimeout | MailboxFull | ActorStopped

export interface Envelope {
  readonly request: AnyRequest
  /** `undefined` where the sender does not wait. */
  readonly reply: Deferred.Deferred<unknown, unknown> | undefined
  begun: boolean
  /** The sender waits no longer: a request that was not begun will not be. */
  givenUp: boolean
}

/** Wakes an actor that waits for work, so that it sees the order to stop. */
export const wakeUp: unique symbol = Symbol("outpost/actor/inbox/wakeUp")

/** What stands in the queue. */
export type Item = Envelope | typeof wakeUp

export class Inbox {
  open = true
  stopping = false
  handled = 0
  dropped = 0
  constructor(
    readonly name: string,
    readonly capacity: number,
    readonly overflow: "suspend" | "reject" | "drop",
    readonly queue: Queue.Queue<Item>
  ) {}

  get depth(): number {
    return Math.max(
      0,
      this.queue.unsafeSize().pipe((size) => (size._tag === "Some" ? size.value : 0))
    )
  }

  ask<A extends AnyRequest>(request: A, within: Duration.Duration): Effect.Effect<Answer<A>, Refusal<A>> {
    return Effect.suspend((): Effect.Effect<Answer<A>, Refusal<A>> => {
      if (!this.open) return this.stopped(false)
      const reply = Deferred.unsafeMake<Answer<A>, Request.Request.Error<A> | ActorStopped>(FiberId.none)
      // One queue holds envelopes of all requests. The reply of each is only ever completed by its own handler, whose
      // type says what it answers, or by `refuse`.
      const forget = reply as unknown as Deferred.Deferred<unknown, unknown>
      const envelope: Envelope = { request, reply: forget, begun: false, givenUp: false }
      return Queue.offer(this.queue, envelope).pipe(
        Effect.flatMap((taken): Effect.Effect<Answer<A>, Refusal<A>> => (taken ? Deferred.await(reply) : this.full())),
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            envelope.givenUp = true
          })
        ),
        Effect.timeoutFail({
          duration: within,
          onTimeout: () => new AskTimeout({ mailbox: this.name, request: request._tag, begun: envelope.begun })
        })
      )
    })
  }

  tell(request: AnyRequest): Effect.Effect<void, MailboxFull | ActorStopped> {
    return Effect.suspend((): Effect.Effect<void, MailboxFull | ActorStopped> => {
      if (!this.open) return this.stopped(false)
      const envelope: Envelope = { request, reply: undefined, begun: false, givenUp: false }
      return Effect.flatMap(Queue.offer(this.queue, envelope), (taken) => {
        if (taken) return Effect.void
        this.dropped++
        return this.overflow === "drop" ? Effect.void : this.full()
      })
    })
  }

  /** The life in charge ends after the request in hand. */
  stop(): void {
    this.stopping = true
    // It waits for work only when the queue is empty, and then there is room for this.
    if (this.depth === 0) this.queue.unsafeOffer(wakeUp)
  }

  /** A life takes charge. */
  begin(): void {
    this.open = true
    this.stopping = false
  }

  /** A life has ended: nobody waits in vain. */
  end(inHand: Envelope | undefined): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.open = false
      if (inHand !== undefined) this.refuse(inHand)
      return Effect.whileLoop({
        while: () => this.depth > 0,
        body: () => Queue.takeAll(this.queue),
        step: (left) => {
          for (const envelope of left) if (envelope !== wakeUp) this.refuse(envelope)
        }
      })
    })
  }

  private refuse(envelope: Envelope): void {
    if (envelope.reply === undefined) this.dropped++
    else Deferred.unsafeDone(envelope.reply, this.stopped(envelope.begun))
  }

  private stopped(begun: boolean): Effect.Effect<never, ActorStopped> {
    return new ActorStopped({ mailbox: this.name, begun })
  }

  private full(): Effect.Effect<never, MailboxFull> {
    return new MailboxFull({ mailbox: this.name, capacity: this.capacity })
  }
}
