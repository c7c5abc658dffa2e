// Runs Effect's own diagnostics (floating effects, missing `yield*`, ...). They exit 0 as well when they looked at nothing,
// so this passes only where files were checked and no error was found.
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const project = process.argv[2] ?? "tsconfig.json"
// Fetched when asked for: not all of its platform packages are in every registry, which `npm ci` does not forgive.
const { status, stdout, stderr, error } = spawnSync(
  "npx",
  ["--yes", "--package", "@effect/tsgo@0.45.0", "effect-tsgo", "diagnostics", "--project", project, "--format", "text"],
  { cwd: root, encoding: "utf8" }
)
if (error !== undefined) throw error
const text = `${stdout}${stderr}`.trim()
console.log(text)
const checked = Number(/Checked (\d+) file/.exec(text)?.[1] ?? 0)
const errors = Number(/(\d+) errors?\b/.exec(text)?.[1] ?? Number.NaN)
const problem =
  checked === 0
    ? "no file was checked"
    : errors !== 0
      ? `${errors} errors`
      : status !== 0
        ? `exit code ${status}`
        : undefined
if (problem !== undefined) {
  console.error(`effect-check: ${problem}`)
  process.exit(1)
}
