import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import * as Completions from "../../src/cli/Completions.js"
import * as Globals from "../../src/cli/Globals.js"
import * as Outpost from "../../src/cli/Outpost.js"
import { CommandLine, layer } from "../support/CommandLine.js"

const has = (shell: string) => spawnSync(shell, ["--version"]).status === 0
const script = (shell: Completions.Shell) => Completions.script(shell, Outpost.root, Globals.shapes)

/** What bash would offer with the cursor behind the last word. */
const offered = (...words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const program = [
    script("bash"),
    `COMP_WORDS=(outpost ${words.map((word) => `'${word}'`).join(" ")})`,
    `COMP_CWORD=${words.length}`,
    "_outpost",
    'printf "%s\\n" "${COMPREPLY[@]}"'
  ].join("\n")
  const { stdout } = spawnSync("bash", ["-c", program], { encoding: "utf8", cwd: "/" })
  return stdout.trim().split("\n")
}

describe.skipIf(!has("bash"))("bash", () => {
  const cases: ReadonlyArray<readonly [ReadonlyArray<string>, ReadonlyArray<string>]> = [
    [["sta"], ["status", "state"]],
    [
      ["run", "st"],
      ["start", "stop"]
    ],
    [["--site", "run", "run", "l"], ["list"]],
    [
      ["run", "start", "--m"],
      ["--meta", "--meta-json"]
    ],
    [
      ["export", "--format", ""],
      ["ndjson", "csv", "parquet"]
    ],
    [
      ["outbox", "export", "--format", ""],
      ["ndjson", "csv"]
    ],
    [["--json", "status", "--log-level", "d"], ["debug"]],
    [["actor", "restart", "--u"], ["--url"]],
    [["event", "list", "--site", "/et"], ["/etc"]],
    [["backfill", "c"], ["cancel"]],
    [["backfill", "--res"], ["--resume"]],
    [["backfill", "show", "--f"], ["--failed"]]
  ]
  for (const [words, expected] of cases) {
    it(words.join(" "), () => assert.deepStrictEqual(offered(...words), expected))
  }
})

describe("every shell's script", () => {
  for (const shell of Completions.shells) {
    it.skipIf(!has(shell))(`${shell} finds no fault with it`, () => {
      const { status, stderr } = spawnSync(shell, ["-n"], { input: script(shell), encoding: "utf8" })
      assert.deepStrictEqual([status, stderr], [0, ""])
    })
  }

  it.effect("is printed by the command, and no other is", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      for (const shell of Completions.shells) {
        assert.strictEqual((yield* line.run(["completions", shell])).out, `${script(shell)}\n`)
      }
      const { code, err } = yield* line.run(["completions", "tcsh"])
      assert.strictEqual(code, 2)
      assert.match(err, /bash, zsh, fish/)
      assert.deepStrictEqual(line.connects, [])
    }).pipe(Effect.provide(layer))
  )
})
