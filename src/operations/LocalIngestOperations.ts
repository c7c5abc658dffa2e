/** The verbs of an ensemble as its services in this process carry them out; without a controller most are `IngestOff`. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { LocalServices } from "../ingest/LocalServices.js"
import { type Group, toJson } from "../ingest/reducer/PublishedValue.js"
import type { Reducer } from "../ingest/reducer/Reducer.js"
import { IngestOff, IngestOperations, ParameterNotFound } from "./IngestOperations.js"

export const layer: Layer.Layer<IngestOperations, never, LocalServices> = Layer.effect(
  IngestOperations,
  Effect.map(LocalServices, (local) => {
    const there = Effect.flatMap(
      local.controller,
      Option.match({ onNone: () => new IngestOff({ part: "controller" }), onSome: Effect.succeed })
    )
    const log = Effect.flatMap(
      local.log,
      Option.match({ onNone: () => new IngestOff({ part: "controller" }), onSome: Effect.succeed })
    )
    const reducer = Effect.flatMap(
      local.reducer,
      Option.match({ onNone: () => new IngestOff({ part: "reducer" }), onSome: Effect.succeed })
    )
    const publishedBy = ({ publication }: Reducer, largest?: number) =>
      Effect.map(publication.values, (values) => asJson(values, largest))
    return IngestOperations.of({
      ensemble: Effect.flatMap(there, ({ ensemble }) => ensemble),
      services: Effect.all({
        ingesters: Effect.flatMap(
          local.ingesters,
          Effect.forEach(({ status }) => status)
        ),
        workers: Effect.flatMap(
          local.workers,
          Effect.forEach(({ status }) => status)
        ),
        reducer: Effect.flatMap(
          local.reducer,
          Option.match({ onNone: () => Effect.succeed(null), onSome: ({ status }) => status })
        )
      }),
      begin: ({ map, ...options }) =>
        Effect.flatMap(there, ({ begin }) =>
          begin(map, {
            allWrap: options.allWrap ?? true,
            ...(options.onWorkerLoss === undefined ? {} : { onWorkerLoss: options.onWorkerLoss })
          })
        ),
      map: Effect.flatMap(there, ({ map }) => map),
      stop: Effect.flatMap(there, ({ stop }) => stop),
      progress: Effect.flatMap(there, ({ progress }) => progress),
      follow: Stream.unwrap(Effect.map(there, ({ changes }) => changes)),
      status: Effect.flatMap(there, ({ status }) => status),
      load: ({ intervals, scan }) => Effect.flatMap(there, ({ load }) => load(intervals, scan)),
      setParameter: (name, value) => Effect.flatMap(there, ({ setParameter }) => setParameter(name, value)),
      parameter: (name) =>
        there.pipe(
          Effect.flatMap(({ parameter }) => parameter(name)),
          Effect.flatMap(Option.match({ onNone: () => new ParameterNotFound({ name }), onSome: Effect.succeed }))
        ),
      parameters: Effect.flatMap(there, ({ parameters }) => parameters),
      logs: (level) => Effect.flatMap(log, ({ recent }) => recent(level)),
      followLogs: Stream.unwrap(Effect.map(log, ({ follow }) => follow)),
      published: Effect.flatMap(reducer, (service) => publishedBy(service)),
      followPublished: ({ largest } = {}) =>
        Stream.unwrap(
          Effect.map(reducer, (service) =>
            Stream.mapEffect(service.publication.changes, () => publishedBy(service, largest))
          )
        )
    })
  })
)

// -----------------------------------------------------------------------------

const asJson = (values: Group, largest?: number): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toJson(value, largest)]))
