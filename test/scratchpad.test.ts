/** The programs of the scratchpad teach: each must run as it is, by itself and to its end. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")
const programs = readdirSync(join(root, "scratchpad")).filter((file) => /^\d\d-.*\.ts$/.test(file))

it("there are some, each short", () => {
  assert.isAtLeast(programs.length, 3)
  const lines = (file: string) =>
    readFileSync(join(root, "scratchpad", file), "utf8")
      .trimEnd()
      .split("\n").length
  assert.deepStrictEqual(
    programs.filter((file) => lines(file) >= 60),
    []
  )
})

describe.each(programs)("scratchpad/%s", (file) => {
  it("runs to its end and says something", { timeout: 130_000 }, () => {
    const { status, stderr, stdout } = spawnSync(process.execPath, ["--import", "tsx", join("scratchpad", file)], {
      cwd: root,
      encoding: "utf8",
      timeout: 120_000
    })
    assert.strictEqual(status, 0, stderr)
    assert.notStrictEqual(stdout.trim(), "")
  })
})
