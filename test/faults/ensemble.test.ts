/**
 * Everything that goes wrong around an ensemble of processes, while a scan runs: after each fault the scan's events are all
 * accounted for, nothing wrong was delivered, nothing is left behind, and the next scan is exact.
 */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DumpScanner } from "../../src/ingest/archive/DumpScanner.js"
import { rounds } from "../support/Crashes.js"
import * as House from "../support/EnsembleHouse.js"
import * as Processes from "../support/EnsembleProcesses.js"
import { imageOf, PeerDetector, seriesOf, startOf } from "../support/peer/PeerDetector.js"
import { PeerWorker } from "../support/peer/PeerWorker.js"
import * as RedisServer from "../support/RedisServer.js"
import { plainMap } from "../support/ScanMap.js"
import { layer } from "../support/SharedLayer.js"

const { EnsembleHouse } = House

/** Milliseconds between two frames of a detector that takes its time. */
const slowly = 20

const completed = (atLeast: number) =>
  Effect.flatMap(EnsembleHouse, ({ running }) =>
    Processes.until(
      `${atLeast} events are completed`,
      Processes.progressOf(running.controller),
      ({ completed_events }) => completed_events >= atLeast
    )
  )

/** A worker beside the two of the house has joined, and the ingester knows it. */
const joined = (worker: string) =>
  Effect.flatMap(EnsembleHouse, ({ running }) =>
    Processes.until(
      `${worker} has joined`,
      Processes.ensembleOf(running.controller),
      ({ ingesters, workers }) =>
        workers.length === 3 && Object.values(ingesters[0]?.connected_workers ?? {}).some(({ name }) => name === worker)
    )
  )

const stop = Effect.flatMap(EnsembleHouse, ({ running }) => Processes.post(running.controller, "/api/v1/stop"))

const pushing = (messages: ReadonlyArray<ReadonlyArray<string>>, every = 0) =>
  Effect.flatMap(EnsembleHouse, ({ detector }) => Effect.promise(() => detector.send(messages, every)))

/** How often each command was carried out. */
const callsOf = (redis: RedisServer.RedisServer) =>
  Effect.map(
    redis.ask("INFO", "commandstats"),
    (text) =>
      new Map(
        Array.from(String(text).matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm), ([, command = "", calls]) => [
          command,
          Number(calls)
        ])
      )
  )

/** A disk of one megabyte, for as long as the scope lasts; none where such a thing can't be had. */
const smallDisk = Effect.acquireRelease(
  Effect.sync(() => {
    const mount = fs.mkdtempSync(join(tmpdir(), "outpost-ensemble-full-"))
    const isThere = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]).status === 0
    return { mount, isThere }
  }),
  ({ isThere, mount }) =>
    Effect.sync(() => {
      if (isThere) spawnSync("umount", [mount])
      fs.rmSync(mount, { recursive: true, force: true })
    })
).pipe(Effect.map(({ isThere, mount }) => (isThere ? mount : undefined)))

/** A scan of frames of 50 kB of another stream, whose ingester dumps them to this file. */
const dumpingScan = Effect.fnUntraced(function* (path: string) {
  const { begin, redis, running } = yield* EnsembleHouse
  const detector = yield* Processes.peer(() => new PeerDetector())
  const service = yield* Processes.ingester(
    redis.url,
    "cam-ingester",
    { cam: detector.url },
    { args: ["--dump", path] }
  )
  yield* Processes.until(
    "both workers are connected to it",
    Processes.ensembleOf(running.controller),
    ({ ingesters, workers }) =>
      workers.every((worker) => worker.ingesters.length === 2) &&
      Object.keys(ingesters.find(({ name }) => name === "cam-ingester")?.connected_workers ?? {}).length === 2
  )
  const cam = Array.from({ length: 40 }, (_, at) => [{ tags: ["generic"], constraint: at }])
  const scan = yield* begin({ parts: { main: { cam } }, sequence: ["main"] })
  const sent = seriesOf("cam", 1, 40).map(([head = "", ...data]) => [
    head,
    ...data.map((one) => one + "x".repeat(50_000))
  ])
  yield* Effect.promise(() => detector.send(sent))
  return { running: service, scan, sent }
})

/** Ends all connections to an address at once, with what is on its way in them. */
const cut = (address: string): number | null =>
  spawnSync("ss", ["-Ktn", `sport = :${new URL(address).port}`], { encoding: "utf8" }).status

const canCut = cut("tcp://127.0.0.1:1") === 0 && process.getuid?.() === 0

const required = process.env["OUTPOST_REQUIRE_SERVICES"] === "1"

describe.skipIf(!RedisServer.installed && !required)("an ensemble of processes", () => {
  layer(House.layer, { excludeTestServices: true, timeout: "2 minutes" })((it) => {
    it.scoped("a source that stops and goes on costs nothing", () =>
      Effect.gen(function* () {
        const { begin, exact, sound } = yield* EnsembleHouse
        const scan = yield* begin(plainMap(40, 4))
        yield* pushing(scan.series.slice(0, 20))
        yield* completed(16)
        yield* Effect.sleep("500 millis")
        yield* pushing(scan.series.slice(20))
        yield* exact(scan)
        yield* sound
      })
    )

    it.scoped(
      "dranspose weak point 5: of a source that ends early, what did not come is lost when the scan is stopped",
      () =>
        Effect.gen(function* () {
          const { begin, outcome, sound } = yield* EnsembleHouse
          const scan = yield* begin(plainMap(20))
          yield* pushing(scan.series.slice(0, 11))
          yield* completed(11)
          yield* stop
          assert.deepInclude(yield* outcome(scan), { processed: 11, reassigned: 0, lost: 11, incomplete: 11 })
          yield* sound
        })
    )

    it.scoped("of a source that sends ten times as much, what is beyond the map belongs to no scan", () =>
      Effect.gen(function* () {
        const { begin, exact, running, sound } = yield* EnsembleHouse
        const scan = yield* begin(plainMap(30, 5))
        const flood = seriesOf("eiger", 999, 300)
        yield* pushing(flood)
        yield* exact(scan, flood)
        yield* sound
        assert.match(running.ingester.said(), /has brought \d+ frames behind the last event/)
      })
    )

    it.scoped("junk before a scan and within it is none of its frames", () =>
      Effect.gen(function* () {
        const { begin, exact, running, sound } = yield* EnsembleHouse
        const junk = [["no json"], [""], ["{}", "data"], ["[1,2", "\u0000\u0001"], ['{"htype":"header"'], ["null"]]
        const scan = yield* begin(plainMap(20, 2))
        const [start = [], ...rest] = scan.series
        const within = rest.flatMap((message, at) =>
          at % 5 === 0 ? [...junk, startOf("eiger", 0), message] : [message]
        )
        yield* pushing([...junk, imageOf("eiger", 0, 3), ...junk, start, ...within])
        yield* exact(scan)
        yield* sound
        assert.match(running.ingester.said(), /[1-9]\d* malformed/)
      })
    )

    const storm = rounds(3, 100)
    it.scoped(`dranspose weak point 16: ${storm} mappings, one every 200 ms, leave nothing behind`, () =>
      Effect.gen(function* () {
        const { begin, redis, running, sound } = yield* EnsembleHouse
        for (let n = 0; n < storm; n++) {
          yield* Effect.zipRight(begin(plainMap(50)), Effect.sleep("200 millis"))
          yield* Processes.post(running.controller, "/api/v1/parameter/storm", String(n))
        }
        yield* sound
        const keys = (yield* redis.ask("KEYS", "dranspose:*")) as ReadonlyArray<string>
        const like = (kind: string) => keys.filter((key) => key.startsWith(`dranspose:${kind}:`))
        for (const kind of ["ready", "assigned"]) assert.lengthOf(like(kind), 1)
        const values = yield* Processes.until(
          "old values are gone",
          redis.ask("KEYS", "dranspose:parameters:storm:*"),
          (found) => (found as ReadonlyArray<string>).length === 1
        )
        assert.isArray(values)
        assert.isAtMost(Number(yield* redis.ask("XLEN", "dranspose:controller:updates")), 2_000)
      })
    )

    it.scoped("dranspose weak point 21: the end of a scan goes out with its last report", () =>
      Effect.gen(function* () {
        const { begin, exact, redis } = yield* EnsembleHouse
        const peer = yield* Processes.connectedRedis(redis.url)
        const delays: Array<number> = []
        for (let n = 0; n < 3; n++) {
          const scan = yield* begin(plainMap(10))
          yield* pushing(scan.series)
          yield* exact(scan)
          const at = ({ id }: { readonly id: string }) => Number(id.split("-")[0])
          const reports = yield* Effect.promise(() => peer.entries(`dranspose:ready:${scan.mapping}`))
          const [last] = reports.filter(({ data }) => !data.includes('"finished"')).slice(-1)
          const updates = yield* Effect.promise(() => peer.entries("dranspose:controller:updates"))
          const end = updates.find(({ data }) => data.includes(scan.mapping) && data.includes('"finished":true'))
          if (last !== undefined && end !== undefined) delays.push(at(end) - at(last))
        }
        assert.lengthOf(delays, 3)
        assert.isBelow(Math.min(...delays), 500, String(delays))
      })
    )

    it.scoped(
      "dranspose weak point 10: a disk that is full ends the dump behind a whole record, and not the scan",
      (context) =>
        Effect.gen(function* () {
          const { exact } = yield* EnsembleHouse
          const mount = yield* smallDisk
          if (mount === undefined) {
            console.warn("SKIPPED: a tmpfs can't be mounted here (root is needed)")
            return context.skip()
          }
          const path = join(mount, "cam.cbors")
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { running, scan, sent } = yield* dumpingScan(path)
              yield* exact(scan, sent)
              assert.match(running.said(), /level=ERROR.*ENOSPC/)
            })
          )
          const scanner = new DumpScanner()
          const entries = [...scanner.push(fs.readFileSync(path)), ...scanner.finish()]
          const events = entries.map((entry) => (entry._tag === "Record" ? entry.record.event : entry._tag))
          assert.deepStrictEqual(
            events,
            Array.from(events, (_, at) => at)
          )
          assert.isBelow(events.length, 42)
          assert.isAbove(events.length, 5)
        })
    )

    it.scoped("dranspose weak point 13: what an event costs Redis does not grow with the map", () =>
      Effect.gen(function* () {
        const { begin, exact, redis } = yield* EnsembleHouse
        const costs: Array<number> = []
        for (const frames of [100, 1_000]) {
          yield* redis.ask("CONFIG", "RESETSTAT")
          const scan = yield* begin(plainMap(frames))
          yield* pushing(scan.series)
          yield* exact(scan)
          const calls = yield* callsOf(redis)
          assert.isFalse(calls.has("keys"))
          // One assignment, one report and one word of the reducer at most, and few for each service besides.
          assert.isBelow(calls.get("xadd") ?? 0, 3 * frames + 30)
          costs.push([...calls.values()].reduce((sum, count) => sum + count, 0) / frames)
        }
        const [small = 0, large = 0] = costs
        assert.isAtMost(large, small, String(costs))
      })
    )

    it.scoped("a worker that answers twice is counted once", () =>
      Effect.gen(function* () {
        const { begin, redis, running } = yield* EnsembleHouse
        const twice = yield* Processes.peer(() => new PeerWorker(redis.url, "twice", { tags: ["twice"], answers: 2 }))
        yield* joined("twice")
        const plain = plainMap(20, 2)
        const [entries = []] = Object.values(plain.parts["main"] ?? {})
        const eiger = entries.map((entry, at) => (at % 3 === 0 ? [{ tags: ["twice"], constraint: 1_000 + at }] : entry))
        const scan = yield* begin({ parts: { main: { eiger } }, sequence: ["main"] })
        yield* pushing(scan.series)
        const progress = yield* Processes.finished(running.controller)
        assert.deepInclude(progress, { processed: 22, reassigned: 0, lost: 0 })
        const results = yield* Processes.resultsOf(running.reducer)
        const ofTwice = results.filter(({ worker }) => worker === "twice").map(({ event_number }) => event_number)
        const own = [0, ...eiger.flatMap((_, at) => (at % 3 === 0 ? [at + 1] : [])), 21]
        assert.deepStrictEqual(
          ofTwice,
          own.flatMap((event) => [event, event])
        )
        assert.isUndefined(twice.broken)
      })
    )

    it.scoped("dranspose weak point 9: a worker that takes a second for an event delays its own share alone", () =>
      Effect.gen(function* () {
        const { begin, redis, running } = yield* EnsembleHouse
        yield* Processes.worker(redis.url, "slow", { tags: ["slow"], slow: 1_000 })
        yield* joined("slow")
        const plain = plainMap(200, 4)
        const [entries = []] = Object.values(plain.parts["main"] ?? {})
        const eiger = entries.map((entry, at) => (at === 3 ? [{ tags: ["slow"], constraint: 1_000 }] : entry))
        const map = { parts: { main: { eiger } }, sequence: ["main"] }
        const scan = yield* begin(map)
        yield* pushing(scan.series)
        const others = yield* Processes.until(
          "the others are done",
          Processes.progressOf(running.controller),
          ({ completed_events }) => completed_events >= 199
        )
        assert.isFalse(others.finished)
        assert.isBelow(others.completed_events, 202)
        assert.deepInclude(yield* Processes.finished(running.controller), { processed: 202, lost: 0 })
      })
    )

    it.scoped("dranspose weak point 7: a worker that is held for 7 s finds all that is its, and nothing is lost", () =>
      Effect.gen(function* () {
        const { begin, exact, running, sound } = yield* EnsembleHouse
        const scan = yield* begin(plainMap(80))
        const source = yield* Effect.fork(pushing(scan.series, slowly))
        yield* completed(10)
        yield* running.w2.pause
        yield* Effect.sleep("7 seconds")
        yield* running.w2.resume
        yield* source
        yield* exact(scan)
        yield* sound
      })
    )

    it.scoped(
      "dranspose weak points 1 and 15: without a worker that is killed the scan goes on to its last event",
      () =>
        Effect.gen(function* () {
          const { begin, outcome, restart, running, sound } = yield* EnsembleHouse
          const scan = yield* begin(plainMap(60))
          const source = yield* Effect.fork(pushing(scan.series, slowly))
          yield* completed(10)
          yield* running.w2.kill
          yield* restart("w2")
          yield* source
          const { assigned, lost, processed, reassigned } = yield* outcome(scan)
          assert.strictEqual(processed + reassigned + lost, 62)
          assert.isAtLeast(processed, 10)
          assert.isBelow(lost, 40)
          assert.include(assigned.at(-1)?.["eiger"] ?? [], "w1")
          yield* sound
        })
    )

    it.scoped("dranspose weak point 1: a worker that is killed and comes back under its name gets work again", () =>
      Effect.gen(function* () {
        const { begin, outcome, restart, running, sound } = yield* EnsembleHouse
        const scan = yield* begin(plainMap(400))
        const source = yield* Effect.fork(pushing(scan.series, slowly))
        yield* completed(10)
        yield* running.w2.kill
        yield* restart("w2")
        yield* source
        const { assigned, lost, processed, reassigned } = yield* outcome(scan)
        assert.strictEqual(processed + reassigned + lost, 402)
        assert.isBelow(lost, 40)
        const own = assigned.slice(200).filter(({ eiger = [] }) => eiger.includes("w2"))
        assert.isAbove(own.length, 20)
        yield* sound
      })
    )

    it.scoped.skipIf(rounds(0, 1) === 0)("dranspose weak point 1: one that does not come back is missed in time", () =>
      Effect.gen(function* () {
        const { begin, outcome, restart, running, sound } = yield* EnsembleHouse
        const scan = yield* begin(plainMap(60))
        const source = yield* Effect.fork(pushing(scan.series, slowly))
        yield* completed(10)
        yield* running.w2.kill
        yield* source
        const { assigned, lost } = yield* outcome(scan)
        assert.isBelow(lost, 40)
        assert.deepStrictEqual(assigned.at(-1), { eiger: ["w1"] })
        yield* restart("w2")
        yield* sound
      })
    )

    it.scoped(
      "dranspose weak point 3: frames that an ingester took with it are lost, and no other event gets a wrong one",
      () =>
        Effect.gen(function* () {
          const { begin, outcome, restart, running, sound } = yield* EnsembleHouse
          const scan = yield* begin(plainMap(60))
          const source = yield* Effect.fork(pushing(scan.series, slowly))
          yield* completed(10)
          yield* running.ingester.kill
          yield* restart("ingester")
          yield* source
          yield* Effect.sleep("500 millis")
          yield* stop
          const { lost, processed } = yield* outcome(scan)
          assert.strictEqual(processed + lost, 62)
          assert.isAtLeast(processed, 10)
          yield* sound
        })
    )

    const cuts = rounds(4, 60)
    it.scoped.skipIf(!canCut)(`${cuts} cuts of the link to a worker lose the frames on it, and the scan ends`, () =>
      Effect.gen(function* () {
        const { begin, redis, running } = yield* EnsembleHouse
        yield* Processes.worker(redis.url, "cut", { tags: ["cut"], slow: 4 })
        yield* joined("cut")
        const events = cuts * 60
        const eiger = Array.from({ length: events }, (_, at) => [{ tags: ["cut"], constraint: Math.floor(at / 6) }])
        const scan = yield* begin({ parts: { main: { eiger } }, sequence: ["main"] })
        const source = yield* Effect.fork(pushing(scan.series, 2))
        yield* Effect.sync(() => cut(running.ingester.address)).pipe(
          Effect.delay("250 millis"),
          Effect.repeatN(cuts - 1)
        )
        yield* source
        const { lost, processed, reassigned } = yield* Processes.finished(running.controller)
        assert.deepStrictEqual([processed + lost, reassigned], [events + 2, 0])
        assert.isBelow(lost, events / 2)
        const told = new Set((yield* Processes.resultsOf(running.reducer)).map(({ event_number }) => event_number))
        assert.strictEqual(told.size, processed, "what is not lost has its result")
      })
    )

    it.scoped("dranspose weak point 4: a Redis that is killed and comes back empty costs no event", () =>
      Effect.gen(function* () {
        const { begin, exactWithoutLog, redis, sound } = yield* EnsembleHouse
        const scan = yield* begin(plainMap(80))
        const source = yield* Effect.fork(pushing(scan.series, slowly))
        yield* completed(10)
        yield* redis.kill
        yield* Effect.sleep("500 millis")
        yield* redis.start
        yield* source
        yield* exactWithoutLog(scan)
        yield* sound
      })
    )
  })
})
