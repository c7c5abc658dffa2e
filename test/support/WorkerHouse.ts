/** An ensemble in memory around one worker: its controller, its ingesters and its reducer are played by the test. */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { AssignmentLog } from "../../src/assignment/AssignmentLog.js"
import * as InProcessEnsemble from "../../src/assignment/InProcessEnsemble.js"
import { ReadyLog } from "../../src/assignment/ReadyLog.js"
import { ServiceRegistry } from "../../src/assignment/ServiceRegistry.js"
import { UpdateLog } from "../../src/assignment/UpdateLog.js"
import { MappingId } from "../../src/assignment/WorkAssignment.js"
import * as FrameHeader from "../../src/ingest/FrameHeader.js"
import { FrameTransport } from "../../src/ingest/FrameTransport.js"
import { ResultTransport } from "../../src/ingest/ResultTransport.js"
import * as InProcessTransport from "../../src/ingest/transport/InProcessTransport.js"

export const layer = Layer.merge(InProcessEnsemble.layer, InProcessTransport.layer)

/** Lets every fiber do what it can do now. */
export const settle = TestClock.adjust("300 millis")

const service = {
  mapping_uuid: null,
  dranspose_version: "outpost-test",
  mapreduce_version: null,
  parameters_hash: null
}

/** An ingester that sends what it is told to, and lists the workers it is told to. */
export const ingester = (name: string, streams: ReadonlyArray<string>, incarnation: string) =>
  Effect.gen(function* () {
    const registry = yield* ServiceRegistry
    const url = `inproc://${name}-${incarnation}`
    const links = yield* (yield* FrameTransport).listen(url)
    const pings: Array<string> = []
    yield* Effect.forkScoped(
      Stream.runForEach(links.pings, ({ incarnation: uuid, worker }) =>
        Effect.sync(() => pings.push(`${worker} ${uuid}`))
      )
    )
    const announce = (listed: ReadonlyArray<string> = []) =>
      registry.announce(
        {
          kind: "ingester",
          state: {
            ...service,
            service_uuid: incarnation,
            processed_events: 0,
            event_rate: 0,
            name,
            url,
            streams,
            connected_workers: Object.fromEntries(
              listed.map((uuid) => [uuid, { name: "w1", service_uuid: uuid, last_seen: 0 }])
            )
          }
        },
        []
      )
    const send = (event: number, ...shares: ReadonlyArray<string>) => {
      const prefixes = shares.map((share) => ({ prefix: FrameHeader.streamPrefix(share, "x"), length: 1 }))
      const header = FrameHeader.header(event, prefixes, "2025-01-01T00:00:00Z")
      return links.send("w1", [[header, ...shares.map((share) => Buffer.from(`${share}${event}`))]])
    }
    yield* announce()
    return { announce, send, sendRaw: (parts: ReadonlyArray<Uint8Array>) => links.send("w1", [parts]), pings, url }
  })

/** A reducer that keeps what it is sent. */
export const reducer = Effect.gen(function* () {
  const registry = yield* ServiceRegistry
  const inbox = yield* (yield* ResultTransport).listen("inproc://reducer")
  const results: Array<string> = []
  yield* inbox.take.pipe(
    Effect.tap((messages) =>
      Effect.sync(() => {
        for (const { header } of messages) results.push(Buffer.from(header).toString())
      })
    ),
    Effect.forever,
    Effect.forkScoped
  )
  const state = { ...service, service_uuid: "00000000-0000-4000-8000-0000000000ee", processed_events: 0, event_rate: 0 }
  const announce = registry.announce({ kind: "reducer", state: { ...state, name: "reducer", url: inbox.url } }, [])
  yield* announce
  return { results, announce }
})

/** Begins a scan with these assignments of streams to `w1`. */
export const begin = (mapping: string, streams: ReadonlyArray<ReadonlyArray<string>>) =>
  Effect.gen(function* () {
    const updates = yield* UpdateLog
    yield* updates.append({
      mapping_uuid: mapping,
      parameters_version: {},
      target_parameters_hash: null,
      active_streams: [...new Set(streams.flat())],
      finished: false
    })
    yield* settle
    const log = yield* AssignmentLog
    yield* log.append(
      MappingId.make(mapping),
      streams.map((names, event_number) => ({
        event_number,
        assignments: Object.fromEntries(names.map((name) => [name, ["w1"]]))
      }))
    )
    yield* settle
  })

export const finish = (mapping: string) =>
  Effect.flatMap(UpdateLog, (updates) =>
    updates.append({
      mapping_uuid: mapping,
      parameters_version: {},
      target_parameters_hash: null,
      active_streams: [],
      finished: true
    })
  )

/** What was reported so far, in short: state, completed events, those with a result marked. */
export const reports = (mapping: string) =>
  Effect.gen(function* () {
    const log = yield* ReadyLog
    const found = yield* log
      .read(MappingId.make(mapping))
      .pipe(Stream.interruptAfter("1 millis"), Stream.runCollect, Effect.zipLeft(Effect.void), (collected) =>
        Effect.zipWith(collected, TestClock.adjust("1 millis"), (all) => all, { concurrent: true })
      )
    return Chunk.toReadonlyArray(found).map((update) => {
      if (update.source === "ingester") return update.state
      const completed = update.source === "worker" ? update.completed : [update.completed ?? ""]
      const results = update.source === "worker" ? update.has_result : []
      const lost = update.source === "worker" ? (update.lost ?? []) : []
      const mark = (event: number | string, index: number) =>
        results[index] === true ? "r" : lost.some((number) => number === event) ? "x" : ""
      return [update.state, ...completed.map((event, index) => `${event}${mark(event, index)}`)].join(" ")
    })
  })
