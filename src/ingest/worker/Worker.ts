/**
 * A worker of the ensemble: has its share of every scan's events put together from all ingesters, runs a user's module on
 * them, sends what that gives to the reducer, and reports what is done.
 *
 * Nothing that a module or a peer does ends it. An event whose code fails, or whose frames are lost, is done with: it is
 * reported as processed without a result, and told. A new mapping interrupts the scan before it, wherever that is. Results
 * wait for a reducer that is away; the ensemble's own silence is waited out.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { AssignmentLog } from "../../assignment/AssignmentLog.js"
import type { ParameterStore } from "../../assignment/ParameterStore.js"
import { ReadyLog } from "../../assignment/ReadyLog.js"
import { ServiceRegistry } from "../../assignment/ServiceRegistry.js"
import { TickClock } from "../../assignment/TickClock.js"
import type { UpdateLog } from "../../assignment/UpdateLog.js"
import type { MappingId } from "../../assignment/WorkAssignment.js"
import * as EventCounter from "../EventCounter.js"
import type { FrameTransport } from "../FrameTransport.js"
import * as complaints from "../internal/complaints.js"
import * as steadyTrouble from "../internal/steadyTrouble.js"
import * as telling from "../internal/telling.js"
import { ownState } from "../internal/ownState.js"
import * as Membership from "../Membership.js"
import { decodeParameters, type Parameters } from "../ParameterValues.js"
import * as ResultMessages from "../ResultMessages.js"
import type { ResultTransport } from "../ResultTransport.js"
import * as EventMessage from "./EventMessage.js"
import type { EventRunner } from "./EventRunner.js"
import { BrokenLinks } from "./internal/brokenLinks.js"
import * as ingesterLinks from "./internal/ingesterLinks.js"
import * as reducerLink from "./internal/reducerLink.js"
import { WorkerScan } from "./internal/workerScan.js"
import { Pairing } from "./Pairing.js"

export interface Options {
  /** Printable ASCII without `:`; no other worker of the ensemble has it. */
  readonly name: string
  /** Which entries of a map it may be given. Default: `generic`. */
  readonly tags?: ReadonlyArray<string> | undefined
  readonly runner: EventRunner
}

/** How a worker is doing. */
export interface WorkerStatus {
  readonly name: string
  readonly mapping: string | null
  /** Since it began, in all scans. */
  readonly processed: number
  readonly rate: number
  /** Events of this scan that are assigned and not begun. */
  readonly outstanding: number
  /** Events whose frames did not come. */
  readonly lost: number
  /** Everything that did not go as it should, and the latest of it. */
  readonly troubles: number
  readonly lastTrouble: string | null
  readonly ingesters: ReadonlyArray<string>
  readonly hasReducer: boolean
}

export interface Worker {
  /** Done when the ensemble has heard of it. */
  readonly joined: Effect.Effect<void>
  readonly status: Effect.Effect<WorkerStatus>
}

type Needs =
  | AssignmentLog
  | FrameTransport
  | ParameterStore
  | ReadyLog
  | ResultTransport
  | Scope.Scope
  | ServiceRegistry
  | TickClock
  | UpdateLog

/** Takes part in the ensemble for as long as the scope lasts. */
export const make = ({ name, runner, tags = ["generic"] }: Options): Effect.Effect<Worker, never, Needs> =>
  Effect.gen(function* () {
    const registry = yield* ServiceRegistry
    const outer = yield* Effect.scope
    const incarnation = randomUUID()
    const counter = yield* EventCounter.make
    const complain = yield* complaints.make
    const reducer = yield* reducerLink.make
    let parameters: { values: Parameters; hash: string | null } = {
      values: decodeParameters(runner.parameters, new Map()),
      hash: null
    }
    let lost = 0
    let troubles = 0
    let lastTrouble: string | null = null
    let scan: { readonly work: WorkerScan; readonly scope: Scope.CloseableScope } | undefined

    const around = {
      name,
      runner,
      assignmentLog: yield* AssignmentLog,
      reports: telling.make(yield* ReadyLog),
      tickClock: yield* TickClock,
      reducer,
      messages: yield* ResultMessages.make,
      parameters: () => parameters,
      onDone: counter.add,
      onLost: (events: number) => {
        lost += events
        counter.add(events)
      },
      onTrouble: (trouble: Error, count: number) =>
        Effect.suspend(() => {
          troubles += count
          lastTrouble = trouble.message
          return complain(trouble.message, count)
        })
    }

    yield* Effect.forkScoped(Stream.runForEach(runner.strays, (stray) => around.onTrouble(stray, 1)))

    /** What comes between two scans belongs to neither. */
    const read = (connected: ingesterLinks.Connected) => {
      const readMessage = EventMessage.reader()
      return connected.link.take.pipe(
        Effect.tap((messages) =>
          Effect.sync(() => {
            connected.received += messages.length
            if (scan !== undefined) deliver(scan.work, connected, messages.map(readMessage))
          })
        ),
        Effect.zipRight(
          Effect.suspend(() => {
            const work = scan?.work
            return work === undefined ? Effect.void : work.waitForRoom(() => isCrowded(scan?.work, work, connected))
          })
        ),
        Effect.forever
      )
    }

    const links: ingesterLinks.IngesterLinks = yield* ingesterLinks.make({
      name,
      incarnation,
      read,
      onChange: Effect.suspend(() => membership.announce),
      onLost: ({ lane }) => scan?.work.pairing.forget(lane)
    })

    const broken = new BrokenLinks(name)

    const leave = Effect.suspend(() => {
      if (scan === undefined) return Effect.void
      return Effect.zipRight(Scope.close(scan.scope, Exit.void), scan.work.letGo)
    })
    const enter = (work: WorkerScan, life: Effect.Effect<void>) =>
      Effect.gen(function* () {
        const scope = yield* Scope.fork(outer, ExecutionStrategy.sequential)
        scan = { work, scope }
        const told = Effect.tapDefect(life, (cause) => around.onTrouble(new Error(Cause.pretty(cause)), 1))
        yield* Effect.forkIn(Effect.annotateLogs(told, "worker", name), scope)
      })

    const membership: Membership.Membership = yield* Membership.join({
      kind: "worker",
      describe: Effect.sync(() => ({
        kind: "worker" as const,
        state: {
          ...ownState(incarnation, name, counter),
          ingesters: links.connected().map(({ state }) => state),
          tags
        }
      })),
      parameters: runner.parameters,
      onParameters: (values, hash) =>
        Effect.sync(() => {
          parameters = { values: decodeParameters(runner.parameters, values), hash }
        }),
      onMapping: Effect.fnUntraced(function* (mapping: MappingId, _: ReadonlyArray<string>, joins: boolean) {
        yield* leave
        for (const { link } of links.connected()) yield* link.drain
        broken.begin(links.connected())
        const work = new WorkerScan(mapping, new Pairing(name, joins ? incarnation : undefined), around)
        yield* enter(work, work.run)
      }),
      onFinished: () =>
        Effect.suspend(() => {
          const work = scan?.work
          return work === undefined ? Effect.void : Effect.zipRight(leave, enter(work, work.finish))
        }),
      onMemoryLost: around.reports.repeat
    })

    const trying = steadyTrouble.make()
    const look = (judge: boolean) =>
      registry.roster.pipe(
        Effect.tap(({ ingesters }) => links.bring(ingesters, judge)),
        Effect.tap(({ reducer: there }) => reducer.bring(there)),
        Effect.map(({ ingesters }) => {
          if (!judge || scan === undefined) return
          if (broken.judge(scan.work, links.connected(), ingesters)) scan.work.hasNews()
        }),
        trying
      )
    const looks: Effect.Effect<never> = Effect.suspend(() => {
      const isAlone = links.connected().length === 0 || !reducer.isThere()
      return Effect.zipRight(look(!isAlone), Effect.sleep(isAlone ? lookSoon : lookAgain))
    }).pipe(Effect.forever)
    yield* Effect.forkScoped(Effect.annotateLogs(looks, "worker", name))

    return {
      joined: membership.joined,
      status: Effect.sync(() => ({
        name,
        mapping: scan?.work.mapping ?? null,
        processed: counter.processed(),
        rate: counter.rate(),
        outstanding: scan?.work.pairing.outstanding ?? 0,
        lost,
        troubles,
        lastTrouble,
        ingesters: links.connected().map(({ state }) => state.name),
        hasReducer: reducer.isThere()
      }))
    }
  })

// -----------------------------------------------------------------------------

const lookAgain = Duration.seconds(2)
/** While there is no ingester, or no reducer. */
const lookSoon = Duration.millis(200)

const deliver = (
  work: WorkerScan,
  { lane }: ingesterLinks.Connected,
  messages: ReadonlyArray<EventMessage.EventMessage | string>
): void => {
  for (const message of messages) {
    if (typeof message === "string") work.pairing.malformed(lane, message)
    else work.pairing.arrive(lane, message)
  }
  work.hasNews()
}

/** A scan that has ended holds nobody up. */
const isCrowded = (now: WorkerScan | undefined, work: WorkerScan, { lane }: ingesterLinks.Connected): boolean =>
  now === work && work.pairing.isFull(lane)
