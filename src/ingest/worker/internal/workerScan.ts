/**
 * One scan of a worker, from `ready` on: reads its assignments, runs the module on events as they become complete, sends
 * results, reports. Ends with its scope, and nothing of it is left.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AssignmentLog } from "../../../assignment/AssignmentLog.js"
import type { ServiceUpdate } from "../../../assignment/ServiceUpdate.js"
import type { TickClock } from "../../../assignment/TickClock.js"
import type { MappingId } from "../../../assignment/WorkAssignment.js"
import type { Telling } from "../../internal/telling.js"
import type { Parameters } from "../../ParameterValues.js"
import type { ResultMessages } from "../../ResultMessages.js"
import type { ResultMessage } from "../../ResultTransport.js"
import type { EventRunner, Outcome } from "../EventRunner.js"
import type { Paired, Pairing } from "../Pairing.js"
import { PairingFault } from "../PairingFault.js"
import type { WorkerEvent } from "../WorkerModule.js"
import type { Reached, ReducerLinks } from "./reducerLink.js"
import { WorkReport } from "./workReport.js"

/** What a scan needs of its worker. */
export interface Surroundings {
  readonly name: string
  readonly runner: EventRunner
  readonly assignmentLog: AssignmentLog["Type"]
  readonly reports: Telling
  readonly tickClock: TickClock["Type"]
  readonly reducer: ReducerLinks
  readonly messages: ResultMessages
  readonly parameters: () => { readonly values: Parameters; readonly hash: string | null }
  /** So many events are done with, whichever way. */
  readonly onDone: (events: number) => void
  readonly onLost: (events: number) => void
  /** Something did not go as it should; the scan goes on. */
  readonly onTrouble: (trouble: Error, count: number) => Effect.Effect<void>
}

/** A report is due when there is nothing to do, and otherwise after so long. */
const reportAfter = 1_000_000_000n
const stirred = Duration.millis(250)
/** Events that are handed to the module together. */
const batch = 64
/** Assignments that are known ahead. */
const ahead = 20_000

/** Bytes of results that are sent together at the latest. */
const parcelBytes = 1024 * 1024

/** Results that are sent together. */
class Parcel {
  readonly events: Array<number> = []
  readonly messages: Array<ResultMessage> = []
  bytes = 0

  add(event: number, message: ResultMessage): void {
    this.events.push(event)
    this.messages.push(message)
    this.bytes += message.payload.byteLength
  }
}

export class WorkerScan {
  readonly #report: WorkReport
  /** Something has come that may make an event complete. */
  readonly #news = Effect.unsafeMakeLatch(false)
  /** Events were taken: there is room for more. */
  readonly #room = Effect.unsafeMakeLatch(true)
  #reported = 0n

  constructor(
    readonly mapping: MappingId,
    readonly pairing: Pairing,
    readonly around: Surroundings
  ) {
    this.#report = new WorkReport(around.name)
  }

  /** Messages have been given to the pairing. */
  hasNews(): void {
    this.#news.unsafeOpen()
  }

  /** Waits until events have been taken, where there is no room. */
  waitForRoom(isFull: () => boolean): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (!isFull()) return Effect.void
      this.#room.unsafeClose()
      return Effect.zipRight(this.#room.await, this.waitForRoom(isFull))
    })
  }

  /** Whoever waits for room here need not wait any more: the scan is left. */
  readonly letGo: Effect.Effect<void> = Effect.sync(() => this.#room.unsafeOpen())

  /** Never ends by itself. */
  readonly run: Effect.Effect<void> = Effect.suspend(() => {
    const { parameters, runner } = this.around
    const interval = runner
      .tickInterval(parameters().values)
      .pipe(Effect.catchAll((error) => Effect.as(this.around.onTrouble(error, 1), Option.none<Duration.Duration>())))
    return runner.start(parameters().values).pipe(
      Effect.catchAll((error) => this.around.onTrouble(error, 1)),
      Effect.zipRight(interval),
      Effect.zipLeft(this.#tell(this.#report.ready(this.pairing.incarnation))),
      Effect.flatMap((tick) =>
        Effect.all(
          [this.#readAssignments, this.#stir, ...Array.from({ length: runner.width }, () => this.#work(tick))],
          { concurrency: "unbounded", discard: true }
        )
      )
    )
  })

  /** The scan has ended: tells what was not told, lets the module finish, and tells that, too. */
  readonly finish: Effect.Effect<void> = Effect.suspend(() =>
    this.#tellFaults.pipe(
      Effect.zipRight(this.#report.isEmpty ? Effect.void : this.#tell(this.#report.take())),
      Effect.zipRight(this.around.runner.finish(this.around.parameters().values)),
      Effect.catchAll((error) => this.around.onTrouble(error, 1)),
      Effect.zipRight(this.#tell(this.#report.finished()))
    )
  )

  get #readAssignments(): Effect.Effect<void> {
    return this.around.assignmentLog.read(this.mapping).pipe(
      Stream.runForEachChunk((chunk) =>
        Effect.suspend(() => {
          this.pairing.assign(chunk)
          this.hasNews()
          return this.waitForRoom(() => this.pairing.outstanding > ahead)
        })
      )
    )
  }

  /** Lets a report that is due go out although nothing comes. */
  get #stir(): Effect.Effect<never> {
    return Effect.forever(Effect.zipRight(Effect.sleep(stirred), this.#news.open))
  }

  #work(interval: Option.Option<Duration.Duration>): Effect.Effect<never> {
    const most = this.around.runner.width === 1 ? batch : 1
    return Effect.flatMap(Effect.clock, (clock) => {
      const now = () => clock.unsafeCurrentTimeNanos()
      const isDue = () => now() - this.#reported >= reportAfter
      const report = Effect.suspend(() => {
        if (this.#report.isEmpty || (this.pairing.outstanding > 0 && !isDue())) return Effect.void
        this.#reported = now()
        return this.#tell(this.#report.take())
      })
      const wait = Effect.suspend(() => {
        const from = now()
        const step = this.pairing.outstanding === 0 ? "get_assignments" : "get_messages"
        this.#news.unsafeClose()
        return Effect.map(this.#news.await, () => this.#report.spent(step, from, now()))
      })
      return Effect.suspend(() => {
        const paired = this.pairing.take(most)
        if (paired.length === 0) return report.pipe(Effect.zipRight(this.#tellFaults), Effect.zipRight(wait))
        this.#room.unsafeOpen()
        return this.#handle(paired, interval, now, report)
      }).pipe(Effect.forever)
    })
  }

  /** Runs events and sends their results, then reports if it is time. */
  #handle = Effect.fnUntraced(function* (
    this: WorkerScan,
    paired: ReadonlyArray<Paired>,
    interval: Option.Option<Duration.Duration>,
    now: () => bigint,
    report: Effect.Effect<void>
  ) {
    const { onDone, onLost, parameters, runner } = this.around
    let events: ReadonlyArray<WorkerEvent> = this.#complete(paired)
    if (events.length < paired.length) onLost(paired.length - events.length)
    while (events.length > 0) {
      const { hash, values } = parameters()
      const begun = now()
      const tick = Option.isSome(interval) ? yield* this.#tick(interval.value, values) : false
      const outcomes = yield* runner.run(events, values, tick)
      const ran = now()
      this.#report.spent("custom_code", begun, ran)
      yield* this.#send(events, outcomes, hash)
      this.#report.spent("send_result", ran, now())
      onDone(outcomes.length)
      events = events.slice(outcomes.length)
      if (events.length > 0) yield* report
    }
    yield* report
    yield* Effect.yieldNow()
  })

  /** The events to run; those that are lost are completed here. */
  #complete(paired: ReadonlyArray<Paired>): ReadonlyArray<WorkerEvent> {
    const events: Array<WorkerEvent> = []
    for (const { event, event_number } of paired) {
      if (event === undefined) this.#report.lost(event_number)
      else events.push(event)
    }
    return events
  }

  #tick(interval: Duration.Duration, values: Parameters): Effect.Effect<boolean> {
    const { onTrouble, runner, tickClock } = this.around
    return tickClock.tick(this.mapping, interval).pipe(
      Effect.tap((mine) => (mine ? runner.tick(values) : Effect.void)),
      Effect.catchAll((error) => Effect.as(onTrouble(error, 1), false))
    )
  }

  #send = Effect.fnUntraced(function* (
    this: WorkerScan,
    events: ReadonlyArray<WorkerEvent>,
    outcomes: ReadonlyArray<Outcome>,
    parameters_hash: string | null
  ) {
    const { messages, name, onTrouble, reducer } = this.around
    let to: Reached | undefined
    let parcel = new Parcel()
    for (let index = 0; index < outcomes.length; index++) {
      const [event_number, outcome] = [events[index]?.event_number, outcomes[index]]
      if (event_number === undefined || outcome === undefined) break
      const { failure, result } = outcome
      if (failure === undefined && result !== undefined) {
        to ??= yield* reducer.present
        const message = messages.encode({ event_number, worker: name, parameters_hash, payload: result }, to.form)
        if (Either.isRight(message)) {
          parcel.add(event_number, message.right)
          if (parcel.bytes < parcelBytes) continue
          yield* this.#dispatch(parcel, to)
          parcel = new Parcel()
          continue
        }
        yield* onTrouble(message.left, 1)
      } else if (failure !== undefined) {
        yield* onTrouble(failure, 1)
      }
      this.#report.completed(event_number, false)
    }
    if (to !== undefined) yield* this.#dispatch(parcel, to)
  })

  /** What is not sent is not completed. */
  #dispatch({ events, messages }: Parcel, { link }: Reached): Effect.Effect<void> {
    return Effect.map(link.send(messages), () => {
      for (const event of events) this.#report.completed(event, true)
    })
  }

  get #tellFaults(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const faults = this.pairing.faults()
      if (faults.length === 0) return Effect.void
      return Effect.forEach(faults, (fault) => this.around.onTrouble(new PairingFault(fault), fault.count), {
        discard: true
      })
    })
  }

  #tell(update: ServiceUpdate): Effect.Effect<void> {
    return this.around.reports.tell(this.mapping, update)
  }
}
