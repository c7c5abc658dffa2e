/**
 * An ingester of an ensemble: it owns streams, and sends each of their frames to the workers that are assigned to its event.
 *
 * Each scan is a scope of its own ({@link IngestScan}). Between scans stay: the address that workers connect to, the membership
 * in the ensemble, and the counts since the start. Nothing of it ends in silence: what may cost data is an {@link IngesterEvent},
 * and forwarding that has failed is a failure of {@link Ingester.run}, for a supervisor to start the ingester again.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AssignmentLog } from "../assignment/AssignmentLog.js"
import type { ParameterStore } from "../assignment/ParameterStore.js"
import { ReadyLog } from "../assignment/ReadyLog.js"
import type { ServiceRegistry } from "../assignment/ServiceRegistry.js"
import type { ServiceState } from "../assignment/ServiceState.js"
import type { UpdateLog } from "../assignment/UpdateLog.js"
import type { Incarnation, MappingId } from "../assignment/WorkAssignment.js"
import * as ConnectedWorkers from "./ConnectedWorkers.js"
import * as CurrentScan from "./CurrentScan.js"
import * as EventCounter from "./EventCounter.js"
import { FrameDump } from "./FrameDump.js"
import { FrameTransport, type TransportFailed } from "./FrameTransport.js"
import * as IngesterEvent from "./IngesterEvent.js"
import { type IngesterStatus, statusOf } from "./IngesterStatus.js"
import * as IngestScan from "./IngestScan.js"
import { ownState } from "./internal/ownState.js"
import * as telling from "./internal/telling.js"
import * as Membership from "./Membership.js"
import type { OwnStream } from "./StreamIntake.js"

export interface Options {
  readonly name: string
  /** New with every start. */
  readonly incarnation: Incarnation
  /** What workers connect to. */
  readonly url: string
  readonly streams: ReadonlyArray<OwnStream>
  /** Messages and bytes that may wait for one worker. */
  readonly workerMessages?: number
  readonly workerBytes?: number
  /** How long a worker may take nothing, or hold up others, before it is left out of the scan. */
  readonly workerPatience?: Duration.DurationInput
  /** How long an event may wait for a frame before its stream counts as stale. */
  readonly staleAfter?: Duration.DurationInput
  /** Told of everything that may cost data, in order; of a flood the newest are kept. */
  readonly onEvent?: (event: IngesterEvent.IngesterEvent) => Effect.Effect<void>
}

/** Nothing is forwarded any more. */
export class ForwardingFailed extends Schema.TaggedError<ForwardingFailed>()("ForwardingFailed", {
  ingester: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `ingester ${this.ingester} has failed: ${this.detail}`
  }
}

export interface Ingester {
  /** Done when the ensemble has heard of it. */
  readonly joined: Effect.Effect<void>
  /** With the port that it listens at. */
  readonly url: string
  readonly status: Effect.Effect<IngesterStatus>
  /** Leaves what it did, whole, and takes up this scan. Done when that has begun; sources may still be connecting. */
  readonly restartWork: (mapping: MappingId, activeStreams: ReadonlyArray<string>) => Effect.Effect<void>
  /** Ends the scan that this names: its dump is closed, and the controller told. */
  readonly finishWork: (mapping: MappingId) => Effect.Effect<void>
  /** Never ends well. Fails when forwarding has failed: the whole ingester is to be made again. */
  readonly run: Effect.Effect<never, ForwardingFailed>
}

export type Needs = FrameTransport | FrameDump | AssignmentLog | ReadyLog | ServiceRegistry | UpdateLog | ParameterStore

/** Joins the ensemble for as long as the scope lasts. */
export const make = (options: Options): Effect.Effect<Ingester, TransportFailed, Scope.Scope | Needs> =>
  Effect.gen(function* () {
    const { name, streams } = options
    const dumps = yield* FrameDump
    const reports = telling.make(yield* ReadyLog)
    const context = yield* Effect.context<AssignmentLog>()
    const links = yield* Effect.flatMap(FrameTransport, (transport) => transport.listen(options.url))
    const { lastError, report } = yield* reporting(options)
    const counter = yield* EventCounter.make
    const workers = ConnectedWorkers.make()
    const current = yield* CurrentScan.make
    const broken = yield* Deferred.make<never, ForwardingFailed>()
    let prefix = ""

    const begin = Effect.fnUntraced(function* (mapping: MappingId, active: ReadonlyArray<string>) {
      const own = streams.filter((stream) => active.includes(stream.name))
      const scan = yield* IngestScan.begin({
        mapping,
        streams: own,
        links,
        dump: own.length === 0 ? undefined : yield* dumps.open({ ingester: name, mapping, prefix }),
        outbox: {
          messages: options.workerMessages ?? 20_000,
          bytes: options.workerBytes ?? 256 * 2 ** 20,
          patience: Duration.toMillis(options.workerPatience ?? "30 seconds")
        },
        staleAfter: Duration.toMillis(options.staleAfter ?? "10 seconds"),
        report,
        onEvent: () => counter.add(1)
      })
      yield* scan.failed.pipe(
        Effect.flatMap((cause) => {
          const failure = new ForwardingFailed({ ingester: name, detail: Cause.pretty(cause) })
          report({ _tag: "ForwardingFailed", detail: failure.detail })
          return Deferred.fail(broken, failure)
        }),
        Effect.forkScoped
      )
      return scan
    })

    const restartWork: Ingester["restartWork"] = (mapping, active) =>
      current.replace(
        Effect.mapInputContext(begin(mapping, active), (own: Context.Context<Scope.Scope>) =>
          Context.merge(context, own)
        )
      )

    const finishWork: Ingester["finishWork"] = Effect.fn("Ingester.finishWork")(function* (mapping: MappingId) {
      yield* current.of(mapping)?.finish ?? Effect.void
      yield* reports.tell(mapping, { state: "finished", source: "ingester", ingester: name })
    })

    const { announce, joined } = yield* Membership.join({
      kind: "ingester",
      describe: Effect.sync(() => stateOf(options, links.url, counter, workers, current.get())),
      parameters: [],
      onMapping: restartWork,
      onParameters: (values) =>
        Effect.sync(() => {
          prefix = Buffer.from(values.get("dump_prefix") ?? []).toString()
        }),
      onFinished: finishWork,
      onMemoryLost: reports.repeat
    })
    yield* links.pings.pipe(
      Stream.runForEach((ping) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          current.get()?.hear(ping)
          return workers.hear(ping, now) ? announce : Effect.void
        })
      ),
      Effect.forkScoped
    )
    yield* Clock.currentTimeMillis.pipe(
      Effect.tap((now) => (current.get()?.watch(now) === true ? announce : Effect.void)),
      Effect.tap((now) => (workers.expire(now) ? announce : Effect.void)),
      Effect.repeat(Schedule.spaced("1 second")),
      Effect.forkScoped
    )

    const status = Effect.gen(function* () {
      const failed = yield* Deferred.isDone(broken)
      return statusOf({ options, url: links.url, counter, workers, current, failed, lastError: lastError() })
    })
    return { url: links.url, joined, status, restartWork, finishWork, run: Deferred.await(broken) }
  })

// ---------------------------------------------------------------------------------------------------------------------

/** Events in their order, by a fiber of their own: reporting never waits. */
const reporting = Effect.fnUntraced(function* ({ name, onEvent }: Options) {
  const clock = yield* Effect.clock
  const told = yield* Queue.sliding<IngesterEvent.IngesterEvent>(1024)
  let lastError: IngesterStatus["lastError"]
  yield* Queue.take(told).pipe(
    Effect.flatMap((event) => Effect.zipRight(logged(name, event), onEvent?.(event) ?? Effect.void)),
    Effect.catchAllDefect((defect) => Effect.logError("an event of an ingester was not heard", defect)),
    Effect.forever,
    Effect.forkScoped
  )
  return {
    lastError: () => lastError,
    report: (event: IngesterEvent.IngesterEvent) => {
      if (IngesterEvent.isFault(event)) {
        lastError = { at: clock.unsafeCurrentTimeMillis(), detail: IngesterEvent.describe(event) }
      }
      told.unsafeOffer(event)
    }
  }
})

const logged = (ingester: string, event: IngesterEvent.IngesterEvent) =>
  (IngesterEvent.isFault(event) ? Effect.logWarning : Effect.logInfo)(IngesterEvent.describe(event)).pipe(
    Effect.annotateLogs({ ingester })
  )

/** As the ensemble is told. */
const stateOf = (
  { incarnation, name, streams }: Options,
  url: string,
  counter: EventCounter.EventCounter,
  workers: ConnectedWorkers.ConnectedWorkers,
  scan: IngestScan.IngestScan | undefined
): ServiceState => {
  const dropped = scan?.dropped() ?? []
  return {
    kind: "ingester",
    state: {
      ...ownState(incarnation, name, counter),
      url,
      connected_workers: workers.state(),
      streams: streams.map((stream) => stream.name),
      ...(dropped.length === 0 ? {} : { dropped_workers: dropped }),
      handed_over: scan?.handedOver() ?? {}
    }
  }
}
