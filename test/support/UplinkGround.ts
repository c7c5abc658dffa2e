/** A station that is nothing but an outbox and its uplinks: what it has queued, what comes in, and its tree. */
import { NodeContext } from "@effect/platform-node"
import { Effect, Layer, Schedule, Schema, type Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Supervisor from "../../src/actor/Supervisor.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import type { MessageInput } from "../../src/domain/Message.js"
import type { UplinkStatus } from "../../src/domain/Uplink.js"
import * as MemoryOutbox from "../../src/outbox/MemoryOutbox.js"
import { Outbox } from "../../src/outbox/Outbox.js"
import * as Outgoing from "../../src/outgoing/Outgoing.js"
import { OutgoingSettings } from "../../src/outgoing/Settings.js"
import { uplinks } from "../../src/plugins/UplinkRegistry.js"
import { Secrets } from "../../src/site/Secrets.js"
import * as Site from "../../src/site/Site.js"
import { type RemoteRequest, RemoteRequests } from "../../src/uplink/RemoteRequests.js"
import * as Settings from "../../src/uplink/Settings.js"
import type { Uplink } from "../../src/uplink/Uplink.js"
import * as Uplinks from "../../src/uplink/Uplinks.js"
import * as SecretsDouble from "./SecretsDouble.js"

export interface UplinkGround {
  readonly outbox: Outbox["Type"]
  readonly uplinks: Uplinks.Uplinks["Type"]
  readonly requests: ReadonlyArray<RemoteRequest>
  readonly tree: SupervisionTree.SupervisionTree["Type"]
  readonly directory: string
  /** Brings the uplinks to a config section, as it stands in a file. */
  readonly use: (
    section: Readonly<Record<string, unknown>>,
    options?: { readonly keep?: boolean; readonly idle?: boolean }
  ) => Effect.Effect<void>
  readonly put: (...messages: ReadonlyArray<MessageInput>) => Effect.Effect<ReadonlyArray<number>>
  readonly status: (name: string) => Effect.Effect<UplinkStatus>
  /** Waits until an uplink's connection stands. */
  readonly connected: (name: string) => Effect.Effect<void>
  /** Waits until an uplink has delivered all it has. */
  readonly delivered: (name: string) => Effect.Effect<void>
  /** As when the site stops: returns when all uplinks are down. */
  readonly stop: Effect.Effect<void>
}

export interface Options {
  readonly available?: ReadonlyArray<Uplink>
  readonly secrets?: Readonly<Record<string, string>>
  readonly revision?: number
  /** What becomes of a request, beside being kept. */
  readonly handle?: (request: RemoteRequest) => Effect.Effect<void>
  readonly outbox?: Outbox["Type"]
}

export const make = (options: Options = {}): Effect.Effect<UplinkGround, never, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "outpost-uplink-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
    )
    const requests: Array<RemoteRequest> = []
    const outbox =
      options.outbox ?? (yield* Effect.orDie(MemoryOutbox.make({ revision: Effect.succeed(options.revision ?? 1) })))
    const services = yield* Layer.build(
      Layer.mergeAll(
        Outgoing.layer({ settings: new OutgoingSettings({ allow_private: ["127.0.0.1"] }) }),
        Layer.succeed(Secrets, SecretsDouble.make(options.secrets)),
        Site.layer(directory),
        Layer.succeed(Outbox, outbox),
        Layer.succeed(RemoteRequests, {
          handle: (request) => {
            requests.push(request)
            return options.handle?.(request) ?? Effect.void
          }
        }),
        SupervisionTree.layer
      ).pipe(Layer.provideMerge(NodeContext.layer))
    ).pipe(Effect.orDie)
    const made = yield* Effect.gen(function* () {
      const root = yield* Effect.orDie(Supervisor.make({}))
      const made = yield* Uplinks.make({
        supervisor: root,
        available: options.available ?? uplinks,
        station: Effect.succeed("station-1")
      })
      return { root, made, tree: yield* SupervisionTree.SupervisionTree }
    }).pipe(Effect.provide(services))
    const status = (name: string) =>
      Effect.map(Effect.orDie(made.made.status), (all) => {
        const found = all.find((one) => one.name === name)
        if (found === undefined) throw new Error(`no uplink ${name}`)
        return found
      })
    let section: Readonly<Record<string, unknown>> = {}
    return {
      outbox,
      uplinks: made.made,
      requests,
      tree: made.tree,
      directory,
      use: (next, { idle = false, keep = false } = {}) =>
        Schema.decodeUnknown(Settings.Uplinks)((section = next)).pipe(
          Effect.flatMap((entries) => made.made.reconcile(entries, { idle, keep })),
          Effect.orDie
        ),
      put: (...messages) => Effect.orDie(outbox.putAll(messages)),
      status,
      connected: (name) =>
        status(name).pipe(
          Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: ({ state }) => state === "connected" }),
          Effect.asVoid
        ),
      delivered: (name) =>
        status(name).pipe(
          Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: ({ waiting }) => waiting === 0 }),
          Effect.asVoid
        ),
      stop: Effect.suspend(() =>
        Effect.forEach(Object.keys(section), (name) => Effect.ignore(made.root.remove(name)), { discard: true })
      )
    }
  })

/** A message of measured values. */
export const data = (values: Readonly<Record<string, number | string>>, at?: number): MessageInput => ({
  body: { variant: "data", data: values },
  at
})
