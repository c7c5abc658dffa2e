/** Where the built web app lies: beside the bundle, or above the library's modules. Undefined where it was not built. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"

const candidates = ["./ui", "../ui", "../../ui", "../../dist/ui"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url))
)

export const uiDirectory: Effect.Effect<string | undefined, never, FileSystem.FileSystem> = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.findFirst(candidates, (directory) =>
    Effect.orElseSucceed(fs.exists(`${directory}/index.html`), () => false)
  )
}).pipe(Effect.map((found) => (found._tag === "Some" ? found.value : undefined)))
