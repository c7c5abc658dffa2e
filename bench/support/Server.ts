/** A server under measurement: its process, address, and what it has used of the processor. */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Server {
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly directory: string
  readonly stop: () => Promise<void>
  readonly kill: () => Promise<void>
}

export const root = join(import.meta.dirname, "../..")

export const temporary = (name: string): string =>
  mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), `outpost-bench-${name}-`))

const ended = (child: ChildProcess) =>
  new Promise<void>((resolve) =>
    child.exitCode !== null || child.signalCode !== null ? resolve() : child.once("exit", () => resolve())
  )

export const start = (name: string, command: ReadonlyArray<string>, directory: string, keep = false): Promise<Server> =>
  new Promise((resolve, reject) => {
    const [program = "", ...args] = command
    const child = spawn(program, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, OUTPOST_LOG_LEVEL: "warning" }
    })
    let said = ""
    const hear = (chunk: Buffer) => {
      said += chunk
      const url = /listening on (http:\/\/\S+)/.exec(said)?.[1]
      if (url === undefined) return
      child.stdout.off("data", hear)
      child.stdout.resume()
      const end = async (signal: NodeJS.Signals) => {
        child.kill(signal)
        await ended(child)
        if (!keep) rmSync(directory, { recursive: true, force: true })
      }
      resolve({ name, url, pid: child.pid ?? 0, directory, stop: () => end("SIGTERM"), kill: () => end("SIGKILL") })
    }
    child.stdout.on("data", hear)
    child.stderr.on("data", (chunk) => (said += chunk))
    child.once("exit", (code) => reject(new Error(`${name} ended with ${code}\n${said}`)))
  })

export const outpost = (
  options: { directory?: string; flags?: ReadonlyArray<string>; keep?: boolean } = {}
): Promise<Server> => {
  if (!existsSync(join(root, "dist/main.js"))) throw new Error("build first: npm run build")
  const directory = options.directory ?? temporary("site")
  return start(
    "outpost",
    [process.execPath, "dist/main.js", "serve", "--idle", "--site", directory, "--port", "0", ...(options.flags ?? [])],
    directory,
    options.keep
  )
}

export const bare = (): Promise<Server> => {
  const directory = temporary("bare")
  return start(
    "bare node:http",
    [process.execPath, "bench/peers/bare-server.mjs", join(directory, "events.ndjson")],
    directory
  )
}

/** User and system time of a process and its threads so far, in microseconds. */
export const cpuMicros = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** Resident memory, in MB. */
export const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024
