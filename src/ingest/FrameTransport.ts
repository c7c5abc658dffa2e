/**
 * From ingesters to workers: one message for each event and worker. The message is a header, then the frames of all streams in
 * the header's order, as they came from their source.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"

/** An address that can't be listened at or connected to, and why. */
export class TransportFailed extends Schema.TaggedError<TransportFailed>()("TransportFailed", {
  operation: Schema.String,
  address: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.operation} ${this.address}: ${this.reason}`
  }
}

/** Header and frames, ready for the wire. Not to be changed any more. */
export type FrameMessage = ReadonlyArray<Uint8Array>

/** What a hand-over came to. */
export interface HandOver {
  /** So many from the first one on are on their way; the others are not. */
  readonly taken: number
  /** Why it stopped: all were taken; the connection is full for now; there is none. */
  readonly ended: "sent" | "full" | "gone"
}

/** A worker says that it is there: its name, and the identity of this start of it (lower-case UUID). */
export interface Ping {
  readonly worker: string
  readonly incarnation: string
}

/** An ingester's end. */
export interface WorkerLinks {
  /** What workers connect to. */
  readonly url: string
  /**
   * Hands messages to the worker's connection as far as that has room, and never waits for it. They arrive in the order in
   * which they were handed over, each once, unless the connection ends. Interrupted, it hands over no more.
   */
  readonly send: (worker: string, messages: ReadonlyArray<FrameMessage>) => Effect.Effect<HandOver>
  /** Waits until it is worth trying again with a worker that was `full` or `gone`; that may turn out to be too early. */
  readonly room: (worker: string) => Effect.Effect<void>
  /** For one reader. Of those that are not read soon the newest are kept. */
  readonly pings: Stream.Stream<Ping>
}

/** A worker's end of one connection. */
export interface IngesterLink {
  readonly ping: Effect.Effect<void>
  /** At least one message, and all that are there, in their order. */
  readonly take: Effect.Effect<ReadonlyArray<FrameMessage>>
  /** Throws away what has arrived; says how many messages that were. */
  readonly drain: Effect.Effect<number>
  /** How often the connection was lost: messages that were handed over before may be gone with it. */
  readonly breaks: () => number
}

export class FrameTransport extends Context.Tag("outpost/FrameTransport")<
  FrameTransport,
  {
    /** Listens for workers for as long as the scope lasts. What was not taken by then is dropped. */
    readonly listen: (url: string) => Effect.Effect<WorkerLinks, TransportFailed, Scope.Scope>
    /** Connects to an ingester under the worker's name, for as long as the scope lasts; a lost link is made again. */
    readonly connect: (
      url: string,
      worker: { readonly name: string; readonly incarnation: string }
    ) => Effect.Effect<IngesterLink, TransportFailed, Scope.Scope>
  }
>() {}
