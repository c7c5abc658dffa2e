/**
 * Reads a request's body with its limit applied while it arrives. What is beyond a limit is thrown away as it comes in, so
 * that the client, still sending, gets its answer on a connection that stays in step.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { IncomingMessage } from "node:http"
import { TooLarge, UnreadableBody } from "../../domain/Refusal.js"

/** The length the client declared, 0 where it did not. */
export const declaredLength = (request: IncomingMessage): number => {
  const length = request.headers["content-length"]
  return length === undefined ? 0 : Number(length)
}

/** After an early answer so many bytes are thrown away before the connection is cut. */
const patience = 64 * 2 ** 20

/** Lets the rest of a body run into nothing. */
export const discard = (request: IncomingMessage): void => {
  if (request.complete || request.destroyed) return
  let thrown = 0
  request.removeAllListeners("data")
  request.on("data", (chunk: Buffer) => {
    thrown += chunk.length
    if (thrown > patience) request.socket.destroy()
  })
  request.resume()
}

const nothing = Buffer.alloc(0)

export interface Collecting {
  /** Called with each chunk's length before it is kept; false stops the reading. */
  readonly admit: (bytes: number) => boolean
  readonly done: (body: Buffer) => void
  /** The client went away before the end. */
  readonly gone: () => void
}

/** Gathers a body into one Buffer. Ends in exactly one of: `done`, `gone`, or nothing more after `admit` said false. */
export const collect = (request: IncomingMessage, on: Collecting): void => {
  let first: Buffer | undefined
  let more: Array<Buffer> | undefined
  let over = false
  request.on("data", (chunk: Buffer) => {
    if (over) return
    if (!on.admit(chunk.length)) {
      over = true
      return discard(request)
    }
    if (first === undefined) first = chunk
    else if (more === undefined) more = [first, chunk]
    else more.push(chunk)
  })
  request.on("end", () => {
    if (over) return
    over = true
    on.done(more === undefined ? (first ?? nothing) : Buffer.concat(more))
  })
  request.on("close", () => {
    if (over) return
    over = true
    on.gone()
  })
}

/** A body as one Buffer, for the routes that are not hot. A client that goes away interrupts the handler by itself. */
export const read = (request: IncomingMessage, limit: number): Effect.Effect<Buffer, TooLarge | UnreadableBody> =>
  Effect.async((resume) => {
    const tooLarge = () => {
      discard(request)
      resume(Effect.fail(new TooLarge({ what: "body", limit })))
      return false
    }
    if (declaredLength(request) > limit) return void tooLarge()
    let size = 0
    collect(request, {
      admit: (bytes) => (size += bytes) <= limit || tooLarge(),
      done: (body) => resume(Effect.succeed(body)),
      gone: () => resume(Effect.fail(new UnreadableBody()))
    })
  })

/** A body as it arrives: the next piece is only asked for when the last one has been dealt with. */
export const pieces = (request: IncomingMessage): Stream.Stream<Uint8Array, UnreadableBody> =>
  Stream.suspend(() => {
    type Next = Effect.Effect<Uint8Array, Option.Option<UnreadableBody>>
    const finished: Next = Effect.fail(Option.none())
    let waiting: ((next: Next) => void) | undefined
    let arrived: Next | undefined
    const deliver = (next: Next) => {
      const resume = waiting
      waiting = undefined
      if (resume === undefined) arrived = next
      else resume(next)
    }
    request.pause()
    request.on("data", (chunk: Buffer) => {
      request.pause()
      deliver(Effect.succeed(chunk))
    })
    request.on("end", () => deliver(finished))
    request.on("close", () => deliver(request.complete ? finished : Effect.fail(Option.some(new UnreadableBody()))))
    return Stream.repeatEffectOption(
      Effect.async((resume) => {
        if (arrived !== undefined) {
          const next = arrived
          arrived = undefined
          return resume(next)
        }
        waiting = resume
        request.resume()
      })
    )
  })
