/**
 * The reducer of the ensemble: takes the results of all workers, one after the other, runs a user's module on them, and shows
 * what that publishes.
 *
 * Nothing that a module or a worker does ends it. A result that can't be read or reduced counts as reduced, and is told.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { randomUUID } from "node:crypto"
import type { ParameterStore } from "../../assignment/ParameterStore.js"
import { ReadyLog } from "../../assignment/ReadyLog.js"
import type { ServiceRegistry } from "../../assignment/ServiceRegistry.js"
import type { ReducerUpdate } from "../../assignment/ServiceUpdate.js"
import type { UpdateLog } from "../../assignment/UpdateLog.js"
import type { MappingId } from "../../assignment/WorkAssignment.js"
import * as EventCounter from "../EventCounter.js"
import type { TransportFailed } from "../FrameTransport.js"
import * as complaints from "../internal/complaints.js"
import * as telling from "../internal/telling.js"
import { ownState } from "../internal/ownState.js"
import * as Membership from "../Membership.js"
import { decodeParameters, type Parameters } from "../ParameterValues.js"
import * as ResultMessages from "../ResultMessages.js"
import { type ResultMessage, ResultTransport } from "../ResultTransport.js"
import { asFailure, StrayFailures } from "../StrayFailures.js"
import { call, isLater, settle, threw, type UserCodeFailed, within } from "../UserCode.js"
import type { Publication } from "./Publication.js"
import { type CheckedModule, published } from "./ReducerModule.js"

export interface Options {
  /** What workers are told to connect to. */
  readonly url: string
  readonly module: CheckedModule
}

/** How the reducer is doing. */
export interface ReducerStatus {
  readonly mapping: string | null
  /** Results since it began, in all scans. */
  readonly processed: number
  readonly rate: number
  /** Everything that did not go as it should, and the latest of it. */
  readonly troubles: number
  readonly lastTrouble: string | null
}

export interface Reducer {
  /** Done when the ensemble has heard of it. */
  readonly joined: Effect.Effect<void>
  readonly status: Effect.Effect<ReducerStatus>
  readonly publication: Publication["Type"]
}

/** An ensemble has one. */
const name = "reducer"

type Needs = ParameterStore | ReadyLog | ResultTransport | Scope.Scope | ServiceRegistry | UpdateLog

/** Takes part in the ensemble for as long as the scope lasts. */
export const make = ({ module: checked, url }: Options): Effect.Effect<Reducer, TransportFailed, Needs> =>
  Effect.gen(function* () {
    const { module } = checked
    const reports = telling.make(yield* ReadyLog)
    const outer = yield* Effect.scope
    const inbox = yield* (yield* ResultTransport).listen(url)
    const messages = yield* ResultMessages.make
    const incarnation = randomUUID()
    const counter = yield* EventCounter.make
    const complain = yield* complaints.make
    const revision = yield* SubscriptionRef.make(0)
    /** One at a time: results, the timer, and the turns of scans. */
    const turn = yield* Effect.makeSemaphore(1)
    let parameters: Parameters = decodeParameters(checked.parameters, new Map())
    let troubles = 0
    let lastTrouble: string | null = null
    let scan: { readonly mapping: MappingId; readonly scope: Scope.CloseableScope } | undefined

    const onTrouble = (trouble: Error) =>
      Effect.suspend(() => {
        troubles++
        lastTrouble = trouble.message
        return complain(trouble.message)
      })
    const tried = (effect: Effect.Effect<unknown, UserCodeFailed>) => Effect.catchAll(effect, onTrouble)
    const changed = SubscriptionRef.update(revision, (before) => before + 1)

    const reduceOne = (result: ResultMessages.Result): Effect.Effect<unknown, UserCodeFailed> | undefined => {
      try {
        const given = module.reduce(result, parameters)
        return isLater(given)
          ? within(resultLimit, "reduce", result.event_number)(settle("reduce", result.event_number, given))
          : undefined
      } catch (cause) {
        return Effect.fail(threw("reduce", result.event_number, cause))
      }
    }
    const reduce = Effect.fnUntraced(function* (batch: ReadonlyArray<ResultMessage>) {
      const updates: Array<ReducerUpdate> = []
      for (const message of batch) {
        const decoded = messages.decode(message)
        if (Either.isRight(decoded)) {
          const rest = reduceOne(decoded.right)
          if (rest !== undefined) yield* tried(rest)
        } else {
          yield* onTrouble(decoded.left)
        }
        const { event_number, worker } = Either.merge(decoded)
        if (event_number !== null) updates.push({ state: "idle", source: "reducer", completed: event_number, worker })
      }
      counter.add(batch.length)
      yield* changed
      const mapping = scan?.mapping
      if (mapping !== undefined) yield* reports.tell(mapping, ...updates)
    })

    /** Until the next scan, or the end of this one. */
    const enter = (mapping: MappingId, life: Effect.Effect<unknown>) =>
      Effect.gen(function* () {
        if (scan !== undefined) yield* Scope.close(scan.scope, Exit.void)
        const scope = yield* Scope.fork(outer, ExecutionStrategy.sequential)
        scan = { mapping, scope }
        yield* Effect.forkIn(life, scope)
      })
    const start = call("start", null, () => module.start?.(parameters)).pipe(within(startLimit, "start", null), tried)
    const finish = call("finish", null, () => module.finish?.(parameters)).pipe(
      within(resultLimit, "finish", null),
      tried
    )

    const timer = turn
      .withPermits(1)(within(resultLimit, "timer", null)(call("timer", null, () => module.timer?.(parameters))))
      .pipe(
        Effect.zipLeft(changed),
        Effect.catchAll((error) => onTrouble(error)),
        Effect.flatMap((seconds) => Effect.sleep(untilNext(seconds))),
        Effect.forever
      )

    const { joined } = yield* Membership.join({
      kind: "reducer",
      describe: Effect.sync(() => ({
        kind: "reducer" as const,
        state: {
          ...ownState(incarnation, name, counter),
          url: inbox.url
        }
      })),
      parameters: checked.parameters,
      onParameters: (values) =>
        Effect.sync(() => {
          parameters = decodeParameters(checked.parameters, values)
        }),
      onMapping: (mapping) =>
        Effect.zipRight(turn.withPermits(1)(start), enter(mapping, module.timer === undefined ? Effect.void : timer)),
      onFinished: (mapping) =>
        enter(
          mapping,
          turn
            .withPermits(1)(finish)
            .pipe(
              Effect.zipRight(changed),
              Effect.zipRight(
                reports.tell(mapping, { state: "finished", source: "reducer", completed: null, worker: null })
              )
            )
        ),
      onMemoryLost: reports.repeat
    })
    yield* (yield* StrayFailures).pipe(
      Stream.runForEach((detail) => onTrouble(asFailure("reduce", detail))),
      Effect.forkScoped
    )
    yield* inbox.take.pipe(
      Effect.flatMap((batch) => turn.withPermits(1)(reduce(batch))),
      Effect.zipRight(Effect.yieldNow()),
      Effect.forever,
      Effect.annotateLogs("service", name),
      Effect.forkScoped
    )

    return {
      joined,
      status: Effect.sync(() => ({
        mapping: scan?.mapping ?? null,
        processed: counter.processed(),
        rate: counter.rate(),
        troubles,
        lastTrouble
      })),
      publication: {
        values: Effect.sync(() => published(module)),
        changes: revision.changes.pipe(
          Stream.buffer({ capacity: 1, strategy: "sliding" }),
          Stream.schedule(Schedule.spaced("100 millis"))
        )
      }
    }
  })

// -----------------------------------------------------------------------------

/** How long the code of one result, of the timer, or of the end of a scan may take: others wait for their turn meanwhile. */
const resultLimit = Duration.minutes(1)
/** How long the ensemble waits for code that begins a scan. */
const startLimit = Duration.seconds(5)

const untilNext = (seconds: unknown): Duration.Duration =>
  Duration.seconds(typeof seconds === "number" && seconds > 0 && Number.isFinite(seconds) ? seconds : 1)
