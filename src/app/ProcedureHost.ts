/**
 * The procedures of a site: the branch `procedures` of the supervision tree, where what they say goes, and what they run on.
 * What commands of an earlier life of the site have left running is ended before the first one starts.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"
import * as NestedSupervisor from "../actor/NestedSupervisor.js"
import type { SupervisionTree } from "../actor/SupervisionTree.js"
import { StorageFailed } from "../domain/Refusal.js"
import { bodyOf } from "../domain/TelemetryEvent.js"
import { Outbox } from "../outbox/Outbox.js"
import type { Outgoing } from "../outgoing/Outgoing.js"
import { builtIn } from "../plugins/Registry.js"
import * as CommandProcedure from "../procedure/command/CommandProcedure.js"
import { Emitter } from "../procedure/Procedure.js"
import * as Procedures from "../procedure/Procedures.js"
import type { ScheduleStore } from "../schedule/ScheduleStore.js"
import { zoneOf } from "../site/Setting.js"
import { Site } from "../site/Site.js"
import * as UserModule from "../site/UserModule.js"
import type { StateDocument } from "../state/StateDocument.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { ConfigFile } from "./ConfigFile.js"
import { Root } from "./Root.js"
import { SystemLog } from "./SystemLog.js"

type Needs =
  | ConfigFile
  | FileSystem.FileSystem
  | Outbox
  | Outgoing
  | Root
  | ScheduleStore
  | Site
  | StateDocument
  | SupervisionTree
  | SystemLog
  | TelemetryStore

/**
 * What procedures measure goes to the store, what they tell the outside to the outbox. A refusal of the disk is told once, not
 * at each event.
 */
const emitter: Layer.Layer<Emitter, never, Outbox | SystemLog | TelemetryStore> = Layer.effect(
  Emitter,
  Effect.gen(function* () {
    const store = yield* TelemetryStore
    const system = yield* SystemLog
    const outbox = yield* Outbox
    const failing = new Set<string>()
    /** Whether it was taken; what it was not taken for is told when it begins. */
    const orTold =
      (what: string) =>
      <A, E extends { readonly message: string }>(effect: Effect.Effect<A, E>): Effect.Effect<boolean> =>
        Effect.matchEffect(effect, {
          onSuccess: () => Effect.sync(() => (failing.delete(what), true)),
          onFailure: ({ message }) =>
            failing.has(what)
              ? Effect.succeed(false)
              : Effect.as(Effect.logWarning(`${what} are not taken: ${message}`), (failing.add(what), false))
        })
    const post = (text: string) =>
      store.post(Buffer.from(text)).pipe(
        Effect.catchTags({
          StorageFailed: (error) => Effect.fail({ _tag: "Refused" as const, message: error.message }),
          Overloaded: (error) => Effect.fail({ _tag: "Refused" as const, message: error.message })
        })
      )
    return Emitter.of({
      emit: (event) =>
        Effect.try({
          try: () => Buffer.from(bodyOf(event)),
          catch: (cause) => ({ message: UserModule.describe(cause) })
        }).pipe(Effect.flatMap(store.post), orTold(`events of type ${event.type}`)),
      post: (text) =>
        Effect.flatMap(Effect.either(post(text)), (result) =>
          result._tag === "Left" && result.left._tag !== "Refused" ? Effect.fail(result.left) : orTold("events")(result)
        ),
      message: (input) =>
        Effect.flatMap(Effect.either(outbox.put(input)), (result) =>
          result._tag === "Left" && result.left._tag === "MessageRefused"
            ? Effect.fail(result.left)
            : orTold("messages")(result)
        ),
      record: (type, data) => Effect.sync(() => system.record(type, data))
    })
  })
)

/** What a command finds of our own environment. */
const passedOn = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"]

const environment: Effect.Effect<Readonly<Record<string, string>>> = Effect.map(
  Effect.forEach(passedOn, (name) =>
    Effect.map(
      Effect.option(Config.string(name)),
      Option.map((value) => [name, value] as const)
    )
  ),
  (found) => Object.fromEntries(found.flatMap(Option.toArray))
)

/** Nothing runs before the first `reconcile`. */
const procedures = Layer.scoped(
  Procedures.Procedures,
  Effect.gen(function* () {
    const { directory } = yield* Site
    const { timezone } = yield* (yield* ConfigFile).slice("general")
    const siteMark = createHash("sha256").update(directory).digest("hex").slice(0, 16)
    const left = yield* CommandProcedure.reap(siteMark)
    if (left > 0) {
      yield* Effect.logWarning(`${left} processes that an earlier life of this site had left running were ended`)
      ;(yield* SystemLog).record("procedure.reaped", { processes: left })
    }
    return yield* Procedures.make({
      supervisor: yield* Effect.orDie(NestedSupervisor.nest(yield* Root, "procedures", {})),
      available: builtIn,
      directory,
      environment: yield* environment,
      siteMark,
      zone: zoneOf(timezone)
    })
  })
)

export const layer: Layer.Layer<Procedures.Procedures, StorageFailed, Needs> = procedures.pipe(
  Layer.provide(Layer.merge(emitter, NodeCommandExecutor.layer))
)
