/**
 * Vitest global set-up: the bin that the integration tests run is built before them, if a source is newer than it. Runs of
 * other tests alone do not wait for it.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))
/** The bin under test. */
export const bin = join(root, "dist/main.js")

const newest = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(ts|tsx|css|html|mjs)$/.test(file))
      .map((file) => statSync(join(folder, file)).mtimeMs)
  )

const isStale = () =>
  !existsSync(bin) || statSync(bin).mtimeMs < Math.max(newest(join(root, "src")), newest(join(root, "scripts")))

export default function setup(): void {
  const wanted = process.argv.filter((word) => word.startsWith("test/") || word.endsWith(".test.ts"))
  if (wanted.length > 0 && !wanted.some((pattern) => /integration|faults|conformance|ui|library/.test(pattern))) return
  if (!isStale()) return
  const { status, stderr } = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, encoding: "utf8" })
  if (status !== 0) throw new Error(`the build failed\n${stderr}`)
}
