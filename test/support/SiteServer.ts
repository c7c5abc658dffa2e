/** A server of the built bin on a site of its own, and requests to it that no client library has polished. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, existsSync } from "node:fs"
import * as http from "node:http"
import * as net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Running, start } from "./OutpostProcess.js"

const directories: Array<string> = []
const running: Array<Running> = []

/** An empty directory, removed by `cleanUp`. */
export const newDirectory = (): string => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "outpost-contract-")))
  directories.push(directory)
  return directory
}

/** Removes a directory that somebody writes into meanwhile. */
export const removeInUse = (directory: string): void => {
  const moved = `${newDirectory()}/moved`
  renameSync(directory, moved)
  rmSync(moved, { recursive: true })
}

/** Ends every server and removes every directory of this file. */
export const cleanUp = async (): Promise<void> => {
  for (const { child, ended } of running.splice(0)) {
    child.kill("SIGKILL")
    await ended
  }
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
}

export interface Reply {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
  readonly json: any
}

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly agent?: http.Agent
}

export interface SiteServer extends Running {
  readonly site: string
  readonly url: string
  readonly port: number
  /** One request, on a connection of its own unless an agent is given. */
  readonly call: (path: string, sent?: Sent) => Promise<Reply>
  /** A POST of JSON; a text is sent as it is. */
  readonly post: (path: string, body: unknown, headers?: Readonly<Record<string, string>>) => Promise<Reply>
  /** Sends bytes; answers what came back when the server closed, or when it was enough. */
  readonly wire: (bytes: string | Buffer, enough?: (received: string) => boolean) => Promise<string>
  /** Ends it at once, as a crash would. */
  readonly kill: () => Promise<void>
}

export interface ServeOptions {
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly under?: ReadonlyArray<string>
}

/** Starts the bin with `serve --idle`; it listens when this returns. */
export const serveWith = async (
  site: string,
  args: ReadonlyArray<string>,
  options: ServeOptions = {}
): Promise<SiteServer> => {
  const process = start(["serve", "--idle", ...args, ...(options.args ?? [])], options)
  running.push(process)
  const [, url = ""] = await process.prints(/^listening on (http:\S+)\n/)
  const kill = async () => {
    process.child.kill("SIGKILL")
    await process.ended
  }
  return { ...process, ...requestsTo(url), site, kill } satisfies SiteServer
}

/** On this site and a free port. */
export const serve = (site: string = newDirectory(), options: ServeOptions = {}): Promise<SiteServer> =>
  serveWith(site, ["--site", site, "--port", "0"], options)

/** Lines of all site files, in the order of the days. */
export const siteLines = (site: string): ReadonlyArray<string> =>
  (existsSync(site) ? readdirSync(site) : [])
    .filter((name) => /^site_\d{8}\.ndjson$/.test(name))
    .sort()
    .flatMap((name) => linesOf(join(site, name)))

/** The lines of a file; none where there is no file. What stands behind the last line end counts as one. */
export const linesOf = (path: string): ReadonlyArray<string> =>
  existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : []

// ------------------------------------------------------------------------------------------------------------------

const requestsTo = (url: string) => {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, "")
  const call = (path: string, { agent, body, headers, method = "GET" }: Sent = {}) =>
    new Promise<Reply>((resolve, reject) => {
      // The path is sent as it is: no URL is parsed.
      const request = http.request({ host, port, path, method, headers: { ...headers }, agent: agent ?? false })
      request.on("error", reject)
      request.on("response", (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", reject)
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8")
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) })
        })
      })
      request.end(body)
    })
  return {
    url,
    port: Number(port),
    call,
    post: (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body))
      return call(path, {
        method: "POST",
        headers: { "content-type": "application/json", "content-length": String(bytes.length), ...headers },
        body: bytes
      })
    },
    wire: (bytes: string | Buffer, enough: (received: string) => boolean = () => false) =>
      new Promise<string>((resolve) => {
        let received = ""
        const socket = net.connect(Number(port), host, () => socket.write(bytes))
        const done = () => {
          socket.destroy()
          resolve(received)
        }
        socket.on("data", (chunk) => {
          received += chunk.toString("utf8")
          if (enough(received)) done()
        })
        socket.on("close", done)
        socket.on("error", done)
      })
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
