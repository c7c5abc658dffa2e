/**
 * Removing one file and not another that takes its name in the same moment: a merge may rename a newer one over it at any time.
 * The name is taken away first, and what it led to is looked at then.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { asStorageFailed, type StorageFailed } from "../../../domain/Refusal.js"
import { isSame, type LocalFile } from "../LocalFiles.js"

/** False where another file stood there, which is left as it is, or none. */
export const removeExactly = (root: string, file: LocalFile): Effect.Effect<boolean, StorageFailed> =>
  attempt("remove", `${root}/${file.path}`, () => {
    const path = `${root}/${file.path}`
    if (!fs.existsSync(path)) return false
    const aside = asideOf(path)
    fs.renameSync(path, aside)
    const isIt = isSame(file, stampOf(aside))
    // Fails where yet another one stands there by now; then this one stays, under the name that begins with a dot.
    if (!isIt) fs.linkSync(aside, path)
    fs.unlinkSync(aside)
    return isIt
  })

/** Removes what a crash left between taking away a name and the file. */
export const sweep = (root: string, removed: ReadonlyArray<LocalFile>): Effect.Effect<void, StorageFailed> =>
  Effect.forEach(
    removed,
    (file) =>
      attempt("remove", `${root}/${file.path}`, () => {
        const aside = asideOf(`${root}/${file.path}`)
        if (fs.existsSync(aside) && isSame(file, stampOf(aside))) fs.unlinkSync(aside)
      }),
    { discard: true }
  )

// -----------------------------------------------------------------------------

const asideOf = (path: string): string => path.replace(/([^/]+)$/, ".$1.purged")

const stampOf = (path: string) => {
  const { mtimeMs, size } = fs.statSync(path)
  return { size, modified: mtimeMs }
}

const attempt = <A>(operation: string, path: string, run: () => A): Effect.Effect<A, StorageFailed> =>
  Effect.try({
    try: run,
    catch: asStorageFailed(operation, path)
  })
