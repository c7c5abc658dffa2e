/** How files of a dataset come to stand under their names: whole, synced, or not at all. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { rename } from "node:fs/promises"
import { dirname } from "node:path"
import { asStorageFailed, type StorageFailed } from "../../domain/Refusal.js"
import { type Disk, nodeDisk } from "../../journal/Disk.js"
import { timestampOf } from "../../journal/Journal.js"
import type { DirectorySync } from "./directorySync.js"

/** What a dataset asks of the operating system; fault tests give one that fails at a chosen call. */
export interface DatasetDisk extends Disk {
  /** Replaces what is there. Not yet durable. */
  readonly rename: (from: string, to: string) => Promise<void>
}

export const realDisk: DatasetDisk = { ...nodeDisk, rename }

export const attempt = <A>(operation: string, path: string, run: () => Promise<A>): Effect.Effect<A, StorageFailed> =>
  Effect.tryPromise({
    try: run,
    catch: asStorageFailed(operation, path)
  })

/** A file that was written under a name of its own is made durable and then takes the place of `path`. */
export const replace = (disk: DatasetDisk, beside: string, path: string): Effect.Effect<void, StorageFailed> =>
  attempt("replace", path, async () => {
    const file = await disk.open(beside)
    try {
      await disk.sync(file)
    } finally {
      await disk.close(file)
    }
    await disk.rename(beside, path)
    await disk.syncDirectory(dirname(path))
  }).pipe(Effect.uninterruptible)

/** A new file with this text. */
export const create = async (
  disk: DatasetDisk,
  directories: DirectorySync,
  beside: string,
  path: string,
  text: Buffer
): Promise<void> => {
  const file = await disk.open(beside)
  try {
    await disk.append(file, text, 0, text.length)
    await disk.sync(file)
  } finally {
    await disk.close(file)
  }
  await disk.rename(beside, path)
  await directories.sync(dirname(path))
}

/** Renames what can't be read to a name that is free; answers that name. */
export const setAside = (disk: DatasetDisk, path: string): Effect.Effect<string, StorageFailed> =>
  Effect.flatMap(Effect.clock, (clock) =>
    Effect.flatMap(clock.currentTimeMillis, (now) =>
      attempt("set aside", path, async () => {
        let target = `${path}.unreadable-${timestampOf(now)}`
        while (fs.existsSync(target)) target += "+"
        await disk.rename(path, target)
        await disk.syncDirectory(dirname(path))
        return target
      })
    )
  ).pipe(Effect.uninterruptible)

/** Removes files that an earlier life did not bring to an end. A directory that is not there has none. */
export const sweep = (
  disk: DatasetDisk,
  directory: string,
  isLeftover: (name: string) => boolean
): Effect.Effect<void, StorageFailed> =>
  Effect.flatMap(namesIn(directory), (names) =>
    Effect.forEach(
      names.filter(isLeftover),
      (name) => attempt("remove", `${directory}/${name}`, () => disk.remove(`${directory}/${name}`)),
      { discard: true }
    )
  )

/** Names in a directory; none where there is no such directory. */
export const namesIn = (directory: string): Effect.Effect<ReadonlyArray<string>, StorageFailed> =>
  attempt("list", directory, async () => {
    try {
      return await fs.promises.readdir(directory)
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return []
      throw cause
    }
  })
