/**
 * The status of one live stream as it changes. `running` is true from start to stop; `state` says what that is worth:
 *
 * - `connecting`: no subscription stands yet
 * - `live`: every channel's subscription stands and the venue was heard within two heartbeats
 * - `stale`: connected, but the venue is silent, or does not answer for a channel, or a book waits to be rebuilt
 * - `backing-off`: the connection was lost; `until` says when the next one is tried
 * - `rejected`: the venue refused a channel, or can't be asked for it; `error` says why. Tried again rarely, and called so until
 *   it succeeds
 * - `failed`: it crashed, and the supervision tree says why
 * - `stopped`: nothing runs
 */
import type { StreamEntry } from "../../domain/Collector.js"
import type { LiveStream } from "./LiveStream.js"

/** Times are seconds since the epoch. */
export interface LiveStatus extends StreamEntry {
  /** With `backing-off` and `rejected`: when it is tried again. */
  readonly until: number | null
  readonly messages: number
  /** Losses that were noticed: holes in the venue's numbers, books with a wrong sum. */
  readonly gaps: number
  /** Messages that could not be read. */
  readonly malformed: number
}

export class LiveCell {
  running = false
  /** Counts since the site was started. */
  messages = 0
  rows = 0
  connections = 0
  gaps = 0
  malformed = 0
  lastMessageAt: number | undefined
  error: string | undefined
  private state: StreamEntry["state"] = "stopped"
  private since: number | undefined
  private until: number | undefined
  /** When this connection first became live. */
  private liveSince: number | undefined

  constructor(public stream: LiveStream) {}

  get is(): StreamEntry["state"] {
    return this.state
  }

  /** Times in ms. An error is kept until the stream is live again. */
  become(
    state: StreamEntry["state"],
    at: number,
    told: { readonly error?: string; readonly until?: number } = {}
  ): void {
    if (state !== this.state) this.since = at
    if (state === "live") this.liveSince ??= at
    else if (state === "connecting" || state === "stopped") this.liveSince = undefined
    this.state = state
    this.until = told.until
    this.error = told.error ?? (state === "live" ? undefined : this.error)
  }

  /** How long ago this connection, or the one that just ended, first became live. */
  liveFor(now: number): number {
    return this.liveSince === undefined ? 0 : now - this.liveSince
  }

  get status(): LiveStatus {
    const { channels, exchange, key, pair, time_step } = this.stream
    const seconds = (at: number | undefined) => (at === undefined ? null : at / 1000)
    return {
      key,
      exchange,
      pair,
      channels,
      time_step,
      running: this.running,
      state: this.state,
      since: seconds(this.since),
      last_message_at: seconds(this.lastMessageAt),
      rows: this.rows,
      reconnects: Math.max(0, this.connections - 1),
      error: this.error ?? null,
      until: seconds(this.until),
      messages: this.messages,
      gaps: this.gaps,
      malformed: this.malformed
    }
  }
}
