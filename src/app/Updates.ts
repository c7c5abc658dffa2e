/**
 * Updates of a site: what the updater is told of its process, how a version on trial is judged, and the child of the tree that
 * carries updates out.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ChildSpec from "../actor/ChildSpec.js"
import { SupervisionTree } from "../actor/SupervisionTree.js"
import type { UpdateOutcome } from "../domain/Update.js"
import { version } from "../domain/Version.js"
import { SiteOperations } from "../operations/SiteOperations.js"
import { Outbox } from "../outbox/Outbox.js"
import { releases } from "../plugins/release/Releases.js"
import { Redaction } from "../site/Redaction.js"
import type { Secrets } from "../site/Secrets.js"
import { Site } from "../site/Site.js"
import { registry, ReleaseSources } from "../update/ReleaseSource.js"
import { type Succession, UpdateHost } from "../update/UpdateHost.js"
import * as Updater from "../update/Updater.js"
import * as Versions from "../update/Versions.js"
import { Vitals } from "../update/Vitals.js"
import { Uplinks } from "../uplink/Uplinks.js"
import * as CollectorSources from "./CollectorSources.js"
import { ConfigFile } from "./ConfigFile.js"
import { parse } from "./ConfigText.js"
import * as RemoteReport from "./RemoteReport.js"
import { SystemLog } from "./SystemLog.js"

type Needs = ConfigFile | FileSystem.FileSystem | Outbox | Path.Path | Redaction | Secrets | Site | SystemLog

/** Nothing is carried out by itself; see `child`. */
export const layer = (succession: Succession): Layer.Layer<Updater.Updater | UpdateHost, never, Needs> =>
  Layer.unwrapEffect(Effect.map(Site, ({ outpostDirectory }) => Updater.layer(Versions.at(outpostDirectory)))).pipe(
    Layer.provideMerge(host(succession)),
    Layer.provide(Layer.effect(ReleaseSources, registry(releases))),
    Layer.provide(CollectorSources.outgoing)
  )

/** Carries out what is begun, and stands the trial of this version. A disk that takes no steps is tried again. */
export const child = ChildSpec.make({
  id: "updates",
  onIntensity: "quarantine",
  run: Effect.flatMap(Updater.Updater, ({ work }) => work)
})

type Judges = ConfigFile | Outbox | Redaction | SiteOperations | SupervisionTree | Uplinks

/**
 * What a version on trial lacks: a site that accepts events with its config in force, and that can be reached from afar, where
 * it is set up to be.
 */
export const vitals: Layer.Layer<Vitals, never, Judges> = Layer.scoped(
  Vitals,
  Effect.gen(function* () {
    const config = yield* ConfigFile
    const site = yield* SiteOperations
    const tree = yield* SupervisionTree
    const uplinks = yield* Uplinks
    const scope = yield* Effect.scope
    const context = yield* Effect.context<Outbox | Redaction>()
    // So that there is something to be confirmed. Beside the answer, which does not wait for a disk.
    const somethingToSay = yield* Effect.once(
      RemoteReport.line("INFO", `version ${version} is on trial`).pipe(Effect.provide(context), Effect.forkIn(scope))
    )
    return Vitals.of({
      complaints: Effect.gen(function* () {
        const { reasons } = yield* Effect.orElseSucceed(site.ready, () => ({ reasons: ["it can't be asked"] }))
        const error = yield* config.lastError
        const { nodes } = yield* tree.get
        const ill = nodes.filter(({ path, status }) => judged.test(path) && unwell.has(status))
        const silent = (yield* uplinks.receiving) && (yield* uplinks.confirmed) === 0
        if (silent) yield* somethingToSay
        return [
          ...reasons,
          ...(error._tag === "Some" ? [error.value.message] : []),
          ...ill.map(({ path, status }) => `${path} is ${status}`),
          ...(silent ? ["no message was confirmed over an uplink that takes requests"] : [])
        ]
      })
    })
  })
)

// -----------------------------------------------------------------------------

/** What a release may be blamed for. An instrument that is off was off before. */
const judged = /^(http|uplinks)(\/|$)/
const unwell: ReadonlySet<string> = new Set(["starting", "degraded", "backing-off", "quarantined", "failed"])

const host = (succession: Succession) =>
  Layer.effect(
    UpdateHost,
    Effect.gen(function* () {
      const config = yield* ConfigFile
      const context = yield* Effect.context<Outbox | Redaction>()
      const system = yield* SystemLog
      return UpdateHost.of({
        running: version,
        succession,
        site: (yield* Site).directory,
        settings: config.slice("update"),
        config: Effect.map(config.raw, (text) => ({ path: config.path, text: text === "" ? null : text })),
        report: (outcome, text) =>
          Effect.sync(() => system.record("update.ended", outcome)).pipe(
            Effect.zipRight(told(outcome)),
            Effect.zipRight(text === undefined ? Effect.void : answered(outcome, text)),
            Effect.provide(context)
          )
      })
    })
  )

const told = ({ detail, outcome, reason, to }: UpdateOutcome) => {
  if (outcome === "healthy") return Effect.logInfo(`version ${to} has proved itself`)
  const line = `the update to ${to} ${outcome === "failed" ? "failed" : "was rolled back"}: ${reason}: ${detail}`
  return reason === "Operator" ? Effect.logInfo(line) : Effect.zipRight(Effect.logError(line), alarmed(line))
}

/** The office learns of a failed update whatever levels of the log go there. */
const alarmed = (line: string) => RemoteReport.line("ERROR", line)

/** Whoever sent the config that came with it is told what became of both. */
const answered = ({ detail, outcome, reason }: UpdateOutcome, text: string) =>
  Either.match(parse(text), {
    onLeft: () => Effect.void,
    onRight: ({ raw }) =>
      outcome === "healthy"
        ? RemoteReport.config("accepted", raw)
        : RemoteReport.config("rejected", raw, `${reason}: ${detail}`)
  })
