/**
 * The journal of updates, `.outpost/update.jsonl`: every step is on the device before the next one is begun, so whoever comes
 * up after `kill -9` or a power cut knows how far it was. It is written by one process at a time: by the one that holds the
 * site, and by the launcher while it has none running.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { asStorageFailed, StorageFailed } from "../domain/Refusal.js"
import { UpdateReason } from "../domain/Update.js"
import * as Journal from "../journal/Journal.js"
import { isNotFound } from "../site/FileReason.js"

const step = <const Name extends string, Fields extends Schema.Struct.Fields>(name: Name, fields: Fields) =>
  Schema.Struct({ step: Schema.Literal(name), ...fields })

const because = { reason: UpdateReason, detail: Schema.String }

/** A step of an update, without its time. */
export const Step = Schema.Union(
  /** `manifest` as it came; `config` is the document that the new version is to run with, where one came with it. */
  step("begun", {
    from: Schema.NullOr(Schema.String),
    to: Schema.String,
    by: Schema.String,
    manifest: Schema.String,
    config: Schema.optional(Schema.String)
  }),
  /** Once more from the first step that is not done, by a later life. */
  step("resumed", {}),
  step("fetched", {}),
  step("unpacked", {}),
  step("installed", {}),
  step("tested", {}),
  /** From here on it is brought to its end, whatever happens. `before` is the config that belongs to the old version. */
  step("switching", {
    path: Schema.String,
    before: Schema.NullOr(Schema.String),
    trial: Schema.Number,
    starts: Schema.Int
  }),
  step("switched", {}),
  /** The version on trial is about to be started. */
  step("started", {}),
  /** A start that tells nothing of the version: another process held the site, or it was asked to end. */
  step("discounted", {}),
  /** What keeps the version on trial from being taken for healthy, each time that changes. */
  step("doubted", { complaints: Schema.Array(Schema.String) }),
  step("healthy", {}),
  step("pruned", { versions: Schema.Array(Schema.String) }),
  /** The station is on the version it had. */
  step("failed", because),
  /** As `switching`, the other way. `config` is what the old version is to run with; `null` leaves it as it is. */
  step("rolling-back", {
    ...because,
    to: Schema.NullOr(Schema.String),
    path: Schema.String,
    config: Schema.NullOr(Schema.String)
  }),
  step("rolled-back", {}),
  /** How it ended was reported. */
  step("told", {})
)
export type Step = typeof Step.Type

/** A step as it stands in the journal. */
export type Entry = Step & { readonly at: string }

export interface UpdateJournal {
  /** Durable once it returns. */
  readonly append: (step: Step) => Effect.Effect<void, StorageFailed>
  /** All steps that are in the file now, oldest first. */
  readonly entries: Effect.Effect<ReadonlyArray<Entry>, StorageFailed>
}

export const open = Effect.fn("UpdateJournal.open")(function* (
  path: string
): Effect.fn.Return<UpdateJournal, never, FileSystem.FileSystem | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const journal = yield* Journal.make({ path, codec, capacity: longest })
  return {
    append: (step) =>
      Effect.flatMap(DateTime.now, (now) => journal.append({ ...step, at: DateTime.formatIso(now) })).pipe(
        Effect.catchTag("Overloaded", ({ message }) =>
          Effect.fail(new StorageFailed({ operation: "append", path, reason: message }))
        )
      ),
    entries: fs.readFileString(path).pipe(
      Effect.catchIf(isNotFound, () => Effect.succeed("")),
      Effect.mapError(asStorageFailed("read", path)),
      // A last line that the power cut off is none; a step that this version does not know is passed over.
      Effect.map((text) => Journal.parse(text, codec).records)
    )
  }
})

// ---------------------------------------------------------------------------------------------------------------------

/** Longest step: a manifest and a config. */
const longest = 4 * 2 ** 20

const Line = Schema.parseJson(Schema.extend(Step, Schema.Struct({ at: Schema.String })))
const decodeLine = Schema.decodeOption(Line)
const encodeLine = Schema.encodeSync(Line)

const codec: Journal.Codec<Entry> = {
  encode: (entry) => Buffer.from(`${encodeLine(entry)}\n`),
  decode: (line) => Option.getOrUndefined(decodeLine(line))
}
