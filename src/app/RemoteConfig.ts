/**
 * Configs that come over an uplink: looked at, put in force on trial, and taken back by themselves where the station is not
 * well with them.
 *
 * One is acted on only if its revision is greater than the running one and was not tried before. It is checked like any other
 * document from the network, written over the config file as a whole, and in force at once. Within `remote.trial` of the config
 * before, what was well must be well, and a message must have been confirmed over an uplink by which a better config could
 * come; else the text of before is put back. A newer config ends a trial.
 *
 * Concurrency: one fiber takes the requests in their order, and looks after the trial between two of them.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import { createHash } from "node:crypto"
import * as Self from "../actor/Self.js"
import type { SupervisionTree } from "../actor/SupervisionTree.js"
import type { StorageFailed } from "../domain/Refusal.js"
import { version } from "../domain/Version.js"
import type { Outbox } from "../outbox/Outbox.js"
import type { Redaction } from "../site/Redaction.js"
import type { Site } from "../site/Site.js"
import * as ForeignConfig from "../uplink/ForeignConfig.js"
import type { RemoteRequest } from "../uplink/RemoteRequests.js"
import { UpdateRequests } from "../uplink/UpdateRequests.js"
import type { Uplinks } from "../uplink/Uplinks.js"
import { ConfigFile } from "./ConfigFile.js"
import { RemoteInbox } from "./RemoteInbox.js"
import * as RemoteRecord from "./RemoteRecord.js"
import * as RemoteReport from "./RemoteReport.js"
import * as RemoteTrial from "./RemoteTrial.js"

export class RemoteConfig extends Context.Tag("outpost/app/RemoteConfig")<
  RemoteConfig,
  {
    /** Whether the config in force may yet be taken back. */
    readonly onTrial: Effect.Effect<boolean>
    /** Takes requests until it is interrupted; tells first which config the station has started with. */
    readonly run: Effect.Effect<never, StorageFailed, Self.Self>
  }
>() {}

/** What a config calls this software. */
const release = ForeignConfig.releaseOf(version)

type Needs =
  | ConfigFile
  | FileSystem.FileSystem
  | Outbox
  | Path.Path
  | Redaction
  | RemoteInbox
  | Site
  | SupervisionTree
  | UpdateRequests
  | Uplinks

export const layer: Layer.Layer<RemoteConfig, StorageFailed, Needs> = Layer.effect(
  RemoteConfig,
  Effect.gen(function* () {
    const config = yield* ConfigFile
    const inbox = yield* RemoteInbox
    const updates = yield* UpdateRequests
    const context = yield* Effect.context<Needs>()
    const trial = yield* RemoteTrial.make
    let told = false

    const startup = Effect.suspend(() => {
      if (told) return Effect.void
      told = true
      return Effect.flatMap(config.show, (document) => RemoteReport.config("startup", document))
    })

    /** Answered once: a broker that keeps it sends it at each connection. */
    const refuse = Effect.fnUntraced(function* (text: string, revision: number | undefined, reason: string) {
      const digest = createHash("sha256").update(text).digest("hex")
      if (trial.record().unreadable.includes(digest)) {
        return yield* Effect.logInfo(`what is no config came again, and was answered: ${reason}`)
      }
      yield* trial.remember(RemoteRecord.withUnreadable(trial.record(), digest))
      yield* Effect.logError(`what came is no config: ${reason}`)
      yield* RemoteReport.config("rejected", ForeignConfig.unreadable(revision), reason)
      yield* RemoteReport.line("ERROR", "what came is no config", reason)
    })

    const elsewhere = Effect.fnUntraced(function* (candidate: RemoteTrial.Candidate, wanted: string) {
      const { document, revision, uplink } = candidate
      yield* trial.giveWay(revision)
      const taken = yield* Effect.either(updates.request({ uplink, revision, version: wanted, document }))
      yield* trial.remember(RemoteRecord.withTried(trial.record(), revision))
      if (Either.isRight(taken)) return yield* Effect.logInfo(`config revision ${revision} asks for version ${wanted}`)
      yield* RemoteReport.config("rejected", document, taken.left.message)
      yield* RemoteReport.line("ERROR", `config revision ${revision} is rejected`, taken.left.message)
    })

    const consider = Effect.fnUntraced(function* (uplink: string, foreign: ForeignConfig.ForeignConfig) {
      const { config_revision: revision, software_version: wanted } = foreign.general
      const running = Option.getOrElse((yield* config.slice("general")).config_revision, () => -1)
      const passed = (why: string) => Effect.logInfo(`config revision ${revision} ${why}: not updating`)
      if (revision === running) return yield* passed(`has the same revision number as the running one`)
      if (revision < running) return yield* passed(`has a lower revision number than the running ${running}`)
      if (trial.record().tried.includes(revision)) return yield* passed("was tried before")
      const candidate = { revision, uplink, document: foreign }
      yield* wanted === release ? trial.begin(candidate) : elsewhere(candidate, wanted)
    })

    const handle = ({ uplink, what }: RemoteRequest) => {
      if (what._tag === "Unreadable") return refuse(what.text, what.revision, what.reason)
      return Either.match(ForeignConfig.read(what.document, what.revision), {
        onLeft: (reason) =>
          refuse(
            `${what.revision} ${JSON.stringify(what.document)}`,
            what.revision ?? ForeignConfig.revisionIn(what.document),
            reason
          ),
        onRight: (foreign) => consider(uplink, foreign)
      })
    }

    /** Whatever one request comes to, the next is heard. */
    const guarded = (request: RemoteRequest) =>
      handle(request).pipe(
        Effect.catchAll((error) => Effect.logError(`a config that came over ${request.uplink}: ${error.message}`)),
        Effect.catchAllDefect((bug) => Effect.logError(`a config that came over ${request.uplink}: ${String(bug)}`))
      )

    /** While a trial is on it is looked after whenever nothing came. */
    const next = Effect.suspend((): Effect.Effect<Option.Option<RemoteRequest>> =>
      trial.record().trying === null
        ? Effect.asSome(Queue.take(inbox))
        : Effect.tap(Queue.poll(inbox), (one) => (Option.isSome(one) ? Effect.void : Effect.sleep(trial.interval())))
    )
    const run = startup.pipe(
      Effect.zipRight(trial.resume),
      Effect.zipRight(Self.ready),
      Effect.zipRight(
        next.pipe(
          Effect.flatMap(Option.match({ onNone: () => trial.look, onSome: guarded })),
          Effect.zipRight(Self.mark),
          Effect.forever
        )
      )
    )
    return {
      onTrial: Effect.sync(() => trial.record().trying !== null),
      run: Effect.mapInputContext(run, (own: Context.Context<Self.Self>) => Context.merge(context, own))
    }
  })
)
