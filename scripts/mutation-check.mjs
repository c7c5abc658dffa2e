// Tests the fault suite itself: breaks a promise of the journal on purpose, in a copy of the source, and demands that the
// suite notices. `node scripts/mutation-check.mjs`; docs/guarantees.md says what it shows.
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")

/** Random histories and power cuts; what they can't see is left to the tests of the part. */
const faults = ["test/faults/histories.test.ts", "test/faults/power.test.ts"]

/** Each replaces `find` by `put` in a file; `find` must stand there exactly once. One of the `tests` must then fail. */
const mutations = [
  {
    name: "no fdatasync after the write",
    file: "src/journal/AppendFile.ts",
    find: '      await this.disk.sync(this.file)\n    } catch (cause) {\n      throw new DiskFailure("fdatasync"',
    put: '    } catch (cause) {\n      throw new DiskFailure("fdatasync"'
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
    name: "a failed batch is not cut off",
    file: "src/journal/AppendFile.ts",
    find: "this.suspect && same ? this.durable : undefined",
    put: "undefined"
  },
  {
    name: "a batch goes on while files beside it hold a failed one",
    file: "src/journal/GroupCommit.ts",
    find: "const mended = this.trouble.mend(targets)",
    put: "const mended = undefined",
    tests: ["test/journal"]
  },
  {
    name: "a torn tail is not set aside at a start",
    file: "src/telemetry/internal/recovery.ts",
    find: "  const whole = lastWhole(path, from, size, full)\n",
    put: "  const whole = lastWhole(path, from, size, full) > 0 ? size : size\n",
    tests: ["test/faults/damage.test.ts"]
  },
  {
    name: "lines read back are not synced",
    file: "src/telemetry/internal/recovery.ts",
    find: "    await file.sync(0)\n",
    put: "",
    tests: ["test/telemetry/Recovery.test.ts"]
  },
  {
    name: "exceptions are not durable before their lines",
    file: "src/telemetry/internal/eventLog.ts",
    find: "asidePath(this.generation), true)",
    put: "asidePath(this.generation), false)"
  },
  {
    name: "the record of a run's end is made durable before the events of the run",
    file: "src/telemetry/internal/eventLog.ts",
    find: "commit.put(commit.file(recordPath), record)",
    put: "commit.put(commit.file(recordPath, true), record)",
    tests: ["test/telemetry/Recovery.test.ts"]
  },
  {
    name: "the record of runs is not synced before it counts",
    file: "src/run/RunContext.ts",
    find: "      await file.sync(0)\n",
    put: ""
  },
  {
    name: "what is only current counts behind a number that is missing",
    file: "src/telemetry/internal/exceptions.ts",
    find: "      if (seq > last + 1) break\n",
    put: ""
  },
  {
    name: "exceptions of earlier checkpoints count again",
    file: "src/telemetry/internal/exceptions.ts",
    find: "      if (generation < from) continue\n",
    put: ""
  },
  {
    name: "a checkpoint does not wait for exceptions under way",
    file: "src/telemetry/internal/checkpoint.ts",
    find: "    yield* settled\n",
    put: "",
    tests: ["test/telemetry/Recovery.test.ts"]
  },
  {
    name: "exceptions are forgotten before their lines are saved",
    file: "src/telemetry/internal/exceptions.ts",
    find: "if (seq < firstUnsaved(stream)) ",
    put: ""
  },
  {
    name: "the active run is not taken over at a start",
    file: "src/telemetry/internal/openLog.ts",
    find: "        active: runs.active && {",
    put: "        active: undefined && {"
  }
]

/** Each mutation has its place: as a test of every run, so that the source can't move away from under them. */
if (process.argv.includes("--places")) {
  const lost = mutations.filter(({ file, find }) => readFileSync(join(root, file), "utf8").split(find).length !== 2)
  for (const { file, name } of lost) console.error(`${name}: its place in ${file} has changed`)
  process.exit(lost.length === 0 ? 0 : 1)
}

const check = (mutation) => {
  const copy = mkdtempSync(join(tmpdir(), "outpost-mutant-"))
  try {
    for (const name of ["src", "test", "package.json", "tsconfig.json"])
      cpSync(join(root, name), join(copy, name), { recursive: true })
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
    writeFileSync(join(copy, "vitest.config.ts"), "export default { test: { testTimeout: 300000, bail: 1 } }\n")
    if (mutation !== undefined) {
      const path = join(copy, mutation.file)
      const source = readFileSync(path, "utf8")
      if (source.split(mutation.find).length !== 2)
        throw new Error(`${mutation.name}: its place in ${mutation.file} has changed`)
      writeFileSync(path, source.replace(mutation.find, mutation.put))
    }
    const { status, stderr, stdout } = spawnSync("npx", ["vitest", "run", ...(mutation?.tests ?? faults)], {
      cwd: copy,
      encoding: "utf8",
      env: { ...process.env, OUTPOST_FAULT_ROUNDS: "150", NO_COLOR: "1" },
      timeout: 600_000
    })
    if (mutation === undefined && status !== 0) console.log(stdout + stderr)
    return { failed: status !== 0, by: /FAIL\s+(.*)/.exec(stdout + stderr)?.[1] ?? "" }
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
