/**
 * One uplink at work: connects, carries the queue over, and connects again for ever, with waits that grow and are never quite
 * the same. Nothing but settings that can't work ends it.
 *
 * Stop: it goes on until all that waits is confirmed, or `max_drain_time` is over, or no connection stands for a few seconds;
 * then it tells what is left. All of that is still queued.
 *
 * Concurrency: the work is a fiber of the life's scope, so that an interruption of the life is a wish to end and not the end.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Backoff from "../actor/Backoff.js"
import * as Self from "../actor/Self.js"
import type { UplinkUnknown } from "../domain/Outbox.js"
import { type Drain, Outbox } from "../outbox/Outbox.js"
import * as Bandwidth from "./internal/bandwidth.js"
import type { Board } from "./internal/board.js"
import * as Noting from "./internal/noting.js"
import * as Pump from "./internal/pump.js"
import * as Suspicion from "./internal/suspicion.js"
import { RemoteRequests } from "./RemoteRequests.js"
import type { UplinkSettings } from "./Settings.js"
import type { Incoming, PreparedUplink } from "./Uplink.js"
import { UplinkError } from "./UplinkError.js"

export interface Options {
  readonly board: Board
  readonly uplink: PreparedUplink
  readonly settings: UplinkSettings
  /** How long a stop may take to empty the queue, asked for when it comes. */
  readonly drainWithin: () => Duration.Duration
}

/** One life. Fails with what trying again would not mend. */
export const run: (
  options: Options
) => Effect.Effect<never, UplinkError | UplinkUnknown, Outbox | RemoteRequests | Self.Self | Scope.Scope> =
  Effect.fnUntraced(function* (options) {
    const { board } = options
    const self = yield* Self.Self
    const requests = yield* RemoteRequests
    const drain = yield* (yield* Outbox).drain(board.name)
    const suspicion = new Suspicion.Suspicion()
    const noting = yield* Noting.make(drain, board, self.mark)
    yield* Effect.addFinalizer(() => Effect.sync(() => board.stopped()))
    const over = yield* Deferred.make<never, UplinkError>()
    yield* Effect.forkScoped(Effect.intoDeferred(work({ ...options, drain, noting, self, requests, suspicion }), over))
    yield* self.ready
    return yield* Effect.onInterrupt(Deferred.await(over), () => empty(options, drain))
  })

/** The waits between two connections: from half a second to a minute, each cut by up to a half. */
export const waits: Schedule.Schedule<unknown> = Schedule.exponential("500 millis").pipe(
  Schedule.either(Schedule.spaced("1 minute")),
  Schedule.jitteredWith({ min: 0.5, max: 1 })
)

// -----------------------------------------------------------------------------

/** A connection that held for so long, or carried something, puts the waits at their beginning. */
const healthyAfter = Duration.toMillis("1 minute")

/** How often an uplink that is connected and has nothing to say counts as alive. */
const pulse = Duration.seconds(30)

/** How long a stop waits for a connection that does not stand. */
const patience = Duration.toMillis("5 seconds")

/** What one life works with. */
interface Life extends Options {
  readonly drain: Drain
  readonly noting: Noting.Noting
  readonly self: Self.Self["Type"]
  readonly requests: RemoteRequests["Type"]
  readonly suspicion: Suspicion.Suspicion
}

const work = Effect.fnUntraced(function* (options: Life): Effect.fn.Return<never, UplinkError> {
  const { board } = options
  const backoff = Backoff.make(waits)
  let told: string | undefined
  for (;;) {
    const confirmed = board.confirmed
    board.connecting()
    const error = yield* Effect.flip(connection(options))
    const now = yield* Clock.currentTimeMillis
    const since = board.connectedSince
    const held = since !== undefined && now - since >= healthyAfter
    if (since !== undefined) options.suspicion.over(!held)
    if (board.confirmed > confirmed || held) {
      yield* backoff.reset
      told = undefined
    }
    if (error.reason === "Misconfigured" || error.reason === "Unsupported") {
      board.failed(now, error.detail)
      return yield* error
    }
    const pause = Duration.toMillis(Option.getOrElse(yield* backoff.next(error), () => Duration.minutes(1)))
    const wait = Math.max(pause, error.retryAfter ?? 0)
    board.lost(now, error.detail, now + wait)
    // A far side that is down for days is told once, not each minute.
    if (told !== error.detail) yield* Effect.logWarning(`${error.message}; tried again for as long as it takes`)
    told = error.detail
    yield* Effect.sleep(wait)
  }
})

/** From connecting to the loss of the connection. */
const connection = ({
  board,
  drain,
  noting,
  requests,
  self,
  settings,
  suspicion,
  uplink
}: Life): Effect.Effect<never, UplinkError> => {
  const disconnected = (detail: string) => new UplinkError({ uplink: board.name, reason: "Disconnected", detail })
  return Effect.scoped(
    Effect.gen(function* () {
      const link = yield* uplink.open.pipe(
        Effect.timeoutFail({
          duration: settings.connect_timeout,
          onTimeout: () => disconnected(`no connection within ${Duration.format(settings.connect_timeout)}`)
        })
      )
      board.connected(yield* Clock.currentTimeMillis)
      yield* self.mark
      yield* Effect.logInfo(`uplink ${board.name} is connected`)
      yield* Effect.forkScoped(Effect.repeat(self.mark, Schedule.spaced(pulse)))
      const work = {
        drain,
        link,
        board,
        window: settings.max_parallel_messages,
        largestBatch: uplink.largestBatch,
        ordered: settings.ordered,
        bandwidth: Option.match(settings.bandwidth, { onNone: () => Bandwidth.unlimited, onSome: Bandwidth.make }),
        noting
      }
      // Where the order is to be kept nothing may overtake.
      const care = suspicion.isRaised && !settings.ordered ? Suspicion.probe(suspicion, work) : Effect.void
      const carry = Effect.zipRight(care, Pump.run(work))
      const listen = Stream.runForEach(link.incoming, handed(board.name, requests)).pipe(
        Effect.zipRight(Effect.fail(disconnected("the far side has nothing more to say")))
      )
      return yield* Effect.raceFirst(carry, listen)
    })
  ).pipe(
    // A bug in a plug-in ends its connection, not the uplink.
    Effect.catchAllDefect((defect) => Effect.fail(disconnected(`unexpected: ${String(defect)}`)))
  )
}

/** Whatever becomes of a request, the link goes on. */
const handed = (uplink: string, requests: RemoteRequests["Type"]) => (what: Incoming) =>
  requests
    .handle({ uplink, what })
    .pipe(Effect.catchAllDefect((defect) => Effect.logError(`a request over ${uplink} was lost: ${String(defect)}`)))

/** Waits until the queue is empty, within its limits, and tells what is left. */
const empty = Effect.fnUntraced(function* ({ board, drainWithin }: Options, drain: Drain) {
  const limit = Duration.toMillis(drainWithin())
  const begun = yield* Clock.currentTimeMillis
  let withoutLink = 0
  for (;;) {
    const left = yield* drain.waiting
    const spent = (yield* Clock.currentTimeMillis) - begun
    withoutLink = board.state === "connected" ? 0 : withoutLink + look
    if (left === 0) return
    if (spent >= limit || withoutLink >= patience) {
      const why = spent >= limit ? `after ${Duration.format(Duration.millis(spent))}` : "without a connection"
      return yield* Effect.logWarning(
        `uplink ${board.name} stops ${why}: ${left} messages stay queued for the next start`
      )
    }
    yield* Effect.sleep(look)
  }
})

/** Milliseconds from one look at the queue to the next. */
const look = 50
