/**
 * One socket of `ws` with what it said and nobody has read yet. Plain code behind effects: its callbacks are the hot path.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { RawData, WebSocket } from "ws"
import { RefusedAddress } from "../../../outgoing/internal/guardedLookup.js"
import * as RetryAfter from "../../../outgoing/RetryAfter.js"
import { SourceError } from "../../../source/SourceError.js"
import type { Heard } from "../LiveSockets.js"

/** `readyState` of `ws`, without loading it. */
const connecting = 0
const open = 1
const closed = 3

export class WsConnection {
  /** When the other end last gave a sign of life. */
  lastHeard: number
  /** The socket is paused until the reader comes. */
  isBehind = false
  private texts: Array<string> = []
  private waiting = 0
  private at: number
  private end: SourceError | undefined
  /** Who waits for the opening or for a message. */
  private wake: (() => void) | undefined

  constructor(
    private readonly source: string,
    private readonly socket: WebSocket,
    private readonly maxWaiting: number,
    private readonly now: () => number
  ) {
    this.lastHeard = this.at = now()
    const alive = () => {
      this.lastHeard = this.now()
    }
    socket.on("ping", alive)
    socket.on("pong", alive)
    socket.on("open", () => {
      alive()
      this.wakeUp()
    })
    socket.on("message", (data) => this.hear(data))
    socket.on("error", (error) =>
      this.fail({
        reason: error instanceof RefusedAddress ? "Misconfigured" : "Disconnected",
        detail: error.message
      })
    )
    socket.on("close", (code, reason) =>
      this.fail({
        reason: "Disconnected",
        detail: `closed by the venue: ${[code, reason.toString()].join(" ").trim()}`
      })
    )
    socket.on("unexpected-response", (request, { headers, statusCode: status = 0 }) => {
      request.destroy()
      const retryAfter = RetryAfter.parse(headers["retry-after"], this.now())
      const isWait = status === 429 || status === 418 || (status === 503 && retryAfter !== undefined)
      this.fail({
        reason: isWait ? "RetryAfter" : "Disconnected",
        detail: `answered ${status} instead of opening`,
        status,
        ...(retryAfter === undefined ? {} : { retryAfter })
      })
    })
  }

  /** Succeeds once the connection is open. */
  readonly opened: Effect.Effect<void, SourceError> = this.wait(() =>
    this.socket.readyState === open ? Effect.void : this.end
  )

  /** Everything that was heard and not read, at least one message; what came before the end is told before it. */
  readonly take: Effect.Effect<Heard, SourceError> = this.wait(() => {
    if (this.texts.length === 0) return this.end
    const heard = { at: this.at, texts: this.texts }
    this.texts = []
    this.waiting = 0
    if (this.isBehind) {
      this.isBehind = false
      this.lastHeard = this.now()
      this.socket.resume()
    }
    return Effect.succeed(heard)
  })

  /** Says goodbye and succeeds once the other end has. */
  readonly closed: Effect.Effect<void> = Effect.async((resume) => {
    const { readyState } = this.socket
    if (readyState === closed) return resume(Effect.void)
    this.socket.once("close", () => resume(Effect.void))
    // What waits in a paused socket would come before the other end's goodbye.
    if (readyState === connecting || this.isBehind) this.cut()
    else this.socket.close(1000)
  })

  readonly send = (text: string): Effect.Effect<void, SourceError> =>
    Effect.suspend(() => {
      if (this.socket.readyState !== open) {
        return this.end ?? new SourceError({ source: this.source, reason: "Disconnected", detail: "not open" })
      }
      this.socket.send(text)
      return Effect.void
    })

  ping(): void {
    if (this.socket.readyState === open) this.socket.ping()
  }

  cut(): void {
    this.socket.terminate()
  }

  private hear(data: RawData): void {
    const text = (
      Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)
    ).toString()
    this.lastHeard = this.at = this.now()
    this.texts.push(text)
    this.waiting += text.length
    if (this.waiting > this.maxWaiting && !this.isBehind) {
      this.isBehind = true
      this.socket.pause()
    }
    this.wakeUp()
  }

  /** The first reason counts: a close follows every error. */
  private fail(end: Omit<ConstructorParameters<typeof SourceError>[0], "source">): void {
    this.end ??= new SourceError({ source: this.source, ...end })
    this.wakeUp()
  }

  private wakeUp(): void {
    const { wake } = this
    this.wake = undefined
    wake?.()
  }

  /** The answer of `look` as soon as it has one. */
  private wait<A>(look: () => Effect.Effect<A, SourceError> | undefined): Effect.Effect<A, SourceError> {
    return Effect.async((resume) => {
      const attempt = () => {
        const answer = look()
        if (answer === undefined) this.wake = attempt
        else resume(answer)
      }
      attempt()
      return Effect.sync(() => {
        this.wake = undefined
      })
    })
  }
}
