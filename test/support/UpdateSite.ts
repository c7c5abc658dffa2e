/** A site that updates itself from a directory of releases; the releases are tiny programs that answer what is asked of one. */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { Effect, Layer, Option, Ref } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { UpdateOutcome } from "../../src/domain/Update.js"
import * as Outgoing from "../../src/outgoing/Outgoing.js"
import { OutgoingSettings } from "../../src/outgoing/Settings.js"
import { releases } from "../../src/plugins/release/Releases.js"
import * as Redaction from "../../src/site/Redaction.js"
import * as Secrets from "../../src/site/Secrets.js"
import * as Site from "../../src/site/Site.js"
import { ReleaseSources, registry } from "../../src/update/ReleaseSource.js"
import { ReleaseSettings, UpdateLimits, UpdateSettings } from "../../src/update/Settings.js"
import { type Succession, UpdateHost } from "../../src/update/UpdateHost.js"
import * as Updater from "../../src/update/Updater.js"
import * as Versions from "../../src/update/Versions.js"
import { Vitals } from "../../src/update/Vitals.js"
import { archiveOf, keys } from "./ReleaseMaker.js"

/** The main module of a release that passes its self-test, and any check of a config that does not say `bad`. */
export const goodMain = `
import { readFileSync } from "node:fs"
const [command, word, file] = process.argv.slice(2)
if (command === "config" && word === "validate" && readFileSync(file, "utf8").includes("bad")) {
  console.error("general.bad: unknown key")
  process.exit(2)
}
`

export const archiveWith = (main: string, more: Readonly<Record<string, string>> = {}): Buffer =>
  archiveOf({ "package.json": `{"name":"outpost","type":"module"}`, "dist/main.js": main, ...more })

export interface Options {
  readonly running?: string
  readonly succession?: Succession
  readonly settings?: Partial<typeof UpdateSettings.Type>
  readonly complaints?: ReadonlyArray<string>
}

/** Directories of a site and of the releases it looks for. */
export const ground = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const base = yield* fs.makeTempDirectoryScoped({ prefix: "outpost-update-" })
  const site = join(base, "site")
  yield* fs.makeDirectory(site)
  return { site, offers: join(base, "offers"), versions: Versions.at(join(site, ".outpost")) }
})
export type Ground = Effect.Effect.Success<typeof ground>

/** The updater as one life of a process has it. */
export const life = ({ offers, site, versions }: Ground, options: Options = {}) =>
  Effect.gen(function* () {
    const reports = yield* Ref.make<ReadonlyArray<UpdateOutcome>>([])
    const path = join(site, "outpost.yaml")
    const settings = new UpdateSettings({
      source: Option.some(new ReleaseSettings({ use: "file", settings: { directory: offers } })),
      keys: [keys.publicKey],
      limits: new UpdateLimits({}),
      ...options.settings
    })
    const host = UpdateHost.of({
      running: options.running ?? "1.0.0",
      succession: options.succession ?? { _tag: "Later" },
      site,
      settings: Effect.succeed(settings),
      config: Effect.sync(() => ({ path, text: existsSync(path) ? readFileSync(path, "utf8") : null })),
      report: (outcome) => Ref.update(reports, (all) => [...all, outcome])
    })
    const secrets = Secrets.layer.pipe(Layer.provide(Layer.mergeAll(Redaction.layer, Site.layer(site))))
    const needs = Layer.mergeAll(
      Layer.succeed(UpdateHost, host),
      Outgoing.layer({ settings: new OutgoingSettings({}) })
    ).pipe(Layer.provideMerge(secrets))
    const sources = Layer.effect(ReleaseSources, registry(releases)).pipe(Layer.provideMerge(needs))
    const context = yield* Layer.build(sources.pipe(Layer.provideMerge(NodeContext.layer)))
    const updater = yield* Effect.provide(Updater.make(versions), context)
    const vitals = Vitals.of({ complaints: Effect.succeed(options.complaints ?? []) })
    return {
      updater,
      finish: Effect.provideService(updater.finish, Vitals, vitals),
      work: Effect.provideService(updater.work, Vitals, vitals),
      reports: Ref.get(reports)
    }
  })
