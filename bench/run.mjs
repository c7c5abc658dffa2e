// Runs every benchmark in turn, or those named: `npm run bench -- http store`.
import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"

const directory = import.meta.dirname

/** What measures code in its own process runs it as it is shipped: bundled, without what tsx adds to each function. */
const inProcess = new Set([
  "backfill",
  "queues",
  "store",
  "frames",
  "ingest",
  "pipeline",
  "assignments",
  "outbox",
  "procedures",
  "uplink"
])

const commandOf = async (name) => {
  const source = join(directory, `${name}.bench.ts`)
  if (!inProcess.has(name)) return ["npx", ["tsx", source]]
  const outfile = join(directory, ".build", `${name}.mjs`)
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20"
  })
  return [process.execPath, [outfile]]
}

const wanted = process.argv.slice(2)
const names = readdirSync(directory)
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.replace(".bench.ts", ""))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
let failed = 0
for (const name of names) {
  console.log(`\n## ${name}\n`)
  const [program, args] = await commandOf(name)
  const { status } = spawnSync(program, args, { stdio: "inherit", cwd: join(directory, "..") })
  if (status !== 0) failed++
}
process.exit(failed === 0 ? 0 : 1)
