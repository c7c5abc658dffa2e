/**
 * The verbs of the config document: show, put, validate, schema. They speak of the file, never of values that flags or the
 * environment override, and never show a secret. Plain JSON on both sides, so that a browser can hold it.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StorageFailed } from "../domain/Refusal.js"
import type { Remote } from "./Unreachable.js"

/** A config document, or a part of its JSON Schema, as plain JSON. */
export const ConfigJson = Schema.Record({ key: Schema.String, value: Schema.Unknown }).annotations({
  identifier: "ConfigJson"
})
export type ConfigJson = typeof ConfigJson.Type

/** One thing wrong with a document. Secrets are masked in `value`. */
export const ConfigIssue = Schema.Struct({
  /** Keys and indices joined by dots; empty for the document as a whole. */
  path: Schema.String,
  message: Schema.String,
  value: Schema.optional(Schema.Unknown),
  /** Place in the file, from 1; absent where the document did not come from a file. */
  line: Schema.optional(Schema.Int),
  column: Schema.optional(Schema.Int),
  remedy: Schema.optional(Schema.String)
}).annotations({ identifier: "ConfigIssue" })
export type ConfigIssue = typeof ConfigIssue.Type

/** One line for a person. */
export const describe = (issue: ConfigIssue): string => {
  const place = issue.line === undefined ? "" : `line ${issue.line}, column ${issue.column ?? 1}: `
  const value = issue.value === undefined ? "" : ` (${JSON.stringify(issue.value)})`
  const remedy = issue.remedy === undefined ? "" : ` - ${issue.remedy}`
  return `${place}${issue.path === "" ? "the document" : issue.path}: ${issue.message}${value}${remedy}`
}

/** The document is not one: everything wrong with it, at once. Nothing was changed. */
export class ConfigInvalid extends Schema.TaggedError<ConfigInvalid>()("ConfigInvalid", {
  issues: Schema.Array(ConfigIssue)
}) {
  override get message() {
    return this.issues.map(describe).join("\n")
  }
}

/** The document would make the site run other code or read other secrets, which only the local file may do. */
export class ConfigNotAllowed extends Schema.TaggedError<ConfigNotAllowed>()("ConfigNotAllowed", {
  issues: Schema.Array(ConfigIssue)
}) {
  override get message() {
    return this.issues.map(describe).join("\n")
  }
}

/** What a validation found. */
export class ConfigVerdict extends Schema.Class<ConfigVerdict>("outpost/ConfigVerdict")({
  valid: Schema.Boolean,
  /** All issues as one text, or null. */
  error: Schema.NullOr(Schema.String),
  issues: Schema.optionalWith(Schema.Array(ConfigIssue), { default: () => [] })
}) {}

export class ConfigOperations extends Context.Tag("outpost/operations/ConfigOperations")<
  ConfigOperations,
  {
    /** The file's document with all defaults filled in; a secret that is set is `********`. */
    readonly show: Effect.Effect<ConfigJson, Remote>
    /**
     * Replaces the collector's five sections, and those of the others that are present; `********` keeps a stored secret,
     * `null` clears it. Written to disk (comments kept) and in force when it returns the document as `show` would.
     */
    readonly put: (
      document: ConfigJson
    ) => Effect.Effect<ConfigJson, ConfigInvalid | ConfigNotAllowed | StorageFailed | Remote>
    /** What `put` would say, without doing it. */
    readonly validate: (document: ConfigJson) => Effect.Effect<ConfigVerdict, Remote>
    /** The JSON Schema (draft 7) of a config file. */
    readonly schema: Effect.Effect<ConfigJson, Remote>
  }
>() {}
