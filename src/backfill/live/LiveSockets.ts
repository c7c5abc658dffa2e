/**
 * Connections to live feeds. A connection belongs to the scope it was opened in, tells what it hears in order, and is never
 * ahead of its reader by more than a bound: a slow reader makes the sender wait.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { SourceError } from "../../source/SourceError.js"

/** Messages that came together, in their order. */
export interface Heard {
  /** When the last of them came, in ms since the epoch. */
  readonly at: number
  readonly texts: ReadonlyArray<string>
}

export interface Connection {
  /** Ends with a failure, `Disconnected`, when the connection does. For one reader. */
  readonly heard: Stream.Stream<Heard, SourceError>
  /** Fails where the connection is gone; arrival is not confirmed. */
  readonly send: (text: string) => Effect.Effect<void, SourceError>
  /** Asks for a sign of life. */
  readonly ping: Effect.Effect<void>
  /** When the venue last gave a sign of life, read or not yet read, in ms since the epoch. */
  readonly lastHeard: Effect.Effect<number>
  /** The reader is behind: what the venue says meanwhile waits in its own hands, and its silence means nothing. */
  readonly isBehind: Effect.Effect<boolean>
}

export class LiveSockets extends Context.Tag("outpost/backfill/LiveSockets")<
  LiveSockets,
  {
    /**
     * Returns once the connection is open. Fails with `Disconnected` or, told so by the venue, with `RetryAfter`; with
     * `Unsupported` for an address that may not be connected to. Closed within bounded time when the scope closes.
     */
    readonly open: (request: {
      readonly source: string
      readonly url: string
      readonly trusted: boolean
    }) => Effect.Effect<Connection, SourceError, Scope.Scope>
  }
>() {}
