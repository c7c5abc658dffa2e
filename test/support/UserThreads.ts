/** The program of a thread that runs a user's module, built from source; and modules of users, as files. */
import { build } from "esbuild"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, beforeAll } from "vitest"

const root = join(import.meta.dirname, "../..")

/** Built before the tests of a file, gone after them. */
export const userThreads = () => {
  const cache = join(root, "node_modules/.cache")
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, "outpost-threads-"))
  const entry = join(folder, "user.mjs")
  beforeAll(async () => {
    await build({
      absWorkingDir: root,
      entryPoints: [join(root, "src/ingest/worker/internal/user.worker.ts")],
      outfile: entry,
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      logLevel: "silent"
    })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return {
    entry: pathToFileURL(entry),
    /** A module with this text; its path. */
    module: (name: string, text: string): string => {
      const file = join(folder, `${name}.mjs`)
      writeFileSync(file, text)
      return file
    }
  }
}
