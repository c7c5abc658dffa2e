/**
 * The files that are copied: everything below a directory but what is somebody's own state or no finished file. Left out are
 * names that begin with a dot (`.outpost`, `.dccd`, files being written), files that were set aside as unreadable, links, and
 * what the caller names.
 *
 * Held back is a file that is less than what a remote may hold under its name: one whose former self was set aside as
 * unreadable, or removed by retention. To copy it would put the last whole version out of the world.
 */
import * as Effect from "effect/Effect"
import { readdir, stat } from "node:fs/promises"
import { asStorageFailed, type StorageFailed } from "../../domain/Refusal.js"

/** A file as it was when it was looked at. */
export interface LocalFile {
  /** Relative to the directory, with `/` between its parts. */
  readonly path: string
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly modified: number
}

export interface Listing {
  /** By path. */
  readonly files: ReadonlyArray<LocalFile>
  /** Why a path is not copied. */
  readonly heldBack: ReadonlyMap<string, string>
}

export interface ListOptions {
  /** Absolute paths that are left out with all below them. */
  readonly never: ReadonlyArray<string>
  /** Sizes of files that retention removed, by path. */
  readonly purged: ReadonlyMap<string, number>
}

/** Everything below a directory. Fails where it is not there: an unmounted disk is no empty one. */
export const list = (root: string, options: ListOptions): Effect.Effect<Listing, StorageFailed> =>
  attempt("list", root, async () => {
    const found = newFound()
    await visit(root, "", options, found, true)
    return listing(root, found.paths, found.setAside, options)
  })

/** Of these paths, relative to the directory, the ones that are there. */
export const pick = (
  root: string,
  paths: ReadonlyArray<string>,
  options: ListOptions
): Effect.Effect<Listing, StorageFailed> =>
  attempt("list", root, async () => {
    const found = newFound()
    const folders = new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/") + 1)))
    for (const folder of folders) await visit(root, folder, options, found, false)
    const wanted = new Set(paths)
    return listing(
      root,
      found.paths.filter((path) => wanted.has(path)),
      found.setAside,
      options
    )
  })

/** Those that are still what they were. */
export const unchanged = (
  root: string,
  files: ReadonlyArray<LocalFile>
): Effect.Effect<ReadonlyArray<LocalFile>, StorageFailed> =>
  Effect.map(
    attempt("look at", root, () =>
      stamps(
        root,
        files.map(({ path }) => path)
      )
    ),
    (found) => {
      const now = new Map(found.map((file) => [file.path, file]))
      return files.filter((file) => isSame(file, now.get(file.path)))
    }
  )

export const isSame = (file: LocalFile, other: Omit<LocalFile, "path"> | undefined): boolean =>
  other !== undefined && file.size === other.size && file.modified === other.modified

export const totalSize = (files: ReadonlyArray<LocalFile>): number => files.reduce((sum, { size }) => sum + size, 0)

// -----------------------------------------------------------------------------

interface Found {
  readonly paths: Array<string>
  /** Names that files had before they were set aside. */
  readonly setAside: Set<string>
}

const newFound = (): Found => ({ paths: [], setAside: new Set() })

/** `below` is empty or ends with a slash. */
const visit = async (root: string, below: string, options: ListOptions, found: Found, deep: boolean): Promise<void> => {
  for (const entry of await readdir(`${root}/${below}`, { withFileTypes: true })) {
    const path = `${below}${entry.name}`
    if (entry.name.startsWith(".") || options.never.includes(`${root}/${path}`)) continue
    const former = /^(.+)\.unreadable-[^/]*$/.exec(path)?.[1]
    if (former !== undefined) found.setAside.add(former)
    else if (entry.isFile()) found.paths.push(path)
    else if (entry.isDirectory() && deep) await visit(root, `${path}/`, options, found, deep)
  }
}

const listing = async (
  root: string,
  paths: ReadonlyArray<string>,
  setAside: ReadonlySet<string>,
  { purged }: ListOptions
): Promise<Listing> => {
  const found = await stamps(root, paths.toSorted())
  const heldBack = new Map<string, string>()
  for (const { path, size } of found) {
    const whole = purged.get(path)
    if (setAside.has(path)) heldBack.set(path, "its former content was set aside as unreadable")
    else if (whole !== undefined && size < whole) heldBack.set(path, "retention removed a larger one of this name")
    else if (/[\r\n]/.test(path)) heldBack.set(path, "its name holds a line break")
  }
  return { files: found.filter(({ path }) => !heldBack.has(path)), heldBack }
}

/** Paths that are no files any more are left out. A few at a time: a station's disk is slow. */
const stamps = async (root: string, paths: ReadonlyArray<string>): Promise<ReadonlyArray<LocalFile>> => {
  const found: Array<LocalFile> = []
  for (let k = 0; k < paths.length; k += 32) {
    const some = await Promise.all(
      paths.slice(k, k + 32).map((path) =>
        stat(`${root}/${path}`).then(
          (status) => (status.isFile() ? [{ path, size: status.size, modified: status.mtimeMs }] : []),
          () => []
        )
      )
    )
    found.push(...some.flat())
  }
  return found
}

const attempt = <A>(operation: string, path: string, run: () => Promise<A>): Effect.Effect<A, StorageFailed> =>
  Effect.tryPromise({
    try: run,
    catch: asStorageFailed(operation, path)
  })
