/**
 * A ledger with another header becomes one with ours: all its rows, in order, under the 24 columns, in a new file that takes
 * the place of the old one at once. The old bytes stay beside it as `<file>.old-<time>`. A power cut in between leaves the
 * old file where it was.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { syncDirectory } from "../../site/DurableFile.js"
import { encode, header, LedgerReader } from "../LedgerCsv.js"
import { judge } from "./header.js"

const piece = 1 << 20

/** The path of the old bytes. */
export const migrate: (
  path: string,
  timestamp: string
) => Effect.Effect<string, PlatformError, FileSystem.FileSystem | Path.Path> = Effect.fnUntraced(
  function* (path, timestamp) {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const target = yield* fs.realPath(path)
    const beside = `${target}.new`
    const kept = `${target}.old-${timestamp}`
    yield* Effect.scoped(rewrite(target, beside)).pipe(
      Effect.zipRight(fs.link(target, kept).pipe(Effect.orElse(() => copy(target, kept)))),
      Effect.zipRight(syncDirectory(paths.dirname(target))),
      Effect.zipRight(fs.rename(beside, target)),
      Effect.onError(() => Effect.ignore(fs.remove(beside, { force: true }))),
      Effect.uninterruptible
    )
    yield* syncDirectory(paths.dirname(target))
    return kept
  }
)

// ------------------------------------------------------------------------------------------------------------------

/** For file systems without links. */
const copy = (from: string, to: string): Effect.Effect<void, PlatformError, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    Effect.zipRight(
      fs.copyFile(from, to),
      Effect.scoped(Effect.flatMap(fs.open(to, { flag: "r+" }), (file) => file.sync))
    )
  )

const rewrite = (from: string, to: string): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { mode } = yield* fs.stat(from)
    const source = yield* fs.open(from, { flag: "r" })
    const target = yield* fs.open(to, { flag: "w", mode: mode & 0o777 })
    let text = header
    const reader = new LedgerReader((view) => void (text += encode(view.row())), judge)
    const write = Effect.suspend(() => {
      const bytes = new TextEncoder().encode(text)
      text = ""
      return bytes.length === 0 ? Effect.void : target.writeAll(bytes)
    })
    const bytes = new Uint8Array(piece)
    for (;;) {
      const count = Number(yield* source.read(bytes))
      if (count === 0) break
      reader.push(bytes.subarray(0, count))
      yield* write
    }
    reader.finish()
    yield* write
    yield* target.sync
  })
