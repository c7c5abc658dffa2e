/**
 * The uplinks of a site: the branch `uplinks` of the supervision tree, the rules that make messages of events and log lines,
 * and what acts on configs that come in. It is closed after all that has something to tell, so that the last words go out.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as os from "node:os"
import * as ChildSpec from "../actor/ChildSpec.js"
import * as NestedSupervisor from "../actor/NestedSupervisor.js"
import type { SupervisionTree } from "../actor/SupervisionTree.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { Outbox } from "../outbox/Outbox.js"
import { uplinks as available } from "../plugins/UplinkRegistry.js"
import type { Redaction } from "../site/Redaction.js"
import type { Secrets } from "../site/Secrets.js"
import type { Site } from "../site/Site.js"
import type { Updater } from "../update/Updater.js"
import * as Uplinks from "../uplink/Uplinks.js"
import * as CollectorSources from "./CollectorSources.js"
import { ConfigFile } from "./ConfigFile.js"
import * as RemoteConfig from "./RemoteConfig.js"
import * as RemoteInbox from "./RemoteInbox.js"
import * as RemoteUpdate from "./RemoteUpdate.js"
import * as Root from "./Root.js"

type Needs =
  | ConfigFile
  | FileSystem.FileSystem
  | Outbox
  | Path.Path
  | Redaction
  | Root.Root
  | Secrets
  | Site
  | SupervisionTree
  | Updater

/** Sections of the config whose change is applied to what runs. */
export const sections: ReadonlySet<string> = new Set(["uplinks", "general"])

/** Brings the uplinks to the config in force. What a config on trial took away may come back: the queue holds on for it. */
export const reconcile = Effect.fnUntraced(function* ({ idle }: { readonly idle: boolean }) {
  const entries = yield* (yield* ConfigFile).slice("uplinks")
  const keep = yield* (yield* RemoteConfig.RemoteConfig).onTrial
  yield* (yield* Uplinks.Uplinks)
    .reconcile(entries, { idle, keep })
    .pipe(Effect.catchAll((error) => Effect.logError(`uplinks: ${error.message}`)))
})

/** Acts on configs that come in. */
export const remoteConfig = ChildSpec.make({
  id: "remote-config",
  ready: "signalled",
  onStartFailure: "retry",
  onIntensity: "quarantine",
  run: Effect.flatMap(RemoteConfig.RemoteConfig, (remote) => remote.run)
})

const uplinks = Layer.scoped(
  Uplinks.Uplinks,
  Effect.gen(function* () {
    const config = yield* ConfigFile
    return yield* Uplinks.make({
      supervisor: yield* Effect.orDie(NestedSupervisor.nest(yield* Root.Root, "uplinks", {})),
      available,
      station: Effect.map(config.slice("general"), ({ name, system_identifier }) =>
        Option.getOrElse(system_identifier, () => Option.getOrElse(name, () => os.hostname()))
      )
    })
  })
).pipe(Layer.provide(CollectorSources.outgoing))

/** Nothing runs before the first `reconcile`. */
export const layer: Layer.Layer<Uplinks.Uplinks | RemoteConfig.RemoteConfig, StorageFailed, Needs> =
  RemoteConfig.layer.pipe(
    Layer.provideMerge(uplinks),
    Layer.provide(Layer.merge(RemoteInbox.layer, RemoteUpdate.layer))
  )
