// Tests the fault suite itself: breaks a promise of the journal on purpose, in a copy of the source, and demands that the
// suite notices. `node scripts/mutation-check.mjs`; docs/guarantees.md says what it shows.
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")

/** Each replaces `find` by `put` in a file; `find` must stand there exactly once. */
const mutations = [
  {
    name: "no fdatasync after the write",
    file: "src/journal/AppendFile.ts",
    find: "      await this.disk.sync(this.file)\n    } catch (cause) {\n      throw new DiskFailure(\"fdatasync\"",
    put: "    } catch (cause) {\n      throw new DiskFailure(\"fdatasync\""
  },
  {
    name: "answer before the commit",
    file: "src/journal/GroupCommit.ts",
    find: "      this.options.onSwap?.(batch)\n",
    put: "      this.options.onSwap?.(batch)\n      batch.settle(undefined)\n"
  },
  {
    name: "new names are not synced",
    file: "src/journal/AppendFile.ts",
    find: "      await this.disk.syncDirectory(directory)\n",
    put: ""
  },
  {
    name: "numbers are not taken back after a failure",
    file: "src/telemetry/internal/eventLog.ts",
    find: "        this.position = { ...this.durable }\n",
    put: ""
  },
  {
    name: "a torn tail is not set aside",
    file: "src/telemetry/internal/recovery.ts",
    find: "    await file.cut(whole)\n",
    put: ""
  }
]

const tests = ["test/faults/power.test.ts", "test/telemetry", "test/journal"]

const check = (mutation) => {
  const copy = mkdtempSync(join(tmpdir(), "outpost-mutant-"))
  try {
    for (const name of ["src", "test", "package.json", "tsconfig.json"]) cpSync(join(root, name), join(copy, name), { recursive: true })
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
    writeFileSync(join(copy, "vitest.config.ts"), "export default { test: { testTimeout: 300000, bail: 1 } }\n")
    if (mutation !== undefined) {
      const path = join(copy, mutation.file)
      const source = readFileSync(path, "utf8")
      if (source.split(mutation.find).length !== 2) throw new Error(`${mutation.name}: its place in ${mutation.file} has changed`)
      writeFileSync(path, source.replace(mutation.find, mutation.put))
    }
    const { status, stdout } = spawnSync("npx", ["vitest", "run", ...tests], {
      cwd: copy,
      encoding: "utf8",
      env: { ...process.env, OUTPOST_FAULT_ROUNDS: "60", NO_COLOR: "1" },
      timeout: 600_000
    })
    if (mutation === undefined && status !== 0) console.log(stdout)
    return { failed: status !== 0, by: /FAIL\s+(.*)/.exec(stdout)?.[1] ?? "" }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

let wrong = 0
const report = (name, caught, by) => {
  console.log(`${caught ? "ok  " : "FAIL"} ${name}${by === "" ? "" : `: ${by}`}`)
  if (!caught) wrong++
}
const sound = check(undefined)
report("the source as it is passes", !sound.failed, sound.by)
for (const mutation of mutations) {
  const { by, failed } = check(mutation)
  report(mutation.name, failed, by)
}
process.exit(wrong === 0 ? 0 : 1)
