/** `ConfigOperations` in this process, over the site's config file. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ConfigOperations, ConfigVerdict } from "../operations/ConfigOperations.js"
import { jsonSchema } from "./ConfigDocument.js"
import { ConfigFile } from "./ConfigFile.js"

export const layer: Layer.Layer<ConfigOperations, never, ConfigFile> = Layer.effect(
  ConfigOperations,
  Effect.map(ConfigFile, (file) => ({
    show: file.show,
    put: file.put,
    validate: (document) =>
      file.validate(document).pipe(
        Effect.as(new ConfigVerdict({ valid: true, error: null, issues: [] })),
        Effect.catchAll((error) =>
          Effect.succeed(new ConfigVerdict({ valid: false, error: error.message, issues: error.issues }))
        )
      ),
    schema: Effect.sync(jsonSchema)
  }))
)
