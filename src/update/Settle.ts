/**
 * Brings what the journal says was begun to its end: a switch to a new version, a return to the old one. Both move config and
 * software together, and both may be cut off anywhere and begun again. Called by whoever holds the site when nothing of it
 * runs: by the launcher before it starts a version, and by a command on a site without a server.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"
import type { UpdateReason } from "../domain/Update.js"
import { timestampOf } from "../journal/Journal.js"
import * as DurableFile from "../site/DurableFile.js"
import type { UpdateJournal } from "./UpdateJournal.js"
import { type Attempt, fold, type UpdateState } from "./UpdateState.js"
import * as Versions from "./Versions.js"

/** What the journal says now. */
export const stateOf = (journal: UpdateJournal): Effect.Effect<UpdateState, StorageFailed> =>
  Effect.map(journal.entries, fold)

/** Finishes a switch or a return that was begun; answers how things are then. */
export const settle = (
  versions: Versions.Versions,
  journal: UpdateJournal
): Effect.Effect<UpdateState, StorageFailed, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const { attempt, phase, rollback } = yield* stateOf(journal)
    if (phase === "switching" && attempt?.switching !== undefined) {
      if (attempt.config !== undefined) yield* replaceConfig(attempt.switching.path, attempt.config)
      yield* Versions.point(versions, attempt.to)
      yield* journal.append({ step: "switched" })
    }
    if (rollback !== undefined) {
      if (rollback.config !== null) yield* replaceConfig(rollback.path, rollback.config)
      yield* Versions.point(versions, rollback.to)
      yield* journal.append({ step: "rolled-back" })
    }
    return yield* stateOf(journal)
  })

/** Notes that a version on trial did not prove itself. `settle` does the rest. */
export const condemn = (
  journal: UpdateJournal,
  attempt: Attempt,
  reason: UpdateReason,
  detail: string
): Effect.Effect<void, StorageFailed> => {
  const { switching } = attempt
  const pair = { path: switching?.path ?? "", config: switching?.before ?? null }
  return journal.append({ step: "rolling-back", to: attempt.from, reason, detail, ...pair })
}

// ---------------------------------------------------------------------------------------------------------------------

/** A config that stood there and is another one is kept beside: somebody may have changed it meanwhile. */
const replaceConfig = (path: string, text: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const there = yield* Effect.orElseSucceed(fs.readFileString(path), () => undefined)
    if (there === text) return
    const now = yield* DateTime.now
    if (there !== undefined) yield* DurableFile.replace(`${path}.replaced-${timestampOf(now.epochMillis)}`, there)
    yield* DurableFile.replace(path, text)
  }).pipe(Effect.mapError(asStorageFailed("write", path)))
