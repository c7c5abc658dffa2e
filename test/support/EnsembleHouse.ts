/**
 * An ensemble of our own processes that faults are tried on: a controller, an ingester of one stream, two workers, a reducer,
 * a detector. What a fault ends is started again by the test; the next scan has to be exact, with nothing left behind.
 */
import { assert } from "@effect/vitest"
import { Context, Effect, Layer, Scope } from "effect"
import * as Processes from "./EnsembleProcesses.js"
import { assertNoMoreThan, type Footprint, settled } from "./Footprint.js"
import { freePort } from "./FreePort.js"
import type { PeerMap } from "./peer/PeerController.js"
import { type Multipart, PeerDetector } from "./peer/PeerDetector.js"
import type { PeerRedis } from "./peer/PeerRedis.js"
import * as RedisServer from "./RedisServer.js"
import {
  type Assigned,
  assertExact,
  assertLegal,
  assertPartOf,
  assignedBy,
  messagesOf,
  plainMap,
  streamsOf
} from "./ScanMap.js"

export const roles = ["controller", "ingester", "reducer", "w1", "w2"] as const
export type RoleName = (typeof roles)[number]

/** A scan that has begun. */
export interface Begun {
  readonly map: PeerMap
  readonly mapping: string
  /** All messages of the series, from the start to the end. */
  readonly series: ReadonlyArray<Multipart>
}

/** What came of a scan. */
export interface Outcome extends Processes.Progress {
  readonly assigned: ReadonlyArray<Assigned>
  /** The events of which some worker's result did not arrive. */
  readonly incomplete: number
}

export class EnsembleHouse extends Context.Tag("test/EnsembleHouse")<
  EnsembleHouse,
  {
    readonly redis: RedisServer.RedisServer
    readonly detector: PeerDetector
    readonly running: Record<RoleName, Processes.Service>
    /** Starts the service of a role again, under the same name and address. */
    readonly restart: (role: RoleName) => Effect.Effect<void>
    /** Begins a scan; the detector has sent nothing of it. */
    readonly begin: (map: PeerMap) => Effect.Effect<Begun>
    /** Waits for its end; whatever came of it is right, and what did not come is stated. */
    readonly outcome: (scan: Begun, sent?: ReadonlyArray<Multipart>) => Effect.Effect<Outcome>
    /** Waits for its end, which has to be without any loss. */
    readonly exact: (scan: Begun, sent?: ReadonlyArray<Multipart>) => Effect.Effect<Outcome>
    /** The same of a scan whose log Redis has lost in part: what came agrees with the map, and with what still stands. */
    readonly exactWithoutLog: (scan: Begun) => Effect.Effect<void>
    /** A whole scan is exact, and behind it the processes hold no more than they did before any fault. */
    readonly sound: Effect.Effect<void>
  }
>() {}

const make = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const redis = yield* RedisServer.make
  const detector = yield* Processes.peer(() => new PeerDetector())
  const [controllerPort, ingesterPort] = [yield* freePort, yield* freePort]
  const starts: Record<RoleName, Effect.Effect<Processes.Service, never, Scope.Scope>> = {
    controller: Processes.controller(redis.url, controllerPort),
    ingester: Processes.ingester(redis.url, "eiger-ingester", { eiger: detector.url }, { port: ingesterPort }),
    reducer: Processes.reducer(redis.url),
    w1: Processes.worker(redis.url, "w1"),
    w2: Processes.worker(redis.url, "w2")
  }
  const running = yield* Effect.all(starts, { concurrency: "unbounded" })
  const baseline = new Map<RoleName, Footprint>()
  let scans = 0

  /** The ingester knows both workers. */
  const together = Processes.until(
    "all services are connected",
    Processes.ensembleOf(running.controller),
    ({ ingesters, reducer, workers }) =>
      reducer !== null &&
      workers.length === 2 &&
      ingesters.length === 1 &&
      workers.every(({ service_uuid }) => ingesters.every((one) => Object.hasOwn(one.connected_workers, service_uuid)))
  )

  const begin = (map: PeerMap) =>
    Effect.gen(function* () {
      const before = detector.connections
      const mapping = yield* Processes.begin(running.controller, map)
      // The ingester opens its source anew for each scan that the stream takes part in.
      if (streamsOf(map).includes("eiger")) yield* Effect.promise(() => detector.connectedAgain(before))
      return { map, mapping, series: messagesOf(map, "eiger", ++scans) }
    })

  const ended = <A>(read: (peer: PeerRedis, mapping: string) => Effect.Effect<A>) =>
    Effect.fnUntraced(function* ({ mapping }: Begun) {
      const progress = yield* Processes.finished(running.controller)
      const peer = yield* Processes.connectedRedis(redis.url)
      const assigned = yield* read(peer, mapping)
      return { progress, assigned, results: yield* Processes.resultsOf(running.reducer) }
    }, Effect.scoped)

  const exact = (scan: Begun, sent: ReadonlyArray<Multipart> = scan.series) =>
    Effect.map(ended(Processes.assignedIn)(scan), ({ assigned, progress, results }) => {
      assert.deepInclude(progress, { processed: progress.total_events, reassigned: 0, lost: 0 })
      assertExact(scan.map, () => sent, assigned, results)
      return { ...progress, assigned, incomplete: 0 }
    })

  const exactWithoutLog = (scan: Begun) =>
    Effect.map(ended(Processes.stillAssignedIn)(scan), ({ assigned: standing, progress, results }) => {
      assert.deepInclude(progress, { processed: progress.total_events, reassigned: 0, lost: 0 })
      const assigned = assignedBy(scan.map, standing, results)
      assertLegal(scan.map, { w1: ["generic"], w2: ["generic"] }, assigned)
      assertExact(scan.map, () => scan.series, assigned, results)
    })

  const outcome = (scan: Begun, sent: ReadonlyArray<Multipart> = scan.series) =>
    Effect.map(ended(Processes.assignedIn)(scan), ({ assigned, progress, results }) => {
      const whole = assertPartOf(scan.map, () => sent, assigned, results)
      const incomplete = progress.total_events - whole.size
      assert.isAtMost(incomplete, progress.lost, "an event without its results counts as lost")
      return { ...progress, assigned, incomplete }
    })

  const wholeScan = Effect.gen(function* () {
    yield* together
    const scan = yield* begin(plainMap(30, 3))
    yield* Effect.promise(() => detector.send(scan.series))
    yield* exact(scan)
  })

  const sound = Effect.gen(function* () {
    yield* wholeScan
    yield* assertNoMoreThan(
      new Map(
        roles.flatMap((role) => {
          const then = baseline.get(role)
          return then === undefined ? [] : [[running[role].pid, then] as const]
        })
      )
    )
  })

  // What is made once and kept (buffers, threads of libraries) is there after the second scan.
  yield* wholeScan
  yield* wholeScan
  for (const role of roles) baseline.set(role, yield* settled(running[role].pid))

  return EnsembleHouse.of({
    redis,
    detector,
    running,
    restart: (role) =>
      Effect.map(Scope.extend(starts[role], scope), (service) => {
        running[role] = service
      }),
    begin,
    outcome,
    exact,
    exactWithoutLog,
    sound
  })
})

export const layer: Layer.Layer<EnsembleHouse> = Layer.scoped(EnsembleHouse, make)
