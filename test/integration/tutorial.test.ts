/** The tutorial, as a reader copies it into a shell: every `sh` block, in order, on the built bin. */
import { assert, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { bin } from "../support/buildOnce.js"

const page = readFileSync(join(import.meta.dirname, "../../docs/tutorial.md"), "utf8")
const blocks = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text = ""]) => text)

const directory = mkdtempSync(join(tmpdir(), "outpost-tutorial-"))
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

/** Runs the script in the directory, with `outpost` in the path. */
const bash = async (script: string, port: number) => {
  const path = `${join(directory, "bin")}:${process.env["PATH"]}`
  const child = spawn("bash", ["-e", "-o", "pipefail", "-c", script], {
    cwd: join(directory, "night"),
    env: { ...environment, PATH: path, OUTPOST_PORT: String(port) }
  })
  const printed = { out: "", err: "" }
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.out += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.err += text))
  const [code] = await once(child, "close")
  return { ...printed, code }
}

let port = 0
afterAll(async () => {
  await bash("outpost stop || true", port)
  rmSync(directory, { recursive: true, force: true })
})

it("runs as it is written", { timeout: 120_000 }, async () => {
  port = await freePort()
  for (const name of ["bin", "night"]) mkdirSync(join(directory, name))
  const shim = join(directory, "bin/outpost")
  writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`)
  chmodSync(shim, 0o755)

  assert.isAbove(blocks.length, 15)
  const { code, err, out } = await bash(blocks.join("\n").replaceAll("127.0.0.1:6562", `127.0.0.1:${port}`), port)
  assert.strictEqual(code, 0, `${out}\n${err}`)

  const said = (what: RegExp) => assert.match(out, what)
  said(/stored weather with number \d+/)
  said(/"type":"dome","data":\{"open":true\}/)
  said(/^run 001 started in /m)
  said(/^run 001 stopped$/m)
  said(/^telemetry\.ndjson$/m)
  said(/"data":\{"n":2,"seconds":30\}/)
  said(/^wind: \[4\.2\]$/m)
  // After kill -9: the run goes on with its notes and its values, and everything is whole.
  said(/meta\.field +"M31"/)
  said(/"wind": 6\.1/)
  said(/: all is well/)
  said(/^run 002 stopped$/m)
  said(/procedures\.system-checks\.every: expected a duration/)
  said(/^valid$/m)
  said(/^401\n200$/m)
  said(/^stopped http/m)
})
