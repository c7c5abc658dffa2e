/** Replacing a small file so that a power cut leaves the old or the new one, never a mix. */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"

/** Writes beside, syncs, renames, syncs the directory. An existing file keeps its mode unless one is given. */
export const replace: (
  path: string,
  text: string,
  options?: { readonly mode?: number }
) => Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> = Effect.fnUntraced(
  function* (path, text, options) {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const target = yield* fs.realPath(path).pipe(Effect.orElseSucceed(() => path))
    const old = yield* Effect.option(fs.stat(target))
    const mode = options?.mode ?? (old._tag === "Some" ? old.value.mode & 0o777 : 0o600)
    const beside = paths.join(paths.dirname(target), `.${paths.basename(target)}.new`)
    yield* fs.remove(beside, { force: true })
    yield* Effect.scoped(
      fs.open(beside, { flag: "wx", mode }).pipe(
        Effect.tap(() => fs.chmod(beside, mode)),
        Effect.tap((file) => file.writeAll(new TextEncoder().encode(text))),
        Effect.tap((file) => file.sync)
      )
    ).pipe(
      Effect.zipRight(fs.rename(beside, target)),
      Effect.onError(() => Effect.ignore(fs.remove(beside, { force: true }))),
      Effect.uninterruptible
    )
    yield* syncDirectory(paths.dirname(target))
  }
)

/** Makes names in a directory durable. */
export const syncDirectory = (directory: string): Effect.Effect<void, PlatformError, FileSystem.FileSystem> =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const handle = yield* fs.open(directory, { flag: "r" })
      yield* handle.sync
    })
  )
