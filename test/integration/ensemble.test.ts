/**
 * Each service of ours among peers that speak only what the field's own services speak, and all of ours together: over a real
 * Redis and real ZeroMQ, as processes of the built bin. Each ensemble completes three scans, one after the other.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import * as Processes from "../support/EnsembleProcesses.js"
import { freePort } from "../support/FreePort.js"
import { PeerController } from "../support/peer/PeerController.js"
import { type Multipart, PeerDetector } from "../support/peer/PeerDetector.js"
import { PeerIngester } from "../support/peer/PeerIngester.js"
import type { PeerRedis } from "../support/peer/PeerRedis.js"
import { PeerReducer, type Reduced } from "../support/peer/PeerReducer.js"
import type { PeerService } from "../support/peer/PeerService.js"
import { PeerWorker } from "../support/peer/PeerWorker.js"
import * as RedisServer from "../support/RedisServer.js"
import { whereInstalled } from "../support/RedisTest.js"
import { type Assigned, assertExact, assertLegal, messagesOf, streamsOf, variedMap } from "../support/ScanMap.js"

const scans = [1, 2, 3]
const workers = { w1: ["generic"], w2: ["generic", "debug"] }

/** Who leads, as far as a test asks it. */
interface Leader {
  readonly setParameter: (name: string, value: string) => Effect.Effect<unknown>
  /** Done when the scan is; answers what was assigned. `onBegun` when every service has the map. */
  readonly scan: (onBegun: Effect.Effect<void>) => Effect.Effect<ReadonlyArray<Assigned>>
  /** The hash of the parameters, and those that services have. */
  readonly hashes: Effect.Effect<ReadonlyArray<string | null>>
}

const oursLeads = (url: string) =>
  Effect.gen(function* () {
    const service = yield* Processes.controller(url, yield* freePort)
    const redis = yield* Processes.connectedRedis(url)
    return {
      setParameter: (name, value) => Processes.post(service, `/api/v1/parameter/${name}`, value),
      scan: (onBegun) =>
        Effect.gen(function* () {
          const mapping = yield* Processes.begin(service, variedMap)
          yield* onBegun
          const { lost, processed, total_events } = yield* Processes.finished(service)
          assert.deepStrictEqual({ lost, processed }, { lost: 0, processed: total_events })
          return yield* Processes.assignedIn(redis, mapping)
        }),
      hashes: Effect.map(Processes.ensembleOf(service), ({ ingesters, parameters_hash, reducer, workers }) => [
        parameters_hash,
        ...[...ingesters, ...workers, ...(reducer === null ? [] : [reducer])].map((one) => one.parameters_hash)
      ])
    } satisfies Leader
  })

const peerLeads = (url: string) =>
  Effect.gen(function* () {
    const controller = yield* Processes.peer(() => new PeerController(url))
    const redis = yield* Processes.connectedRedis(url)
    return {
      setParameter: (name, value) => Effect.promise(() => controller.setParameter(name, value)),
      scan: (onBegun) =>
        Effect.gen(function* () {
          const scan = yield* Effect.promise(() => controller.begin(variedMap))
          yield* onBegun
          yield* Effect.promise(() => scan.finished).pipe(
            Effect.timeout("2 minutes"),
            Effect.orDieWith(() => new Error(`the scan has not ended; it waits for ${scan.outstanding()}`))
          )
          assert.isUndefined(controller.broken)
          return yield* Processes.assignedIn(redis, scan.mapping)
        }),
      hashes: Effect.map(
        Effect.promise(() => controller.services()),
        (services) => [controller.hash, ...services.map((one) => one.parameters_hash)]
      )
    } satisfies Leader
  })

const upstreams = ({ cam_a, cam_b, eiger }: Record<"eiger" | "cam_a" | "cam_b", PeerDetector>) => ({
  single: { eiger: eiger.url },
  merged: { cam_a: cam_a.url, cam_b: cam_b.url }
})

const detectors = Effect.all({
  eiger: Processes.peer(() => new PeerDetector()),
  cam_a: Processes.peer(() => new PeerDetector()),
  cam_b: Processes.peer(() => new PeerDetector())
})

type Detectors = Effect.Effect.Success<typeof detectors>

const oursIngests = (url: string, all: Detectors) =>
  Effect.all(
    [
      Processes.ingester(url, "eiger-ingester", upstreams(all).single),
      Processes.ingester(url, "cams-ingester", upstreams(all).merged)
    ],
    { concurrency: 2 }
  )

const peerIngests = (url: string, all: Detectors) =>
  Effect.forEach(Object.entries(upstreams(all)), ([name, streams]) =>
    Processes.peer(
      () =>
        new PeerIngester(
          url,
          `${name}-ingester`,
          Object.entries(streams).map(([stream, upstream]) => ({ name: stream, upstream }))
        )
    )
  )

const oursWork = (url: string) =>
  Effect.forEach(Object.entries(workers), ([name, tags]) => Processes.worker(url, name, { tags }), { concurrency: 2 })

const described = [
  { name: "gain", description: "of the detector", dtype: "float" as const, default: 0.5 },
  { name: "label", description: null, dtype: "str" as const, default: "none" }
]

const peersWork = (url: string) =>
  Effect.forEach(Object.entries(workers), ([name, tags]) =>
    Processes.peer(() => new PeerWorker(url, name, { tags, parameters: described }))
  )

const oursReduces = (url: string) => Effect.map(Processes.reducer(url), (service) => Processes.resultsOf(service))

const peerReduces = (url: string) =>
  Effect.map(
    Processes.peer(() => new PeerReducer(url)),
    (reducer) => Effect.sync(() => reducer.results)
  )

/** Every worker is known at every ingester, and says so. */
const connected = (redis: PeerRedis) =>
  Processes.until(
    "all workers are connected",
    Effect.promise(() =>
      Promise.all([
        redis.states<{ connected_workers: Record<string, unknown> }>("dranspose:ingester:*:config"),
        redis.states<{ ingesters: ReadonlyArray<unknown> }>("dranspose:worker:*:config")
      ])
    ),
    ([ingesters, workers]) =>
      ingesters.length === 2 &&
      ingesters.every(({ connected_workers }) => Object.keys(connected_workers).length === 2) &&
      workers.every((worker) => worker.ingesters.length === 2)
  )

const wellAfter = (peers: ReadonlyArray<unknown>) => {
  for (const one of peers) {
    assert.isUndefined((one as Partial<PeerService>).broken)
    assert.strictEqual((one as Partial<PeerWorker>).reconnects ?? 0, 0)
  }
}

/** Three scans of everything that a map can say; each exact, with the same parameters everywhere. */
const completesScans = (parts: {
  readonly leads: (url: string) => Effect.Effect<Leader, never, Scope.Scope>
  readonly ingests: (url: string, all: Detectors) => Effect.Effect<ReadonlyArray<unknown>, never, Scope.Scope>
  readonly works: (url: string) => Effect.Effect<ReadonlyArray<unknown>, never, Scope.Scope>
  readonly reduces: (url: string) => Effect.Effect<Effect.Effect<ReadonlyArray<Reduced>>, never, Scope.Scope>
}) =>
  Effect.gen(function* () {
    const { url } = yield* RedisServer.make
    const redis = yield* Processes.connectedRedis(url)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const all = yield* detectors
        const [leader, results, ingesters, workersOf] = yield* Effect.all(
          [parts.leads(url), parts.reduces(url), parts.ingests(url, all), parts.works(url)],
          { concurrency: "unbounded" }
        )
        yield* connected(redis)
        // A default that is set while a scan ends may hide that end from peers, which act on the last update alone.
        yield* Processes.until(
          "defaults are set",
          Effect.promise(() => redis.ask("KEYS", "dranspose:parameters:gain:*")),
          (keys) => Array.isArray(keys) && keys.length > 0
        )
        yield* Processes.until("everybody has them", leader.hashes, (seen) => new Set(seen).size === 1)
        yield* leader.setParameter("label", "a run")
        for (const scan of scans) {
          yield* leader.setParameter("scan", String(scan))
          const before = new Map(Object.entries(all).map(([stream, { connections }]) => [stream, connections]))
          const send = Effect.forEach(streamsOf(variedMap), (stream) => {
            const detector: PeerDetector | undefined = all[stream as keyof Detectors]
            const messages: ReadonlyArray<Multipart> = messagesOf(variedMap, stream, scan)
            return Effect.promise(async () => {
              await detector.connectedAgain(before.get(stream) ?? 0)
              await detector.send(messages)
            })
          })
          const assigned = yield* leader.scan(Effect.asVoid(send))
          assertLegal(variedMap, workers, assigned)
          const found = yield* results
          assertExact(variedMap, (stream) => messagesOf(variedMap, stream, scan), assigned, found)
          const hashes = yield* Processes.until(
            "all have the same parameters",
            leader.hashes,
            (seen) => seen.length === 6 && new Set(seen).size === 1
          )
          assert.notInclude(hashes, null)
          assert.include(hashes, found.at(-1)?.parameters_hash)
        }
        wellAfter([...ingesters, ...workersOf])
      })
    )
    // A key that a service did not come to remove has an end of its own.
    yield* Processes.until(
      "nothing is left",
      Effect.promise(() => redis.ask("KEYS", "dranspose:*")),
      (keys) => Array.isArray(keys) && keys.length === 0
    )
  })

const test = (title: string, parts: Parameters<typeof completesScans>[0]) =>
  it.scopedLive(title, () => whereInstalled(completesScans(parts)))

describe("an ensemble completes three scans exactly", () => {
  test("with our controller among peers", {
    leads: oursLeads,
    ingests: peerIngests,
    works: peersWork,
    reduces: peerReduces
  })

  test("with our ingesters among peers", {
    leads: peerLeads,
    ingests: oursIngests,
    works: peersWork,
    reduces: peerReduces
  })

  test("with our workers among peers", {
    leads: peerLeads,
    ingests: peerIngests,
    works: oursWork,
    reduces: peerReduces
  })

  test("with our reducer among peers", {
    leads: peerLeads,
    ingests: peerIngests,
    works: peersWork,
    reduces: oursReduces
  })

  test("of our own services, each a process", {
    leads: oursLeads,
    ingests: oursIngests,
    works: oursWork,
    reduces: oursReduces
  })
})
