/**
 * The outbox of a site: the queue in a SQLite file of its own, the archive as CSV files beside it. Both are on the device
 * before a sender is told. A database that can't be read is set aside and begun anew: what it held is in the archive, and the
 * numbers of the new one begin where the old one never came to.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Database from "../database/Database.js"
import type { StorageFailed } from "../domain/Refusal.js"
import type { Notice } from "../journal/AppendFile.js"
import type { Disk } from "../journal/Disk.js"
import { timestampOf } from "../journal/Journal.js"
import * as Archive from "./Archive.js"
import * as outbox from "./internal/outbox.js"
import { migrations } from "./internal/queueTables.js"
import * as sqlQueue from "./internal/sqlQueue.js"
import type { Outbox } from "./Outbox.js"
import type { OutboxSettings } from "./Settings.js"

/** What someone should know of: messages that were dropped to make room, and what the archive's files were found to be. */
export type OutboxNotice = outbox.OutboxNotice | Notice

/** Names of the steps of a commit, in order; fault tests stop the process at one of them. */
export type Step = sqlQueue.Step

export interface Options {
  /** The database's file; its directory exists. */
  readonly path: string
  /** Where the archive's files stand. */
  readonly archive: string
  readonly settings: OutboxSettings
  /** The revision of the config in force, asked for at each message. */
  readonly revision: Effect.Effect<number>
  readonly notify: (notice: OutboxNotice) => void
  readonly disk?: Disk | undefined
  readonly step?: ((step: Step) => void) | undefined
}

export const make = (
  options: Options
): Effect.Effect<
  Context.Tag.Service<Outbox>,
  Database.DatabaseUnusable | StorageFailed,
  Scope.Scope | FileSystem.FileSystem
> =>
  Effect.gen(function* () {
    const { disk, notify, path, settings, step } = options
    const now = yield* Clock.currentTimeMillis
    const archive = yield* Archive.make({ directory: options.archive, notify, disk })
    const database = yield* Database.make(path, migrations, timestampOf(now))
    const store = yield* sqlQueue.make({ database, archive, receipts: settings.receipts, step })
    return yield* outbox.make(options, store)
  })
