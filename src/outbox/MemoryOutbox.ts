/** An outbox that lives as long as its scope, for tests and examples: the same promises, but for those about disks. */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { StorageFailed } from "../domain/Refusal.js"
import * as memoryQueue from "./internal/memoryQueue.js"
import * as outbox from "./internal/outbox.js"
import { Outbox } from "./Outbox.js"
import { OutboxSettings } from "./Settings.js"

export type Options = Partial<outbox.Options>

export const make = (options: Options = {}): Effect.Effect<Context.Tag.Service<Outbox>, StorageFailed, Scope.Scope> => {
  const { notify = () => undefined, revision = Effect.succeed(-1), settings = new OutboxSettings({}) } = options
  return outbox.make({ notify, revision, settings }, memoryQueue.make({ receipts: settings.receipts }))
}

export const layerMemory: Layer.Layer<Outbox, StorageFailed> = Layer.scoped(Outbox, make())
