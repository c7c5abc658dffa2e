/** The copying half of a site on directories of its own: real rclone or an imitation, a bucket on this machine, real SQLite. */
import { Effect, Option, Redacted } from "effect"
import { chmodSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import * as BackfillSettings from "../../src/backfill/Settings.js"
import * as Rclone from "../../src/backfill/sync/Rclone.js"
import * as Retention from "../../src/backfill/sync/Retention.js"
import * as Sync from "../../src/backfill/sync/Sync.js"
import * as SyncStore from "../../src/backfill/sync/SyncStore.js"
import * as Uploads from "../../src/backfill/sync/Uploads.js"
import * as Database from "../../src/database/Database.js"
import type { Series } from "../../src/domain/Series.js"
import { Outgoing, make as makeOutgoing } from "../../src/outgoing/Outgoing.js"
import { OutgoingSettings } from "../../src/outgoing/Settings.js"
import * as RealRclone from "./RealRclone.js"
import { credentials } from "./S3Server.js"
import { temporaryDirectory } from "./Store.js"

export interface SyncSite {
  readonly directory: string
  /** What is copied. */
  readonly root: string
  /** What the rclone remote `backup:` stands for. */
  readonly target: string
  readonly settings: { now: BackfillSettings.StorageSettings }
  readonly told: Array<{ readonly type: string; readonly data: unknown }>
  readonly remembered: Array<string>
}

type Storage = Partial<ConstructorParameters<typeof BackfillSettings.StorageSettings>[0]>

export const remote = (name: string) => new BackfillSettings.Remote({ remote: name })

export const bucket = (endpoint: string) =>
  new BackfillSettings.S3Remote({
    endpoint,
    bucket: "station",
    prefix: "site-1",
    access_key_id: Redacted.make(credentials.id),
    secret_access_key: Redacted.make(credentials.secret),
    session_token: Option.some(Redacted.make(credentials.token))
  })

export const make = (storage: Storage = {}) =>
  Effect.map(temporaryDirectory, (directory): SyncSite => {
    const root = join(directory, "data")
    mkdirSync(root)
    const { target } = RealRclone.make(directory)
    const now = new BackfillSettings.StorageSettings({ local_path: root, remotes: [remote("backup:site")], ...storage })
    return { directory, root, target: join(target, "site"), settings: { now }, told: [], remembered: [] }
  })

/** A life of the site: what is opened with the scope and known again by the next one. */
export const open = (
  site: SyncSite,
  options: { readonly rclone?: Rclone.Rclone["Type"]; readonly remember?: (series: Series) => boolean } = {}
) =>
  Effect.gen(function* () {
    const database = yield* Database.make(join(site.directory, "state.sqlite"), SyncStore.migrations, "T")
    const store = SyncStore.make(database)
    const outgoing = yield* makeOutgoing({ settings: new OutgoingSettings({ allow_private: ["127.0.0.1"] }) })
    const settings = Effect.sync(() => site.settings.now)
    const tell = (type: string, data: unknown) => Effect.sync(() => void site.told.push({ type, data }))
    const needs = <A, E, R>(work: Effect.Effect<A, E, R>) =>
      work.pipe(
        Effect.provideService(SyncStore.SyncStore, store),
        Effect.provideService(Outgoing, outgoing),
        Effect.provideService(Rclone.Rclone, options.rclone ?? RealRclone.make(site.directory).rclone)
      )
    const retention = yield* needs(
      Retention.make({
        settings: Effect.map(settings, ({ retention }) => retention),
        never: [],
        remember: (series) =>
          Effect.sync(() => {
            site.remembered.push(series.key)
            return options.remember?.(series) ?? true
          }),
        tell
      })
    )
    const sync = yield* needs(
      Sync.make({
        settings,
        never: [],
        freeBytes: Effect.succeed(1000),
        tell,
        afterwards: (root, destinations) => Effect.asVoid(retention.run(root, destinations))
      })
    )
    const uploads = yield* needs(Uploads.make({ settings, never: [] }))
    return { store, sync, retention, uploads }
  })

/** A program in place of rclone that does what a shell script says. */
export const imitation = (directory: string, script: string) => {
  RealRclone.write(directory, { "bin/rclone": `#!/bin/sh\n${script}\n` })
  chmodSync(join(directory, "bin/rclone"), 0o755)
  return Rclone.make({ env: { PATH: `${join(directory, "bin")}:/usr/bin:/bin` } })
}
