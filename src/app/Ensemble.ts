/**
 * The services of a streaming ensemble that run on this site: what the config section `ingest` asks for, each a child of the
 * supervision tree.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { Controller } from "../ingest/controller/Controller.js"
import type { IngestOperations } from "../operations/IngestOperations.js"
import * as LocalIngestOperations from "../operations/LocalIngestOperations.js"

/** The controller that runs now: it comes and goes with the config and with its supervisor. */
export class ControllerSlot extends Context.Tag("outpost/app/ControllerSlot")<
  ControllerSlot,
  Ref.Ref<Option.Option<Context.Tag.Service<Controller>>>
>() {}

/** The verbs of whichever controller stands in the slot, which is empty at first. */
export const layer: Layer.Layer<ControllerSlot | IngestOperations> = Layer.unwrapEffect(
  Effect.map(Ref.make(Option.none<Context.Tag.Service<Controller>>()), (slot) =>
    Layer.merge(Layer.succeed(ControllerSlot, slot), LocalIngestOperations.layer(Ref.get(slot)))
  )
)
