/**
 * The queue behind a mailbox: requests in envelopes, each with the way back to its sender.
 *
 * An inbox outlives the lives of its actor. Between two lives it is closed: senders are told at once. When a life ends,
 * whatever is in the queue, or waits in front of it, is answered `ActorStopped`.
 *
 * Plain data behind an Effect face, because an ask is a hot path: no fiber, no race and no `Deferred` per request. A
 * sender is suspended once and resumed once; time-outs are kept by one fiber (`internal/deadlines`).
 */
import * as Effect from "effect/Effect"
import * as MutableList from "effect/MutableList"
import type * as Request from "effect/Request"
import { ActorStopped, AskTimeout, MailboxFull } from "../MailboxError.js"
import type { Deadlines } from "./deadlines.js"

/** A tagged request that knows the types of its answer and of its failure. */
export type AnyRequest = Request.Request<unknown, unknown> & { readonly _tag: string }

/** What a request is answered with. */
export type Answer<A extends AnyRequest> = Request.Request.Success<A>

/** What its sender may hear instead. */
export type Refusal<A extends AnyRequest> = Request.Request.Error<A> | AskTimeout | MailboxFull | ActorStopped

export interface Envelope {
  readonly request: AnyRequest
  /** Resumes the asker; `undefined` where the sender does not wait for an answer. */
  readonly reply: ((answer: Effect.Effect<unknown, unknown>) => void) | undefined
  /** Resumes the sender of a `tell` once there is room. */
  readonly admitted: ((outcome: Effect.Effect<void, ActorStopped>) => void) | undefined
  begun: boolean
  /** Answered, refused, timed out, or its sender has gone: a request that was not begun by then never is. */
  settled: boolean
}

/** So few are not worth a look. */
const smallestSweep = 64

export class Inbox {
  handled = 0
  dropped = 0
  #open = true
  #stopping = false
  #wakeActor: (() => void) | undefined
  readonly #queue = MutableList.empty<Envelope>()
  /** Senders that wait for room, in the order they came. */
  #waiting = MutableList.empty<Envelope>()
  /** How many may wait before those who gave up are looked for. */
  #sweepAt = smallestSweep

  constructor(
    readonly name: string,
    readonly capacity: number,
    readonly overflow: "suspend" | "reject" | "drop",
    readonly deadlines: Deadlines<Envelope>
  ) {}

  get depth(): number {
    return MutableList.length(this.#queue) + MutableList.length(this.#waiting)
  }

  ask<A extends AnyRequest>(request: A, within: number): Effect.Effect<Answer<A>, Refusal<A>> {
    return Effect.async<Answer<A>, Refusal<A>>((resume) => {
      if (!this.#open) return resume(this.#stopped(false))
      // One queue holds envelopes of all requests. Each is only ever answered by its own handler, whose type says what
      // it answers, or refused below.
      const reply = resume as (answer: Effect.Effect<unknown, unknown>) => void
      const envelope: Envelope = { request, reply, admitted: undefined, begun: false, settled: false }
      if (!this.#offer(envelope)) return resume(this.#full())
      this.deadlines.add(envelope, within)
      return Effect.sync(() => {
        envelope.settled = true
      })
    })
  }

  tell(request: AnyRequest): Effect.Effect<void, MailboxFull | ActorStopped> {
    return Effect.async<void, MailboxFull | ActorStopped>((resume) => {
      if (!this.#open) return resume(this.#stopped(false))
      const waits = this.overflow === "suspend" && this.#isFull
      const envelope: Envelope = {
        request,
        reply: undefined,
        admitted: waits ? resume : undefined,
        begun: false,
        settled: false
      }
      if (this.#offer(envelope)) {
        if (!waits) return resume(Effect.void)
        return Effect.sync(() => {
          envelope.settled = true
        })
      }
      this.dropped++
      resume(this.overflow === "drop" ? Effect.void : this.#full())
    })
  }

  /** The next request for the life in charge, or nothing once it has been told to stop. */
  readonly take: Effect.Effect<Envelope | undefined> = Effect.suspend(() => {
    const envelope = this.#stopping ? undefined : this.#next()
    if (envelope !== undefined || this.#stopping) return Effect.succeed(envelope)
    return Effect.zipRight(
      Effect.async<void>((resume) => {
        this.#wakeActor = () => resume(Effect.void)
        if (this.#stopping || this.depth > 0) this.#wake()
        return Effect.sync(() => {
          this.#wakeActor = undefined
        })
      }),
      this.take
    )
  })

  /** The life in charge ends after the request in hand. */
  stop(): void {
    this.#stopping = true
    this.#wake()
  }

  /** A life takes charge. */
  begin(): void {
    this.#open = true
    this.#stopping = false
  }

  /** A life has ended: nobody waits in vain. */
  end(inHand: Envelope | undefined): void {
    this.#open = false
    if (inHand !== undefined) this.#refuse(inHand)
    for (let left = this.#next(); left !== undefined; left = this.#next()) this.#refuse(left)
  }

  /** Gives a sender its answer, unless it waits no longer. */
  settle(envelope: Envelope, answer: Effect.Effect<unknown, unknown>): void {
    if (envelope.settled) return
    envelope.settled = true
    envelope.reply?.(answer)
  }

  /** The time of an ask is up. */
  expire(envelope: Envelope): void {
    const { _tag: request } = envelope.request
    this.settle(envelope, new AskTimeout({ mailbox: this.name, request, begun: envelope.begun }))
  }

  get #isFull(): boolean {
    return MutableList.length(this.#queue) >= this.capacity
  }

  #offer(envelope: Envelope): boolean {
    if (this.#isFull) this.#makeRoom()
    if (this.#isFull) {
      if (this.overflow !== "suspend") return false
      MutableList.append(this.#waiting, envelope)
      if (MutableList.length(this.#waiting) > this.#sweepAt) this.#sweep()
      return true
    }
    MutableList.append(this.#queue, envelope)
    this.#wake()
    return true
  }

  /** The first request that someone still wants; the room it leaves goes to the first that waits for it. */
  #next(): Envelope | undefined {
    this.#makeRoom()
    const envelope = MutableList.shift(this.#queue)
    this.#admit()
    return envelope
  }

  /** Lets go of the first requests in the queue if nobody wants them any more: an actor that is busy keeps none of them. */
  #makeRoom(): void {
    while (MutableList.head(this.#queue)?.settled === true) {
      MutableList.shift(this.#queue)
      this.#admit()
    }
  }

  #admit(): void {
    while (!this.#isFull && !MutableList.isEmpty(this.#waiting)) {
      const admitted = MutableList.shift(this.#waiting)
      if (admitted === undefined || admitted.settled) continue
      MutableList.append(this.#queue, admitted)
      if (this.#open) admitted.admitted?.(Effect.void)
    }
  }

  /** Lets go of those who wait no longer, wherever they stand; seldom enough to cost each sender next to nothing. */
  #sweep(): void {
    const still = [...this.#waiting].filter((envelope) => !envelope.settled)
    this.#waiting = MutableList.fromIterable(still)
    this.#sweepAt = Math.max(smallestSweep, 2 * still.length)
  }

  #refuse(envelope: Envelope): void {
    if (envelope.reply === undefined) this.dropped++
    envelope.admitted?.(this.#stopped(false))
    this.settle(envelope, this.#stopped(envelope.begun))
  }

  #wake(): void {
    const wake = this.#wakeActor
    this.#wakeActor = undefined
    wake?.()
  }

  #stopped(begun: boolean): Effect.Effect<never, ActorStopped> {
    return new ActorStopped({ mailbox: this.name, begun })
  }

  #full(): Effect.Effect<never, MailboxFull> {
    return new MailboxFull({ mailbox: this.name, capacity: this.capacity })
  }
}
