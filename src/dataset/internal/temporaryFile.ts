/** Files that are written whole before their first byte goes out, and are gone afterwards. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StorageFailed } from "../../domain/Refusal.js"
import { attempt } from "./publish.js"

/** A directory that is removed with everything in it when the scope closes. */
export const directory: Effect.Effect<string, StorageFailed, Scope.Scope> = Effect.acquireRelease(
  Effect.suspend(() => attempt("create", tmpdir(), () => mkdtemp(join(tmpdir(), "outpost-export-")))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

/** Writes a file, and streams it. */
export const written = <E>(
  write: (path: string) => Effect.Effect<unknown, E>
): Stream.Stream<Uint8Array, E | StorageFailed> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const path = join(yield* directory, "export.parquet")
      yield* write(path)
      return Stream.fromReadableStream<Uint8Array, StorageFailed>({
        evaluate: () => webStream(path),
        onError: (cause) => new StorageFailed({ operation: "read", path, reason: String(cause) })
      })
    })
  )

// -----------------------------------------------------------------------------

const webStream = (path: string): ReadableStream<Uint8Array> => {
  const file = fs.openSync(path, "r")
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const bytes = Buffer.allocUnsafe(256 * 1024)
      const count = fs.readSync(file, bytes, 0, bytes.length, null)
      if (count === 0) {
        fs.closeSync(file)
        controller.close()
      } else controller.enqueue(bytes.subarray(0, count))
    },
    cancel: () => fs.closeSync(file)
  })
}
