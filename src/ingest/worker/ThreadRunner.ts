/**
 * Runs a user's module in threads: each loads it for itself and works on one event at a time, so that events of one worker
 * come out in no order. A thread that crashes, exits or takes too long fails the one event it had, and another takes its
 * place; the worker and the other threads go on. A rejection that nobody awaited costs no event and is told; what the code
 * writes to its console is logged.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type * as Scope from "effect/Scope"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as ChildSpec from "../../actor/ChildSpec.js"
import * as Self from "../../actor/Self.js"
import type { SupervisionTree } from "../../actor/SupervisionTree.js"
import * as Supervisor from "../../actor/Supervisor.js"
import type { Parameters } from "../ParameterValues.js"
import { unfit, UserCodeFailed, within } from "../UserCode.js"
import { asInterval, eventLimit, type EventRunner, failed, type Limits, succeeded } from "./EventRunner.js"
import type { Ask } from "./internal/threadMessage.js"
import { begin, type UserThread } from "./internal/userThread.js"

export interface Options extends Limits {
  /** Path of the user's module. */
  readonly file: string
  readonly threads: number
  /** The program of a thread, where it is not beside this one. */
  readonly entry?: URL | undefined
}

/** A thread with the scan it has begun, if any. */
interface Seat {
  readonly thread: UserThread
  scan: number
}

/** Begins the threads; fails where the module can't be loaded. They end with the scope. */
export const make = (options: Options): Effect.Effect<EventRunner, UserCodeFailed, Scope.Scope | SupervisionTree> =>
  Effect.gen(function* () {
    const entry = options.entry ?? (yield* builtEntry)
    const scope = yield* Effect.scope
    const seats = new Set<Seat>()
    const free = yield* Queue.bounded<Seat>(options.threads * 2)
    const limit = options.event ?? eventLimit
    const strays = yield* Queue.sliding<UserCodeFailed>(unheard)
    const lines = yield* Queue.sliding<string>(unheard)
    yield* Queue.take(lines).pipe(
      Effect.flatMap((line) => Effect.logInfo(line)),
      Effect.forever,
      Effect.annotateLogs("module", options.file),
      Effect.forkScoped
    )
    /** Why the first thread that could not begin could not. */
    let refusal: UserCodeFailed | undefined
    let scan = 0

    const life = Effect.gen(function* () {
      const thread = yield* begin(entry, options.file, {
        onLine: (line) => void lines.unsafeOffer(line),
        onStray: (stray) => void strays.unsafeOffer(stray)
      }).pipe(Effect.tapError((failure) => Effect.sync(() => (refusal ??= failure))))
      const seat: Seat = { thread, scan: 0 }
      yield* Effect.acquireRelease(
        Effect.sync(() => seats.add(seat)),
        () => Effect.sync(() => seats.delete(seat))
      )
      yield* Queue.offer(free, seat)
      yield* Self.ready
      return yield* thread.ended
    })
    yield* Supervisor.make({
      children: Array.from({ length: options.threads }, (_, index) =>
        ChildSpec.make({
          id: `thread-${index + 1}`,
          run: life,
          ready: "signalled",
          shutdown: "2 seconds",
          backoff,
          // An event that kills its thread must not stop the events behind it: the back-off alone slows them down.
          intensity: { maxRestarts: Number.MAX_SAFE_INTEGER, within: "1 minute" }
        })
      )
    }).pipe(Effect.mapError((error) => refusal ?? unfit(error.message)))

    const takeSeat: Effect.Effect<Seat> = Effect.flatMap(Queue.take(free), (seat) =>
      seat.thread.hasEnded() ? takeSeat : Effect.succeed(seat)
    )
    const leave = (seat: Seat) => (seat.thread.hasEnded() ? Effect.void : Queue.offer(free, seat))
    /** A thread whose answer nobody wants any more has to finish, soon, before it is asked again. */
    const abandon = (seat: Seat) =>
      Effect.repeat(Effect.sleep("20 millis"), { while: () => seat.thread.isBusy() }).pipe(
        Effect.timeoutFail({ duration: grace, onTimeout: () => undefined }),
        Effect.catchAll(() => seat.thread.end("hung", hung(grace))),
        Effect.zipRight(Effect.suspend(() => leave(seat))),
        Effect.interruptible,
        Effect.forkIn(scope)
      )
    /** Asks a thread that is free; one that is new to the scan begins it first. */
    const ask = (asked: Ask, parameters: Parameters, event: number | null) =>
      Effect.acquireUseRelease(
        takeSeat,
        (seat) =>
          begun(seat, scan, parameters).pipe(
            Effect.zipRight(seat.thread.ask(asked, parameters)),
            Effect.timeoutTo({
              duration: limit,
              onSuccess: Effect.succeed,
              onTimeout: () => Effect.zipRight(seat.thread.end("hung", hung(limit)), seat.thread.ended)
            }),
            Effect.flatten,
            Effect.mapError((error) => (error.event === event ? error : new UserCodeFailed({ ...error, event })))
          ),
        (seat) => (seat.thread.isBusy() && !seat.thread.hasEnded() ? abandon(seat) : leave(seat))
      )

    return {
      parameters: [...seats].at(0)?.thread.parameters ?? [],
      width: options.threads,
      strays: Stream.fromQueue(strays),
      start: () => Effect.sync(() => void scan++),
      tickInterval: (parameters) => Effect.map(ask({ step: "interval" }, parameters, null), asInterval),
      tick: (parameters) => Effect.asVoid(ask({ step: "tick" }, parameters, null)),
      run: ([event], parameters, tick) =>
        event === undefined
          ? Effect.succeed([])
          : Effect.match(ask({ step: "process", event, tick }, parameters, event.event_number), {
              onSuccess: (result) => [succeeded(result)],
              onFailure: (failure) => [failed(failure)]
            }),
      finish: (parameters) =>
        Effect.forEach(
          [...seats].filter((seat) => seat.scan === scan && !seat.thread.hasEnded()),
          (seat) => within(limit, "finish", null)(seat.thread.ask({ step: "finish" }, parameters)),
          { concurrency: "unbounded", discard: true }
        )
    }
  })

// -----------------------------------------------------------------------------

const backoff = Schedule.exponential("50 millis").pipe(Schedule.either(Schedule.spaced("5 seconds")))

/** Lines and strays that nobody has taken; of a flood the newest are kept. */
const unheard = 256

/** How long a thread may go on with an event of a scan that is over. */
const grace = Duration.seconds(2)

const hung = (limit: Duration.Duration) => `longer than ${Duration.format(limit)}`

const begun = (seat: Seat, scan: number, parameters: Parameters): Effect.Effect<void, UserCodeFailed> =>
  Effect.suspend(() => {
    if (seat.scan === scan) return Effect.void
    seat.scan = scan
    return Effect.asVoid(seat.thread.ask({ step: "start" }, parameters))
  })

/** Beside the bundle, above its chunks, beside this module of the library, or in the last build where this is a source. */
const candidates = [
  "./workers/user.js",
  "../workers/user.js",
  "./internal/user.worker.js",
  "../../../dist/workers/user.js"
]

const builtEntry: Effect.Effect<URL, UserCodeFailed> = Effect.suspend(() => {
  const found = candidates.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(fileURLToPath(url)))
  return found === undefined
    ? Effect.fail(unfit("the program of its threads is not built: run `npm run build`"))
    : Effect.succeed(found)
})
