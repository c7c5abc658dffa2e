/** An ensemble of one ingester with the stream `eiger` and two workers: every scan is done as soon as it is begun. */
import { randomUUID } from "node:crypto"
import { Effect, Layer, Ref, Stream } from "effect"
import { isAtLeast } from "../../src/assignment/EnsembleLog.js"
import { MapRefused, type TriggerMap } from "../../src/ingest/controller/TriggerMap.js"
import { toJson } from "../../src/ingest/reducer/PublishedValue.js"
import { IngestOff, IngestOperations, ParameterNotFound } from "../../src/operations/IngestOperations.js"

const results = { events: 3, image: [[1, 2]] }
const nothing: TriggerMap = { parts: {}, sequence: [] }

const line = (msg: string, levelname: string) => ({ msg, lineno: "0", name: "outpost+w1", created: "1.5", levelname })
const lines = [line("ready", "INFO"), line("slow", "WARNING"), line("ä\n{}", "ERROR")]

export const layer: Layer.Layer<IngestOperations> = Layer.effect(
  IngestOperations,
  Effect.gen(function* () {
    const scan = yield* Ref.make({ map: nothing, stopped: false })
    const parameters = yield* Ref.make<ReadonlyMap<string, Uint8Array>>(new Map())
    const progress = Effect.map(Ref.get(scan), ({ map, stopped }) => {
      const events = map.sequence.length
      return {
        last_assigned: events,
        completed_events: stopped ? 0 : events,
        total_events: events,
        finished: true,
        processed: stopped ? 0 : events,
        reassigned: 0,
        lost: stopped ? events : 0,
        results_lost: 0
      }
    })
    return {
      ensemble: Effect.map(Ref.get(parameters), (set) => ({
        ingesters: [],
        workers: [],
        reducer: null,
        controller_version: "0.2.0",
        parameters_version: Object.fromEntries([...set.keys()].map((name) => [name, randomUUID()])),
        parameters_hash: String(set.size)
      })),
      services: Effect.succeed({ ingesters: [], workers: [], reducer: null }),
      begin: ({ map }) => {
        const foreign = Object.values(map.parts).flatMap((part) => Object.keys(part).filter((name) => name !== "eiger"))
        return foreign.length > 0
          ? Effect.fail(new MapRefused({ reason: "streams", detail: `streams {'${foreign[0]}'} not available` }))
          : Effect.as(Ref.set(scan, { map, stopped: false }), randomUUID())
      },
      map: Effect.map(Ref.get(scan), ({ map }) => map),
      stop: Ref.update(scan, ({ map }) => ({ map, stopped: true })),
      progress,
      follow: Stream.fromEffect(progress),
      status: Effect.succeed({
        work_completed: { "0": ["w1", "w2"] },
        last_assigned: 1,
        assignment: [{}, { "1": "w1" }],
        completed_events: [0],
        finished: true,
        processing_times: {}
      }),
      load: ({ intervals, scan: whole }) =>
        Effect.succeed({
          w1: {
            last_event: 3,
            intervals: Object.fromEntries(
              [...intervals.map(String), ...(whole ? ["scan"] : [])].map((name) => [
                name,
                { total: 0.5, active: 0.25, events: 2 }
              ])
            )
          }
        }),
      setParameter: (name, value) =>
        Effect.map(
          Ref.updateAndGet(parameters, (set) => new Map(set).set(name, value)),
          (set) => String(set.size)
        ),
      parameter: (name) =>
        Effect.flatMap(Ref.get(parameters), (set) => {
          const value = set.get(name)
          return value === undefined ? Effect.fail(new ParameterNotFound({ name })) : Effect.succeed(value)
        }),
      parameters: Effect.succeed([{ name: "gain", description: null, dtype: "float" as const, default: 0.5 }]),
      logs: (level) => Effect.succeed(lines.filter(isAtLeast(level))),
      followLogs: Stream.fromIterable(lines),
      published: Effect.succeed(results),
      followPublished: ({ largest } = {}) =>
        Stream.make({ events: 2 }, { ...results, image: toJson(results.image, largest) })
    }
  })
)

/** Of a site without a controller. */
export const off: Layer.Layer<IngestOperations> = Layer.succeed(IngestOperations, {
  ensemble: new IngestOff({ part: "controller" }),
  services: Effect.succeed({ ingesters: [], workers: [], reducer: null }),
  begin: () => new IngestOff({ part: "controller" }),
  map: new IngestOff({ part: "controller" }),
  stop: new IngestOff({ part: "controller" }),
  progress: new IngestOff({ part: "controller" }),
  follow: Stream.fail(new IngestOff({ part: "controller" })),
  status: new IngestOff({ part: "controller" }),
  load: () => new IngestOff({ part: "controller" }),
  setParameter: () => new IngestOff({ part: "controller" }),
  parameter: () => new IngestOff({ part: "controller" }),
  parameters: new IngestOff({ part: "controller" }),
  logs: () => new IngestOff({ part: "controller" }),
  followLogs: Stream.fail(new IngestOff({ part: "controller" })),
  published: new IngestOff({ part: "reducer" }),
  followPublished: () => Stream.fail(new IngestOff({ part: "reducer" }))
})
