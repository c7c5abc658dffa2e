/** All operations of a site in memory, and the handles by which a test looks at them. */
import { Chunk, Context, Effect, Layer, Stream } from "effect"
import type { Operations } from "../../src/cli/Launcher.js"
import { EventQuery } from "../../src/domain/EventQuery.js"
import { TelemetryOperations } from "../../src/operations/TelemetryOperations.js"
import * as BackfillDouble from "./BackfillDouble.js"
import * as CollectorDouble from "./CollectorDouble.js"
import * as ConfigDouble from "./ConfigDouble.js"
import * as IngestDouble from "./IngestDouble.js"
import * as OutboxDouble from "./OutboxDouble.js"
import * as UpdateDouble from "./UpdateDouble.js"
import * as ProcedureDouble from "./ProcedureDouble.js"
import * as RunDouble from "./RunDouble.js"
import * as SiteDouble from "./SiteDouble.js"
import * as TelemetryDouble from "./TelemetryDouble.js"

/** The telemetry double, whose `events` also honours order and limit. */
const telemetry = Layer.effectContext(
  Effect.gen(function* () {
    const context = yield* Layer.build(TelemetryDouble.layer)
    const inner = Context.get(context, TelemetryOperations)
    const events: (typeof inner)["events"] = (filter, options = {}) =>
      Stream.unwrap(
        Effect.map(
          inner.query(
            new EventQuery({ filter, limit: options.limit ?? 10_000, descending: options.descending ?? false })
          ),
          ({ lines }) => Stream.fromChunk(Chunk.fromIterable(lines))
        )
      )
    return Context.add(context, TelemetryOperations, { ...inner, events })
  }).pipe(Effect.scoped)
)

/** What tests look at and set. */
export type Doubles =
  | BackfillDouble.BackfillDouble
  | CollectorDouble.CollectorDouble
  | SiteDouble.SiteDouble
  | TelemetryDouble.TelemetryDouble

export const layer: Layer.Layer<Operations | Doubles> = Layer.mergeAll(
  telemetry,
  RunDouble.layer,
  SiteDouble.layer,
  ConfigDouble.layer,
  BackfillDouble.layer,
  CollectorDouble.layer,
  IngestDouble.layer,
  OutboxDouble.layer,
  UpdateDouble.layer,
  ProcedureDouble.layer
)
