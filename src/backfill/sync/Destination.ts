/**
 * A place that files are copied to: an rclone remote, a bucket. Copying only adds and replaces: nothing is ever removed there.
 * What is called verified was compared with its original at the destination, after it was sent.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { LocalFile } from "./LocalFiles.js"

/** A copy that did not come to its end; what of it had arrived is found by the next one. */
export class CopyFailed extends Schema.TaggedError<CopyFailed>()("CopyFailed", {
  remote: Schema.String,
  reason: Schema.Literal("NotInstalled", "Misconfigured", "Refused", "Unreachable", "TimedOut", "Failed"),
  detail: Schema.String
}) {
  override get message() {
    return `${this.remote}: ${this.detail}`
  }
}

export interface Batch {
  /** Absolute. */
  readonly root: string
  readonly files: ReadonlyArray<LocalFile>
}

/** How far a copy is. Totals are what is known so far. */
export interface CopyProgress {
  readonly files: number
  readonly totalFiles: number
  readonly bytes: number
  readonly totalBytes: number
  readonly bytesPerSecond: number
}

export interface Copied {
  /** What was sent; what was there already is not counted. */
  readonly files: number
  readonly bytes: number
  /** Files that the destination holds as they are now. */
  readonly verified: ReadonlyArray<LocalFile>
  /** Files that did not change meanwhile and yet are not there as they are, with the reason. */
  readonly missing: ReadonlyArray<{ readonly path: string; readonly reason: string }>
}

export interface Destination {
  /** As it is shown and recorded. */
  readonly name: string
  readonly provider: string
  /** Where a file goes, as a ledger tells it. */
  readonly place: (path: string) => { readonly bucket: string; readonly key: string }
  readonly copy: (
    batch: Batch,
    tell: (progress: CopyProgress) => Effect.Effect<void>
  ) => Effect.Effect<Copied, CopyFailed | StorageFailed>
  /** The paths whose content the destination holds, asked of it now and compared by hash where it has one. */
  readonly holds: (batch: Batch) => Effect.Effect<ReadonlySet<string>, CopyFailed | StorageFailed>
}
