// Runs every benchmark in turn, or those named: `npm run bench -- http store`.
import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
const wanted = process.argv.slice(2)
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.replace(".bench.ts", ""))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
let failed = 0
for (const name of names) {
  console.log(`\n## ${name}\n`)
  const { status } = spawnSync("npx", ["tsx", `bench/${name}.bench.ts`], {
    stdio: "inherit",
    cwd: `${import.meta.dirname}/..`
  })
  if (status !== 0) failed++
}
process.exit(failed === 0 ? 0 : 1)
