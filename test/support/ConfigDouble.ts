/** A config document in memory: `settings` must be an object, `plugins` may not be changed from outside. */
import {
  ConfigInvalid,
  ConfigNotAllowed,
  ConfigOperations,
  ConfigVerdict,
  type ConfigIssue,
  type ConfigJson
} from "../../src/operations/ConfigOperations.js"
import { Effect, Layer } from "effect"

const issuesOf = (document: ConfigJson): ReadonlyArray<ConfigIssue> =>
  typeof document["settings"] === "object" ? [] : [{ path: "settings", message: "expected an object" }]

export const layer: Layer.Layer<ConfigOperations> = Layer.sync(ConfigOperations, () => {
  let held: ConfigJson = { settings: {}, http: { token: "********" } }
  return ConfigOperations.of({
    show: Effect.sync(() => held),
    put: (document) =>
      Effect.suspend((): Effect.Effect<ConfigJson, ConfigInvalid | ConfigNotAllowed> => {
        const issues = issuesOf(document)
        if (issues.length > 0) return Effect.fail(new ConfigInvalid({ issues }))
        if ("plugins" in document) {
          return Effect.fail(
            new ConfigNotAllowed({ issues: [{ path: "plugins", message: "may not come from outside" }] })
          )
        }
        held = { ...held, ...document }
        return Effect.succeed(held)
      }),
    validate: (document) =>
      Effect.sync(() => {
        const issues = issuesOf(document)
        return new ConfigVerdict({
          valid: issues.length === 0,
          error: issues.length === 0 ? null : "settings: expected an object",
          issues
        })
      }),
    schema: Effect.succeed({ type: "object" })
  })
})
