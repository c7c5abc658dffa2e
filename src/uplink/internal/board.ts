/**
 * What one uplink says of itself: plain fields, written by its own fibers, read by whoever asks.
 *
 * @internal
 */
import type { UplinkState } from "../../domain/Uplink.js"

export class Board {
  state: UplinkState = "stopped"
  /** Milliseconds since the epoch, here and below. */
  connectedSince: number | undefined
  nextTryAt: number | undefined
  connections = 0
  inFlight = 0
  /** Messages confirmed by the far side since the process began. */
  confirmed = 0
  lastError: { readonly at: number; readonly message: string } | undefined

  constructor(
    readonly name: string,
    readonly use: string,
    /** Whether requests can come in over it; undefined until its settings were read. */
    public receives: boolean | undefined
  ) {}

  connecting(): void {
    this.state = "connecting"
    this.nextTryAt = undefined
  }

  connected(now: number): void {
    this.state = "connected"
    this.connectedSince = now
    this.connections++
  }

  lost(now: number, message: string, nextTryAt: number): void {
    this.state = "waiting"
    this.connectedSince = undefined
    this.nextTryAt = nextTryAt
    this.lastError = { at: now, message }
  }

  stopped(): void {
    this.state = "stopped"
    this.connectedSince = undefined
    this.nextTryAt = undefined
  }

  failed(now: number, message: string): void {
    this.lastError = { at: now, message }
  }
}
