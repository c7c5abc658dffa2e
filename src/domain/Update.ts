/** Updates of the software as they are told of over HTTP, on the command line and in the journal. Times are ISO 8601. */
import * as Schema from "effect/Schema"

/**
 * Why a station stays on, or returns to, the version it had.
 *
 * - of the manifest: `Malformed`, `Unsigned`, `BadSignature`, `WrongName`, `WrongPlatform`, `Expired`, `Older`,
 *   `NeedsNewer` (a version between must be installed first)
 * - of the way here: `NoSource`, `NotFound`, `Unreachable`, `TooLarge`, `Mismatch` (size or SHA-256)
 * - of the release: `UnsafeArchive`, `BrokenArchive`, `InstallFailed`, `SelfTestFailed`, `ConfigInvalid`
 * - of the trial: `Crashed`, `Unproven` (hung, not ready, no progress on an uplink)
 * - of the station: `Interrupted` too often, `StorageFailed`, `Operator` (somebody asked for it)
 */
export const UpdateReason = Schema.Literal(
  "Malformed",
  "Unsigned",
  "BadSignature",
  "WrongName",
  "WrongPlatform",
  "Expired",
  "Older",
  "NeedsNewer",
  "NoSource",
  "NotFound",
  "Unreachable",
  "TooLarge",
  "Mismatch",
  "UnsafeArchive",
  "BrokenArchive",
  "InstallFailed",
  "SelfTestFailed",
  "ConfigInvalid",
  "Crashed",
  "Unproven",
  "Interrupted",
  "StorageFailed",
  "Operator"
)
export type UpdateReason = typeof UpdateReason.Type

/** A release is not taken, or did not come to its end. The station is on the version it had. */
export class UpdateFailed extends Schema.TaggedError<UpdateFailed>()("UpdateFailed", {
  reason: UpdateReason,
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** Another update is under way, or its trial is; nothing was begun. */
export class UpdateBusy extends Schema.TaggedError<UpdateBusy>()("UpdateBusy", { version: Schema.String }) {
  override get message() {
    return `the update to ${this.version} is not over yet`
  }
}

/** There is no version before this one that could be returned to. */
export class NoPreviousVersion extends Schema.TaggedError<NoPreviousVersion>()("NoPreviousVersion", {}) {
  override get message() {
    return "there is no version before this one on this station"
  }
}

/** This server was not started by the launcher: nobody would start the new version. */
export class NotLaunched extends Schema.TaggedError<NotLaunched>()("NotLaunched", {}) {
  override get message() {
    return "this server was started by itself, not by the launcher, so nobody would start another version after it"
  }
}

/** How far an update is. `idle`: none is under way. */
export const UpdatePhase = Schema.Literal(
  "idle",
  "fetching",
  "unpacking",
  "installing",
  "testing",
  "switching",
  "trial",
  "rolling-back"
)
export type UpdatePhase = typeof UpdatePhase.Type

/** One update from its beginning to its end. `null` stands for the version that was installed by hand. */
export const UpdateAttempt = Schema.Struct({
  from: Schema.NullOr(Schema.String),
  to: Schema.String,
  begun: Schema.String,
  /** Who asked: `operator`, or the name of an uplink. */
  by: Schema.String
})
export type UpdateAttempt = typeof UpdateAttempt.Type

export const UpdateOutcome = Schema.Struct({
  ...UpdateAttempt.fields,
  ended: Schema.String,
  outcome: Schema.Literal("healthy", "failed", "rolled-back"),
  reason: Schema.NullOr(UpdateReason),
  detail: Schema.NullOr(Schema.String)
})
export type UpdateOutcome = typeof UpdateOutcome.Type

export const UpdateStatus = Schema.Struct({
  /** What runs now. */
  running: Schema.String,
  /** What `current` names; `null` is the version installed by hand. */
  current: Schema.NullOr(Schema.String),
  /** What `rollback` would return to, if anything. */
  previous: Schema.NullOr(Schema.Struct({ version: Schema.NullOr(Schema.String) })),
  phase: UpdatePhase,
  attempt: Schema.NullOr(UpdateAttempt),
  /** Bytes of the release that are here, while it is fetched. */
  fetched: Schema.NullOr(Schema.Struct({ bytes: Schema.NonNegativeInt, size: Schema.NonNegativeInt })),
  /** While the new version proves itself: until when it may, how often it was started for it, and what it was last seen to lack. */
  trial: Schema.NullOr(
    Schema.Struct({
      until: Schema.String,
      starts: Schema.NonNegativeInt,
      most_starts: Schema.NonNegativeInt,
      complaints: Schema.Array(Schema.String)
    })
  ),
  /** How the last one ended. */
  last: Schema.NullOr(UpdateOutcome),
  installed: Schema.Array(Schema.String),
  source: Schema.NullOr(Schema.String),
  /** Whether the launcher is there to start another version. */
  launched: Schema.Boolean
}).annotations({ identifier: "UpdateStatus" })
export type UpdateStatus = typeof UpdateStatus.Type

/** What the source offers, and whether it would be taken. */
export const UpdateOffer = Schema.Struct({
  version: Schema.String,
  size: Schema.NonNegativeInt,
  created: Schema.String,
  expires: Schema.String,
  /** Why it would not be; `null` where it would. */
  refused: Schema.NullOr(Schema.Struct({ reason: UpdateReason, detail: Schema.String }))
}).annotations({ identifier: "UpdateOffer" })
export type UpdateOffer = typeof UpdateOffer.Type
