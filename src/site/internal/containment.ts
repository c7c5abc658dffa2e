/** Turning a relative path from outside into an absolute one that can't leave a directory. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { isNotFound, reasonOf } from "../FileReason.js"

/** Why a path may not be used, in words that follow its name. */
export class Escape {
  readonly _tag = "Escape"
  constructor(readonly reason: string) {}
}

/** A resolver for one directory, whose path must be real (symbolic links followed). */
export const within = (
  root: string
): Effect.Effect<(relative: string) => Effect.Effect<string, Escape>, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const inside = root.endsWith(path.sep) ? root : root + path.sep

    // A link whose target is missing has no real path, yet a write would follow it.
    const refuseDangling = (absolute: string): Effect.Effect<void, Escape> =>
      fs.readLink(absolute).pipe(
        Effect.matchEffect({
          onFailure: () => Effect.void,
          onSuccess: () => Effect.fail(new Escape("goes through a symbolic link to nothing"))
        })
      )
    const realOfDeepest = (absolute: string): Effect.Effect<string, Escape> =>
      fs
        .realPath(absolute)
        .pipe(
          Effect.catchAll((error) =>
            isNotFound(error) && absolute !== path.dirname(absolute)
              ? refuseDangling(absolute).pipe(
                  Effect.zipRight(Effect.suspend(() => realOfDeepest(path.dirname(absolute))))
                )
              : Effect.fail(new Escape(`can't be followed: ${reasonOf(error)}`))
          )
        )

    return Effect.fnUntraced(function* (relative: string) {
      if (relative.includes("\0")) return yield* Effect.fail(new Escape("contains a NUL character"))
      if (path.isAbsolute(relative)) return yield* Effect.fail(new Escape("is absolute"))
      if (relative.split(/[/\\]/).includes("..")) return yield* Effect.fail(new Escape("climbs with '..'"))
      const absolute = path.resolve(root, relative)
      const real = yield* realOfDeepest(absolute)
      return real === root || real.startsWith(inside)
        ? absolute
        : yield* Effect.fail(new Escape("leaves through a symbolic link"))
    })
  })
