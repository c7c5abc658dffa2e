/** What the field's own ingesters have sent, sent again by ours, over real ZeroMQ to sockets that know nothing of our code. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { Dealer } from "zeromq"
import * as InProcessEnsemble from "../../src/assignment/InProcessEnsemble.js"
import { AssignmentLog } from "../../src/assignment/AssignmentLog.js"
import * as FrameDump from "../../src/ingest/FrameDump.js"
import * as Ingester from "../../src/ingest/Ingester.js"
import * as ZmqTransport from "../../src/ingest/transport/ZmqTransport.js"
import { make as heldSource } from "../support/HeldSource.js"
import { fixtures } from "../support/Fixtures.js"
import { assignmentsOf, captureOf, withoutTime } from "../support/IngesterCapture.js"
import { incarnationOf, mappingOf } from "../support/IngesterHouse.js"

const house = Layer.mergeAll(InProcessEnsemble.layer, ZmqTransport.layer, FrameDump.layerNone)

const scans = [
  { path: "A", redis: "redis_4_finished", mapping: "5fa5c6e4-1358-484b-8d4a-a9cfb0dbc779", roles: ["eiger-ingester"] },
  {
    path: "B",
    redis: "redis_1_finished",
    mapping: "f3f6c35e-0ec4-4b5b-acf1-8da287f91d73",
    roles: ["multi", "orca", "sardana"]
  }
]

/** A worker as any program would write it. */
const dealer = (name: string, url: string, ping: number) =>
  Effect.gen(function* () {
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => new Dealer({ routingId: name, linger: 0 })),
      (socket) => Effect.sync(() => socket.close())
    )
    socket.connect(url)
    yield* Effect.promise(() => socket.send(Buffer.alloc(16, ping)))
    return {
      receive: (count: number) =>
        Effect.promise(async () => {
          const got = []
          while (got.length < count) got.push(await socket.receive())
          return got
        })
    }
  })

describe.skipIf(!existsSync(fixtures))("a recorded scan", () => {
  for (const { mapping, path, redis, roles } of scans) {
    for (const role of roles) {
      it.scopedLive(`${path}: every message of ${role} is byte for byte the same`, () =>
        Effect.gen(function* () {
          const { sent, streams } = captureOf(`${path}/zmq_multipart.json`, role)
          const log = yield* AssignmentLog
          const sources = streams.map(({ frames, name, typ }) => {
            const held = heldSource(name, typ)
            for (const parts of frames) held.push({ parts })
            return { name, source: held.source }
          })
          const { restartWork, status, url } = yield* Ingester.make({
            name: role,
            incarnation: incarnationOf(0),
            url: "tcp://localhost:0",
            streams: sources
          })
          const names = [...new Set(sent.map(({ worker }) => worker))]
          const workers = yield* Effect.forEach(names, (name, at) => dealer(name, url, at))
          yield* log.append(mappingOf(1), assignmentsOf(`${path}/${redis}.json`, mapping))
          yield* restartWork(
            mappingOf(1),
            streams.map(({ name }) => name)
          )
          for (const [at, name] of names.entries()) {
            const expected = sent.filter(({ worker }) => worker === name).map(({ message }) => message)
            const got = yield* workers[at]?.receive(expected.length) ?? Effect.succeed([])
            assert.deepStrictEqual(got.map(textOf), expected.map(textOf))
          }
          const { processedEvents, workers: served } = yield* status
          assert.isAtLeast(processedEvents, 1)
          assert.strictEqual(
            served.reduce((sum, worker) => sum + worker.sentMessages, 0),
            sent.length
          )
        }).pipe(Effect.provide(house))
      )
    }
  }
})

const textOf = ([header, ...frames]: ReadonlyArray<Buffer>) => [
  withoutTime(header),
  ...frames.map((frame) => frame.toString("hex"))
]
