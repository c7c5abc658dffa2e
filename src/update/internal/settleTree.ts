/**
 * Makes a whole directory tree durable: each file, then the directories from the inside out.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { open, readdir } from "node:fs/promises"
import { join } from "node:path"
import { asStorageFailed, type StorageFailed } from "../../domain/Refusal.js"

export const settleTree = (directory: string): Effect.Effect<void, StorageFailed> =>
  Effect.tryPromise({ try: () => settle(directory), catch: asStorageFailed("sync", directory) })

// ---------------------------------------------------------------------------------------------------------------------

/** Files at a time: the disk takes several, and handles are few. */
const together = 8

const settle = async (directory: string): Promise<void> => {
  const entries = await readdir(directory, { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(directory, name))
  for (let at = 0; at < files.length; at += together) await Promise.all(files.slice(at, at + together).map(sync))
  for (const entry of entries) if (entry.isDirectory()) await settle(join(directory, entry.name))
  await sync(directory)
}

const sync = async (path: string): Promise<void> => {
  const handle = await open(path, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
