/** The verbs of an ensemble whose controller runs in this process; without one each of them is `IngestOff`. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Controller } from "../ingest/controller/Controller.js"
import type * as Context from "effect/Context"
import { IngestOff, IngestOperations, ParameterNotFound } from "./IngestOperations.js"

type Service = Context.Tag.Service<Controller>

/** `current` is the controller that runs now: it comes and goes with the config and with its supervisor. */
export const layer = (current: Effect.Effect<Option.Option<Service>>): Layer.Layer<IngestOperations> => {
  const there = Effect.flatMap(current, Option.match({ onNone: () => new IngestOff(), onSome: Effect.succeed }))
  return Layer.succeed(IngestOperations, {
    ensemble: Effect.flatMap(there, ({ ensemble }) => ensemble),
    begin: ({ map, ...options }) =>
      Effect.flatMap(there, ({ begin }) =>
        begin(map, {
          allWrap: options.allWrap ?? true,
          onWorkerLoss: options.onWorkerLoss ?? "reassign"
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
    parameters: Effect.flatMap(there, ({ parameters }) => parameters)
  })
}
