/** From workers to the reducer: the result of an event, in the order of each worker, together in no order. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { TransportFailed } from "./FrameTransport.js"

/** A header and the payload, both as bytes of the wire. */
export interface ResultMessage {
  readonly header: Uint8Array
  readonly payload: Uint8Array
}

/** A worker's end. */
export interface ReducerLink {
  /**
   * Sends these in their order. Waits while the reducer's connection is full: a bounded number of results is on its way.
   * Interrupted, it sends no more.
   */
  readonly send: (messages: ReadonlyArray<ResultMessage>) => Effect.Effect<void>
}

/** The reducer's end. */
export interface ResultInbox {
  /** What workers connect to. */
  readonly url: string
  /** At least one message, and all that are there. */
  readonly take: Effect.Effect<ReadonlyArray<ResultMessage>>
}

export class ResultTransport extends Context.Tag("outpost/ResultTransport")<
  ResultTransport,
  {
    /** Listens for workers for as long as the scope lasts. */
    readonly listen: (url: string) => Effect.Effect<ResultInbox, TransportFailed, Scope.Scope>
    /** Connects to a reducer for as long as the scope lasts; a lost link is made again. */
    readonly connect: (url: string) => Effect.Effect<ReducerLink, TransportFailed, Scope.Scope>
  }
>() {}
