/** Failures that many routes share, each with its status. */
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { BackfillRefused, NoMatchingJob } from "../domain/Backfill.js"
import { InvalidInput, StorageFailed, TooLarge, UnreadableBody } from "../domain/Refusal.js"

const at = <A, I>(status: number, error: Schema.Schema<A, I>) =>
  error.annotations(HttpApiSchema.annotations({ status }))

/** Of routes that read a body. */
export const BodyErrors = Schema.Union(at(422, InvalidInput), at(400, UnreadableBody), at(413, TooLarge))

/** Of routes that find out what a backfill is about. */
export const StartErrors = Schema.Union(at(400, NoMatchingJob), at(422, BackfillRefused), at(507, StorageFailed))

/** A tick was asked for, by exchange or pair, that no job of the config matches. */
export class NothingToCollect extends Schema.TaggedError<NothingToCollect>()("NothingToCollect", {
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return "No matching histo job"
  }
}

/** The config is not the one the caller has seen. */
export class ConfigChanged extends Schema.TaggedError<ConfigChanged>()("ConfigChanged", {}) {
  override get message() {
    return "The config has changed since it was read: read it again"
  }
}
