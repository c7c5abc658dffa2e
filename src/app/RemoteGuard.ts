/**
 * Before the config is read at a start: a config from afar with which the site has been started too often during its trial, or
 * that was being taken back, gives way to the one before. So one that keeps the process from coming up does not keep it down.
 * A file that somebody has edited meanwhile is left to them.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"
import * as DurableFile from "../site/DurableFile.js"
import { isNotFound } from "../site/FileReason.js"
import type { Site } from "../site/Site.js"
import * as RemoteRecord from "./RemoteRecord.js"

/** Starts that a config on trial may take: a power cut or two are nobody's fault. */
export const startsAllowed = 3

export const atStart: Effect.Effect<void, StorageFailed, FileSystem.FileSystem | Path.Path | Site> = Effect.gen(
  function* () {
    const record = yield* RemoteRecord.load
    const { trying } = record
    if (trying === null || trying.step === "accepting") return
    if (trying.step !== "reverting" && trying.starts < startsAllowed) {
      return yield* RemoteRecord.save({ ...record, trying: { ...trying, starts: trying.starts + 1 } })
    }
    if (trying.step === "trial" && (yield* textOf(trying.path)) !== trying.applied) return
    const reason = trying.step === "reverting" ? trying.reason : `the site was started ${trying.starts} times with it`
    yield* RemoteRecord.save({ ...record, trying: { ...trying, step: "reverting", reason } })
    yield* Effect.mapError(DurableFile.replace(trying.path, trying.previous), asStorageFailed("write", trying.path))
    yield* Effect.logWarning(`config revision ${trying.revision} is taken back: ${reason}`)
  }
)

// -----------------------------------------------------------------------------

/** None where there is no such file. */
const textOf = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(path)).pipe(
    Effect.catchIf(isNotFound, () => Effect.succeed("")),
    Effect.mapError(asStorageFailed("read", path))
  )
