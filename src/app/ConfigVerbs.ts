/** `ConfigOperations` in this process, over the site's config file. What an operator did is recorded in the system stream. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ConfigOperations, ConfigVerdict } from "../operations/ConfigOperations.js"
import { jsonSchema } from "./ConfigDocument.js"
import { ConfigFile } from "./ConfigFile.js"
import { SystemLog } from "./SystemLog.js"

export const layer: Layer.Layer<ConfigOperations, never, ConfigFile | SystemLog> = Layer.effect(
  ConfigOperations,
  Effect.map(Effect.all({ file: ConfigFile, system: SystemLog }), ({ file, system }) => ({
    show: file.show,
    put: (document) =>
      Effect.tap(file.put(document), () => Effect.sync(() => system.record("operator", { action: "config.put" }))),
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
