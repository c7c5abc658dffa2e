/** What procedures run on, without a site: an emitter that records, a state in memory, a memory of schedules. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect, Layer } from "effect"
import * as Self from "../../src/actor/Self.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import { Outgoing, OutgoingError } from "../../src/outgoing/Outgoing.js"
import { Emitter } from "../../src/procedure/Procedure.js"
import { type Remembered, ScheduleStore } from "../../src/schedule/ScheduleStore.js"
import * as StateDocument from "../../src/state/StateDocument.js"
import * as RecordingEmitter from "./RecordingEmitter.js"

/** Nobody answers. */
const nowhere = Layer.succeed(
  Outgoing,
  Outgoing.of({ send: ({ url }) => new OutgoingError({ url, reason: "Unresolved", detail: "no such host" }) })
)

export const scheduleMemory = (remembered: ReadonlyMap<string, Remembered> = new Map()) => {
  const memory = new Map(remembered)
  const store = ScheduleStore.of({
    load: Effect.sync(() => new Map(memory)),
    setPaused: () => Effect.void,
    ran: (id, at) => Effect.sync(() => void memory.set(id, { paused: false, lastRun: at }))
  })
  return { memory, store }
}

/** For supervised procedures. */
export const layerWith = (options: {
  readonly emitter?: Emitter["Type"]
  readonly schedules?: ScheduleStore["Type"]
}) =>
  Layer.mergeAll(
    Layer.sync(Emitter, () => options.emitter ?? RecordingEmitter.make().emitter),
    Layer.sync(ScheduleStore, () => options.schedules ?? scheduleMemory().store),
    SupervisionTree.layer,
    StateDocument.layerMemory,
    nowhere,
    NodeContext.layer
  )

export const layer = layerWith({})

/** For runs without a supervisor. */
export const layerDetached = Layer.merge(layer, Self.layerDetached)
