/**
 * Dumps once more through workers' and a reducer's modules, without an ensemble: the events of all files in their order, the
 * first one to every worker, each other one to whichever is free, every result straight to the reducer.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { StorageFailed } from "../domain/Refusal.js"
import * as Replay from "./archive/Replay.js"
import { decodeParameters } from "./ParameterValues.js"
import * as ReducerModule from "./reducer/ReducerModule.js"
import { call, type UserCodeFailed } from "./UserCode.js"
import type { EventRunner } from "./worker/EventRunner.js"
import type { WorkerEvent } from "./worker/WorkerModule.js"

export interface Options {
  readonly files: ReadonlyArray<string>
  /** One for each worker. */
  readonly runners: ReadonlyArray<EventRunner>
  readonly reducer: ReducerModule.CheckedModule
  /** Values of parameters by name, as bytes. */
  readonly parameters: ReadonlyMap<string, Uint8Array>
  /** How many times as fast as it was recorded; Infinity: as fast as it goes. */
  readonly speed: number
  /** Told of the number of events that are done. */
  readonly onProgress: (events: number) => Effect.Effect<void>
  /** Told of what a user's code failed with; the replay goes on. */
  readonly onTrouble: (trouble: UserCodeFailed) => Effect.Effect<void>
}

export interface Replayed {
  readonly events: number
  readonly frames: number
  readonly bytes: number
  readonly results: number
  readonly seconds: number
  /** Events whose code has failed, on some worker or in the reducer. */
  readonly failed: number
  /** Places in the files that are damaged, or are no records at all. */
  readonly damages: number
  /** What the reducer has published at the end. */
  readonly published: Readonly<Record<string, unknown>>
}

/** A worker while its events go through it. */
interface Seat {
  readonly name: string
  readonly runner: EventRunner
  readonly interval: Option.Option<Duration.Duration>
  ticked: number
}

/** Runs to the end of all files. Damage in them is told in the log, counted, and passed over. */
export const run = Effect.fn("OfflineReplay.run")(function* (
  options: Options
): Effect.fn.Return<
  Replayed,
  StorageFailed | Replay.ReplayConflict | UserCodeFailed,
  FileSystem.FileSystem | Scope.Scope
> {
  const { module } = options.reducer
  const forReducer = decodeParameters(options.reducer.parameters, options.parameters)
  const begun = yield* Clock.currentTimeMillis
  let [events, frames, bytes, results, failed, damages] = [0, 0, 0, 0, 0, 0]
  const onFailure = (failure: UserCodeFailed) => {
    failed++
    return options.onTrouble(failure)
  }
  const onDamage: Replay.OnDamage = (path, damage) => {
    damages++
    return Replay.logDamage(path, damage)
  }

  yield* call("start", null, () => module.start?.(forReducer))
  const seats = yield* Effect.forEach(options.runners, (runner, index) =>
    seatOf(runner, `worker-${index + 1}`, options)
  )
  yield* Effect.forEach(options.runners, ({ strays }) =>
    Effect.forkScoped(Stream.runForEach(strays, options.onTrouble))
  )
  const free = yield* Queue.bounded<Seat>(Math.max(1, seats.length))
  yield* Queue.offerAll(free, seats)
  const reducing = yield* Effect.makeSemaphore(1)

  const work = Effect.fnUntraced(function* (seat: Seat, event: WorkerEvent) {
    const parameters = decodeParameters(seat.runner.parameters, options.parameters)
    const tick = yield* isDue(seat)
    if (tick) yield* Effect.catchAll(seat.runner.tick(parameters), options.onTrouble)
    const [outcome] = yield* seat.runner.run([event], parameters, tick)
    if (outcome?.failure !== undefined) return yield* onFailure(outcome.failure)
    if (outcome?.result === undefined) return
    const { event_number } = event
    const result = { event_number, worker: seat.name, parameters_hash: null, payload: outcome.result }
    yield* reducing
      .withPermits(1)(call("reduce", event_number, () => module.reduce(result, forReducer)))
      .pipe(Effect.catchAll(onFailure))
    results++
  })

  const one = Effect.fnUntraced(function* (event: WorkerEvent, isFirst: boolean) {
    if (isFirst) yield* Effect.forEach(seats, (seat) => work(seat, event), { discard: true })
    else
      yield* Effect.acquireUseRelease(
        Queue.take(free),
        (seat) => work(seat, event),
        (seat) => Queue.offer(free, seat)
      )
    events++
    yield* options.onProgress(events)
  })

  yield* Replay.events(options.files, onDamage).pipe(
    Replay.paced(options.speed, ({ at }) => at),
    Stream.map(({ event, streams }): WorkerEvent => {
      for (const { parts } of streams) {
        frames++
        for (const part of parts) bytes += part.length
      }
      return {
        event_number: event,
        streams: Object.fromEntries(streams.map(({ name, parts, typ }) => [name, { typ, frames: parts }]))
      }
    }),
    Stream.zipWithIndex,
    // The first event is done before any other begins: it tells each worker what is to come.
    Stream.mapEffect(([event, index]) =>
      index === 0 ? Effect.as(one(event, true), undefined) : Effect.succeed(event)
    ),
    Stream.filter((event) => event !== undefined),
    Stream.mapEffect((event) => one(event, false), { concurrency: Math.max(1, seats.length), unordered: true }),
    Stream.runDrain
  )

  yield* Effect.forEach(seats, ({ runner }) =>
    Effect.catchAll(runner.finish(decodeParameters(runner.parameters, options.parameters)), options.onTrouble)
  )
  yield* Effect.catchAll(
    call("finish", null, () => module.finish?.(forReducer)),
    options.onTrouble
  )
  const seconds = ((yield* Clock.currentTimeMillis) - begun) / 1_000
  return { events, frames, bytes, results, failed, damages, seconds, published: ReducerModule.published(module) }
})

// -----------------------------------------------------------------------------

const seatOf = Effect.fnUntraced(function* (runner: EventRunner, name: string, { parameters }: Options) {
  const decoded = decodeParameters(runner.parameters, parameters)
  yield* runner.start(decoded)
  const seat: Seat = { name, runner, interval: yield* runner.tickInterval(decoded), ticked: 0 }
  return seat
})

/** Whether a tick's interval has passed; it begins anew then. */
const isDue = (seat: Seat): Effect.Effect<boolean> =>
  Option.match(seat.interval, {
    onNone: () => Effect.succeed(false),
    onSome: (interval) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (now - seat.ticked < Duration.toMillis(interval)) return false
        seat.ticked = now
        return true
      })
  })
