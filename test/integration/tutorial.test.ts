/** What the manual shows, as a reader copies it into a shell: every `sh` block of a page, in order, on the built bin. */
import { assert, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach } from "vitest"
import { bin } from "../support/buildOnce.js"

const blocksOf = (page: string) => {
  const text = readFileSync(join(import.meta.dirname, "../../docs", page), "utf8")
  return [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = ""]) => block)
}

const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(OUTPOST_|PANOPTES_|DCCD_|NO_COLOR|FORCE_COLOR)/.test(name))
)

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === "object" && address !== null ? address.port : 0
}

/** An empty directory with `outpost` in the path, on a port of its own. */
const reader = async () => {
  const directory = mkdtempSync(join(tmpdir(), "outpost-manual-"))
  const port = await freePort()
  const programs = join(directory, "bin")
  for (const name of [programs, join(directory, "night")]) mkdirSync(name)
  writeFileSync(join(programs, "outpost"), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`)
  chmodSync(join(programs, "outpost"), 0o755)

  const bash = async (script: string) => {
    const child = spawn(
      "bash",
      ["-e", "-o", "pipefail", "-c", script.replaceAll("127.0.0.1:6562", `127.0.0.1:${port}`)],
      {
        cwd: join(directory, "night"),
        env: { ...environment, PATH: `${programs}:${process.env["PATH"]}`, OUTPOST_PORT: String(port) }
      }
    )
    const printed = { out: "", err: "" }
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.out += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.err += text))
    const [code] = await once(child, "close")
    return { ...printed, code }
  }
  leave.push(async () => {
    await bash("outpost stop || true")
    rmSync(directory, { recursive: true, force: true })
  })
  return bash
}

const leave: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const step of leave.splice(0)) await step()
})

const pages: ReadonlyArray<readonly [string, ReadonlyArray<RegExp>]> = [
  [
    "tutorial.md",
    [
      /stored weather with number \d+/,
      /"type":"dome","data":\{"open":true\}/,
      /^run 001 started in /m,
      /^run 001 stopped$/m,
      /^telemetry\.ndjson$/m,
      /"data":\{"n":2,"seconds":30\}/,
      /^wind: \[4\.2\]$/m,
      // After kill -9: the run goes on with its notes and its values, and everything is whole.
      /meta\.field +"M31"/,
      /"wind": 6\.1/,
      /: all is well/,
      /^run 002 stopped$/m,
      /^ +every: 1s$/m,
      /procedures\.system-checks\.every: expected a duration/,
      /^valid$/m,
      /^401\n200$/m,
      /^stopped http/m
    ]
  ],
  ["guarantees.md", [/\.ndjson\.torn-/, /"type":"journal\.torn"/, /^repaired .* set aside as /m, /^stopped http/m]]
]

it.each(pages)("%s does what it says", { timeout: 600_000 }, async (page, expected) => {
  const bash = await reader()
  const { code, err, out } = await bash(blocksOf(page).join("\n"))
  assert.strictEqual(code, 0, `${out}\n${err}`)
  for (const what of expected) assert.match(out, what)
})
