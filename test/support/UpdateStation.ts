/** A station under the built launcher, with releases in a directory beside it; killed as a power cut would. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bin } from "./buildOnce.js"
import { archiveWith } from "./UpdateSite.js"
import { keys } from "./ReleaseMaker.js"

/** What a fake release does once it is served. */
export type Manner = "good" | "crashes" | "hangs" | "silent"

/** A release that passes its self-test, and then behaves as is said; a good one says itself that it is healthy. */
export const release = (manner: Manner, version: string): Buffer =>
  archiveWith(`
import { appendFileSync } from "node:fs"
const args = process.argv.slice(2)
if (args[0] === "serve") {
  if (${JSON.stringify(manner)} === "crashes") process.exit(1)
  const site = args[args.indexOf("--site") + 1]
  const end = () => process.exit(0)
  if (${JSON.stringify(manner)} === "hangs") process.on("SIGTERM", () => {})
  else {
    process.on("SIGTERM", end)
    process.stdin.on("end", end).resume()
  }
  console.log("listening on ${version}")
  setInterval(() => {}, 1000)
  if (${JSON.stringify(manner)} === "good")
    setTimeout(() => {
      const note = (step) => appendFileSync(site + "/.outpost/update.jsonl", JSON.stringify({ at: new Date().toISOString(), ...step }) + "\\n")
      note({ step: "healthy" })
      note({ step: "pruned", versions: [] })
    }, 300)
}
`)

interface Line {
  readonly step: string
  readonly reason?: string
  readonly detail?: string
}

export class UpdateStation {
  readonly site: string
  readonly offers: string
  printed = ""
  said = ""
  private launcher: ChildProcess | undefined

  constructor(
    readonly base: string = mkdtempSync(join(tmpdir(), "outpost-station-")),
    options: { readonly trial?: string; readonly more?: string; readonly procedures?: object } = {}
  ) {
    this.site = join(base, "site")
    this.offers = join(base, "offers")
    mkdirSync(this.site, { recursive: true })
    mkdirSync(this.offers, { recursive: true })
    writeFileSync(
      join(this.site, "outpost.yaml"),
      `procedures: ${JSON.stringify({ "system-checks": { enabled: false }, ...options.procedures })}
update:
  source: { use: file, settings: { directory: ${JSON.stringify(this.offers)} } }
  keys: [${JSON.stringify(keys.publicKey)}]
  trial: ${options.trial ?? "15s"}
${options.more ?? ""}`
    )
  }

  /** With port 0 each version has one of its own. */
  start(port = 0): void {
    this.printed = ""
    const { OUTPOST_FAULT_ROUNDS: _, ...env } = process.env
    const launcher = join(bin, "../launcher.js")
    const child = spawn(process.execPath, [launcher, "--site", this.site, "--port", String(port)], { env })
    child.stdout.setEncoding("utf8").on("data", (text: string) => (this.printed += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.said += text))
    this.launcher = child
  }

  /** As a service manager stops it; answers how the launcher has ended. */
  async stop(): Promise<number | null> {
    const launcher = this.launcher
    if (launcher === undefined) return null
    launcher.kill("SIGTERM")
    const [code] = (await once(launcher, "close")) as [number | null]
    this.launcher = undefined
    return code
  }

  /** The launcher and all below it are gone at once. */
  cut(): void {
    const pid = this.launcher?.pid
    if (pid === undefined) return
    const family = [pid, ...descendants(pid)]
    for (const one of family) kill(one)
    this.launcher = undefined
  }

  /** Ends everything and takes the directories away. */
  async close(): Promise<void> {
    this.cut()
    await wait(50)
    rmSync(this.base, { recursive: true, force: true })
  }

  journal(): ReadonlyArray<Line> {
    const path = join(this.site, ".outpost/update.jsonl")
    if (!existsSync(path)) return []
    return readFileSync(path, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  }

  steps(): ReadonlyArray<string> {
    return this.journal().map(({ step }) => step)
  }

  current(): string | null {
    const link = join(this.site, ".outpost/versions/current")
    try {
      return readlinkSync(link)
    } catch {
      return null
    }
  }

  /** Waits until something holds, looking often. */
  async until(what: string, holds: () => boolean, millis = 120_000, every = 20): Promise<void> {
    const end = Date.now() + millis
    while (!holds()) {
      if (Date.now() > end)
        throw new Error(
          `not ${what} within ${millis} ms; journal: ${this.steps().join(" ")}; said: ${this.said.slice(-2000)}`
        )
      await wait(every)
    }
  }

  listens(): Promise<void> {
    return this.until("listening", () => /listening on/.test(this.printed))
  }

  /** Asks the server that runs. */
  async ask(
    method: "GET" | "POST",
    path: string
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const { token, url } = JSON.parse(readFileSync(join(this.site, ".outpost/server.json"), "utf8")) as {
      readonly url: string
      readonly token: string
    }
    const answer = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}` } })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
}

export const wait = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It is gone.
  }
}

const descendants = (pid: number): ReadonlyArray<number> => {
  const { stdout } = spawnSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" })
  const rows = stdout
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number))
  const below = (parent: number): ReadonlyArray<number> =>
    rows.flatMap(([child = 0, above]) => (above === parent ? [child, ...below(child)] : []))
  return below(pid)
}
