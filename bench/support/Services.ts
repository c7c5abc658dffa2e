/** Servers of peers, each private to one measurement: an own directory, an own address, every commit on the device. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { dirname, join } from "node:path"

export interface Service {
  readonly url: string
  /** What it says of how durable a commit is. */
  readonly durability: string
  readonly stop: () => Promise<void>
}

/** PostgreSQL on a socket in its own directory, `fsync` and `synchronous_commit` on; undefined where it is not installed. */
export const postgres = async (directory: string): Promise<Service | undefined> => {
  const programs = ["/usr/lib/postgresql", "/usr/local/pgsql"].flatMap((root) =>
    existsSync(root)
      ? ["bin", ...readdirSync(root).map((version) => join(version, "bin"))].map((bin) => join(root, bin))
      : []
  )
  const bin = programs.find((path) => existsSync(join(path, "initdb")))
  if (bin === undefined) return undefined
  const data = join(directory, "data")
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  const user = unprivileged()
  if (user !== undefined) {
    chmodSync(dirname(directory), 0o711)
    chownSync(directory, user.uid, user.gid)
  }
  const command = (program: string, ...args: ReadonlyArray<string>) =>
    user === undefined
      ? [join(bin, program), ...args]
      : ["runuser", "-u", "postgres", "--", join(bin, program), ...args]
  const [initdb = "", ...initArgs] = command("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync")
  const made = spawnSync(initdb, initArgs, { encoding: "utf8", cwd: "/" })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const settings = ["fsync=on", "synchronous_commit=on", "listen_addresses=", `unix_socket_directories=${directory}`]
  const [program = "", ...args] = command("postgres", "-D", data, ...settings.flatMap((setting) => ["-c", setting]))
  const child = spawn(program, args, { cwd: "/", stdio: ["ignore", "ignore", "pipe"] })
  await said(child, /ready to accept connections/)
  return {
    url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(directory)}`,
    durability: "fsync on, synchronous_commit on",
    // At once, without a last checkpoint: nobody will look at it again.
    stop: () =>
      ended(child, () =>
        process.kill(Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]), "SIGQUIT")
      )
  }
}

/** Redis on a free port of the loopback, `appendfsync always`; undefined where it is not installed. */
export const redis = async (directory: string): Promise<Service | undefined> => {
  if (spawnSync("redis-server", ["--version"]).status !== 0) return undefined
  mkdirSync(directory, { recursive: true })
  const port = await freePort()
  const config = join(directory, "redis.conf")
  writeFileSync(
    config,
    `port ${port}\nbind 127.0.0.1\ndir ${directory}\nsave ""\nappendonly yes\nappendfsync always\nmaxmemory-policy noeviction\n`
  )
  const child = spawn("redis-server", [config], { stdio: ["ignore", "pipe", "inherit"] })
  await said(child, /Ready to accept connections/)
  return {
    url: `redis://127.0.0.1:${port}`,
    durability: "appendonly yes, appendfsync always",
    stop: () => ended(child, () => child.kill("SIGKILL"))
  }
}

// -----------------------------------------------------------------------------

/** Postgres refuses to run as root: who has its rights to give away. */
const unprivileged = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout)
  return { uid: id("-u"), gid: id("-g") }
}

const said = (child: ChildProcess, words: RegExp): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = ""
    const hear = (chunk: Buffer) => {
      text += chunk
      if (words.test(text)) resolve()
    }
    child.stdout?.on("data", hear)
    child.stderr?.on("data", hear)
    child.once("exit", (code) => reject(new Error(`${child.spawnfile} ended with ${code}\n${text}`)))
  })

const ended = (child: ChildProcess, end: () => void): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once("exit", () => resolve())
    end()
  })

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
