/** A station whose config can be changed from afar, with a hand on everything that a trial looks at. */
import type { FileSystem, Path } from "@effect/platform"
import { DateTime, Effect, Exit, Fiber, Layer, Queue, Schedule, Scope } from "effect"
import { NodeStatus, TreeStatus } from "../../src/actor/NodeStatus.js"
import * as Self from "../../src/actor/Self.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import type { ConfigFile } from "../../src/app/ConfigFile.js"
import * as RemoteConfig from "../../src/app/RemoteConfig.js"
import { RemoteInbox } from "../../src/app/RemoteInbox.js"
import * as RemoteRecord from "../../src/app/RemoteRecord.js"
import type { MessageInput } from "../../src/domain/Message.js"
import type { Site } from "../../src/site/Site.js"
import * as MemoryOutbox from "../../src/outbox/MemoryOutbox.js"
import { Outbox } from "../../src/outbox/Outbox.js"
import type { RemoteRequest } from "../../src/uplink/RemoteRequests.js"
import { UpdateRefused, type UpdateRequest, UpdateRequests } from "../../src/uplink/UpdateRequests.js"
import { Uplinks } from "../../src/uplink/Uplinks.js"
import * as ConfigSite from "../app/ConfigSite.js"

export interface RemoteStation {
  /** What the office was told, in order. */
  readonly told: ReadonlyArray<MessageInput>
  readonly updates: ReadonlyArray<UpdateRequest>
  /** Whether the office confirms what it is told. */
  confirming: boolean
  /** Whether another version of the software can be had. */
  updatable: boolean
  /** Nodes of the tree that are not well. */
  ill: ReadonlyArray<string>
  /** Hands a config over, as Tenta does where there is a revision, else as ThingsBoard does. */
  readonly send: (document: unknown, revision?: number) => Effect.Effect<void>
  readonly sendText: (text: string, reason: string, revision?: number) => Effect.Effect<void>
  /** The process ends, and another takes over. */
  readonly restart: Effect.Effect<void>
  readonly until: (condition: () => boolean) => Effect.Effect<void>
  /** What became of configs: `accepted 7`, `rejected 8 <reason>`. */
  readonly verdicts: () => ReadonlyArray<string>
  readonly record: Effect.Effect<RemoteRecord.RemoteRecord>
}

export const over = <E>(
  config: string,
  body: (station: RemoteStation) => Effect.Effect<void, E, Ground | Scope.Scope>,
  setup: ConfigSite.Setup = {}
) => Effect.flatMap(make, body).pipe(Effect.scoped, Effect.provide(ConfigSite.layer(config, setup)))

/** What a body may ask for. */
export type Ground = ConfigFile | FileSystem.FileSystem | Path.Path | Site

/** The body of a config message. */
export const configOf = (message: MessageInput | undefined) =>
  message?.body.variant === "config" ? message.body : undefined

// -----------------------------------------------------------------------------

const make = Effect.gen(function* () {
  const told: Array<MessageInput> = []
  const updates: Array<UpdateRequest> = []
  const hand = { confirming: true, updatable: false, ill: [] as ReadonlyArray<string> }
  const outbox = yield* MemoryOutbox.make()
  const tree = yield* SupervisionTree.make()
  const inbox = yield* Queue.sliding<RemoteRequest>(32)

  const layer = RemoteConfig.layer.pipe(
    Layer.provide(
      Layer.mergeAll(
        Layer.succeed(RemoteInbox, inbox),
        Layer.succeed(Outbox, {
          ...outbox,
          put: (input: MessageInput) =>
            Effect.zipRight(
              Effect.sync(() => told.push(input)),
              outbox.put(input)
            )
        }),
        Layer.succeed(Uplinks, {
          reconcile: () => Effect.void,
          status: Effect.succeed([]),
          receiving: Effect.succeed(true),
          confirmed: Effect.sync(() => (hand.confirming ? told.length : 0))
        }),
        Layer.succeed(
          SupervisionTree.SupervisionTree,
          SupervisionTree.SupervisionTree.of({
            ...tree,
            get: Effect.sync(() => new TreeStatus({ version: 0, nodes: hand.ill.map(illNode) }))
          })
        ),
        Layer.succeed(UpdateRequests, {
          request: (request) =>
            hand.updatable
              ? Effect.sync(() => void updates.push(request))
              : Effect.fail(new UpdateRefused({ version: request.version, reason: "not from afar" }))
        })
      )
    )
  )
  const context = yield* Effect.context<Layer.Layer.Context<typeof layer>>()
  const live = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const remote = yield* Layer.build(layer).pipe(Effect.provide(context), Scope.extend(scope), Effect.orDie)
    const run = Effect.flatMap(RemoteConfig.RemoteConfig, (service) => service.run)
    const fiber = yield* Effect.forkIn(
      Effect.provide(run, Layer.merge(Self.layerDetached, Layer.succeedContext(remote))),
      scope
    )
    return Effect.zipRight(Fiber.interrupt(fiber), Scope.close(scope, Exit.void))
  })
  let end = yield* live
  yield* Effect.addFinalizer(() => end)

  const hear = (what: RemoteRequest["what"]) => Effect.asVoid(Queue.offer(inbox, { uplink: "office", what }))
  return Object.assign(hand, {
    told,
    updates,
    send: (document: unknown, revision?: number) => hear({ _tag: "Configuration", document, revision }),
    sendText: (text: string, reason: string, revision?: number) => hear({ _tag: "Unreadable", text, reason, revision }),
    restart: Effect.suspend(() => end).pipe(
      Effect.zipRight(live),
      Effect.map((next) => void (end = next))
    ),
    until: (condition: () => boolean) =>
      Effect.sync(condition).pipe(
        Effect.repeat({ schedule: Schedule.spaced("5 millis"), until: (met) => met }),
        Effect.timeout("2 minutes"),
        Effect.orDie,
        Effect.asVoid
      ),
    verdicts: () =>
      told.flatMap((message) => {
        const config = configOf(message)
        if (config === undefined || config.status === "startup") return []
        const { general, reason } = config.config as {
          readonly general: { readonly config_revision: number }
          readonly reason?: string
        }
        return [`${config.status} ${general.config_revision}${reason === undefined ? "" : ` ${reason}`}`]
      }),
    record: Effect.provide(Effect.orDie(RemoteRecord.load), context)
  }) satisfies RemoteStation
})

const illNode = (path: string) =>
  new NodeStatus({
    id: path,
    path,
    kind: "worker",
    status: "backing-off",
    restarts: 1,
    since: DateTime.unsafeMake(0)
  })
