/**
 * `POST /event` and `POST /events`, answered by a plain listener: one fiber per request, no router, no span, no log. The
 * rules of the door (Gate) and the bodies of errors are those of every other route.
 *
 * Bounded: an event and an array have a limit, applied while they arrive (413); the bodies being read or waiting for the disk
 * have one for all events and one for all arrays (503, Retry-After), so that neither crowds the other out. NDJSON may be of any
 * length: beyond what is held it is taken piece by piece and held back by the store's own pace.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Runtime from "effect/Runtime"
import * as Scheduler from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { BatchResult } from "../domain/EventQuery.js"
import { Overloaded, TooLarge } from "../domain/Refusal.js"
import { TelemetryOperations } from "../operations/TelemetryOperations.js"
import { missingBody, notADictionary } from "../telemetry/EventScanner.js"
import * as ErrorBody from "./ErrorBody.js"
import { write, writeJson } from "./internal/nodeAnswer.js"
import { collect, declaredLength, discard, pieces } from "./internal/requestBody.js"
import { isJson, isNdjson } from "./MediaType.js"

export interface HotLane {
  /** True where the request is one of ours: it is, or will be, answered. */
  readonly take: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** Takes nothing. */
export const none: HotLane = { take: () => false }

export interface HotLaneLimits {
  readonly eventBytes: number
  readonly batchBytes: number
  /** Bytes of bodies held at the same time, of events and of arrays each. One body is always taken, whatever its size. */
  readonly heldBytes: number
}

/** Its fibers end with the scope: close the server first, so that what is under way is still answered. */
export const make = (limits: HotLaneLimits): Effect.Effect<HotLane, never, TelemetryOperations | Scope.Scope> =>
  Effect.gen(function* () {
    const telemetry = yield* TelemetryOperations
    const fibers = yield* FiberSet.make<unknown, unknown>()
    const log = yield* FiberSet.runtime(fibers)<never>()
    const run = <A, E>(effect: Effect.Effect<A, E>): Fiber.RuntimeFiber<A, E> => {
      const fiber = fork(effect, { scheduler })
      FiberSet.unsafeAdd(fibers, fiber)
      return fiber
    }
    const held = { event: 0, batch: 0, lines: 0 }

    const fail = (response: ServerResponse, cause: Cause.Cause<ErrorBody.TypedError>, contract: boolean) => {
      const answer = ErrorBody.ofFailure(Cause.squash(cause), contract)
      if (answer !== undefined) return write(response, answer)
      if (Cause.isInterruptedOnly(cause)) return write(response, ErrorBody.stopping)
      log(Effect.logError("a request ended in a defect", cause))
      write(response, ErrorBody.internal)
    }

    /** Reads a body within the limits, then hands it on; what it holds is given back by `release`. */
    const admitBody = (
      request: IncomingMessage,
      response: ServerResponse,
      what: "event" | "batch",
      use: (body: Buffer, release: () => void) => void
    ) => {
      const limit = what === "event" ? limits.eventBytes : limits.batchBytes
      let size = 0
      const release = () => {
        held[what] -= size
        size = 0
      }
      const refuse = (error: ErrorBody.TypedError) => {
        discard(request)
        release()
        write(response, ErrorBody.ofError(error, what === "event") ?? ErrorBody.internal)
        return false
      }
      const admit = (bytes: number): boolean => {
        if (size + bytes > limit) return refuse(new TooLarge({ what, limit }))
        if (held[what] + bytes > limits.heldBytes && held[what] > size)
          return refuse(new Overloaded({ what: "the server", retryAfter: 1 }))
        size += bytes
        held[what] += bytes
        return true
      }
      const declared = declaredLength(request)
      if (declared > limit) return refuse(new TooLarge({ what, limit }))
      collect(request, { admit, done: (body) => use(body, release), gone: release })
      return true
    }

    const settle = <A>(
      fiber: Fiber.RuntimeFiber<A, ErrorBody.TypedError>,
      response: ServerResponse,
      contract: boolean,
      render: (value: A) => string,
      release: () => void
    ) =>
      fiber.addObserver((exit) => {
        release()
        if (Exit.isSuccess(exit)) writeJson(response, render(exit.value))
        else fail(response, exit.cause, contract)
      })

    const postEvent = (request: IncomingMessage, response: ServerResponse) =>
      admitBody(request, response, "event", (body, release) => {
        if (!isJson(request.headers["content-type"])) {
          release()
          return fail(response, Cause.fail(body.length === 0 ? missingBody() : notADictionary(echo(body))), true)
        }
        settle(run(telemetry.post(body)), response, true, ackText, release)
      })

    /** A body of moderate length is taken at once, which is faster, as long as there is room to hold it. */
    const postLines = (request: IncomingMessage, response: ServerResponse) => {
      const length = declaredLength(request)
      if (!(length > 0 && length <= wholeBytes && held.lines + length <= limits.heldBytes)) {
        const fiber = run(telemetry.postLines(pieces(request)))
        return settle(fiber, response, false, batchText, () => discard(request))
      }
      held.lines += length
      const release = () => void (held.lines -= length)
      collect(request, {
        admit: () => true,
        done: (body) => settle(run(telemetry.postLines(body)), response, false, batchText, release),
        gone: release
      })
    }

    const postEvents = (request: IncomingMessage, response: ServerResponse) => {
      const type = request.headers["content-type"]
      if (isNdjson(type)) return postLines(request, response)
      admitBody(request, response, "batch", (body, release) => {
        if (!isJson(type)) {
          release()
          return fail(response, Cause.fail(body.length === 0 ? missingBody() : notADictionary(echo(body))), false)
        }
        settle(run(telemetry.postArray(body)), response, false, batchText, release)
      })
    }

    return {
      take: (request, response) => {
        const { url } = request
        if (request.method !== "POST" || url === undefined) return false
        if (url === "/event" || url.startsWith("/event?")) postEvent(request, response)
        else if (url === "/events" || url.startsWith("/events?")) postEvents(request, response)
        else return false
        return true
      }
    }
  })

// ------------------------------------------------------------------------------------------------------------------

/** Requests take nothing along: the store's effects need no services, and no references are copied for each. */
const fork = Runtime.runFork(Runtime.defaultRuntime)

/**
 * Requests that a commit answers together are resumed together, once the next commit is on its way to the disk. (By default
 * each fiber has a queue of its own, emptied at once.)
 */
const together = Scheduler.makeBatched((resumeAll) => void setImmediate(resumeAll))
const scheduler = Scheduler.make((task, priority) => together.scheduleTask(task, priority))

/** NDJSON up to this length is gathered before it is taken. */
const wholeBytes = 2 ** 20

const ackText = (ack: string): string => ack

const batchText = ({ accepted, refused }: BatchResult): string => JSON.stringify({ accepted, refused })

const longestEcho = 1_000

/** What was sent, as text, cut where it is long. */
const echo = (body: Buffer): string =>
  body.length <= longestEcho
    ? body.toString("utf8")
    : `${body.toString("utf8", 0, longestEcho)}... (${body.length} bytes)`
