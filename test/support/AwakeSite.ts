/** A site whose procedures run: the built bin on a directory of its own, and what is known of it from outside. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Running, start } from "./OutpostProcess.js"
import { newDirectory, siteLines } from "./SiteServer.js"

export interface ProcedureEntry {
  readonly name: string
  readonly status: string
  readonly reason: string | null
  readonly restarts: number
  readonly runs: number
  readonly overruns: number
  readonly exit: { readonly code: number | null; readonly signal: string | null } | null
  readonly last_error: string | null
  readonly progress: unknown
  readonly dropped_lines: number
  readonly refused_lines: number
}

export interface AwakeSite extends Running {
  readonly site: string
  readonly url: string
  readonly json: (path: string, init?: RequestInit) => Promise<any>
  readonly procedure: (name: string) => Promise<ProcedureEntry>
  /** The site's events of a type. */
  readonly events: (type: string) => ReadonlyArray<{ readonly type: string; readonly data: any }>
  /** The lines of the log. */
  readonly log: () => Promise<string>
  /** Outpost's own events of a type. */
  readonly system: (type: string) => Promise<ReadonlyArray<{ readonly data: any }>>
  /** Asks again until it holds. */
  readonly until: (what: string, holds: () => boolean | Promise<boolean>, within?: number) => Promise<void>
  readonly stop: () => Promise<void>
}

const running: Array<Running> = []

/** Ends the servers of this file. */
export const endAll = async (): Promise<void> => {
  for (const { child, ended } of running.splice(0)) {
    child.kill("SIGKILL")
    await ended
  }
}

export const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const write = (site: string, procedures: object, more: object = {}) => {
  const config = { procedures: { "system-checks": { enabled: false }, ...procedures }, ...more }
  writeFileSync(join(site, "outpost.yaml"), JSON.stringify(config))
}

/** Gives a site that runs other procedures. */
export const reconfigure = async ({ site }: AwakeSite, procedures: object): Promise<void> => write(site, procedures)

/** Serves a site with these procedures and no others; a site that is given is served again. */
export const serve = async (procedures: object, site = newDirectory(), more: object = {}): Promise<AwakeSite> => {
  write(site, procedures, more)
  const process = start(["serve", "--site", site, "--port", "0"])
  running.push(process)
  const [, url = ""] = await process.prints(/^listening on (http:\S+)\n/)
  const json = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).json() as Promise<any>
  const until: AwakeSite["until"] = async (what, holds, within = 120_000) => {
    for (const end = Date.now() + within; Date.now() < end; await pause(50)) if (await holds()) return
    throw new Error(`it did not come to this: ${what}\n${process.printed.err.slice(-4_000)}`)
  }
  return {
    ...process,
    site,
    url,
    json,
    until,
    procedure: (name) => json(`/procedures/${name}`),
    events: (type) =>
      siteLines(site)
        .map((line) => JSON.parse(line) as { readonly type: string; readonly data: any })
        .filter((event) => event.type === type),
    log: async () => (await fetch(`${url}/logs/lines?tail=2000`)).text(),
    system: async (type) => (await json(`/events?stream=system&type=${type}&limit=100`)).events,
    stop: async () => {
      process.child.kill("SIGTERM")
      await process.ended
    }
  }
}

/** Ids of living processes that bear a text in their environment. */
export const processesOf = (text: string): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const state = /\) (\S)/.exec(read(`/proc/${pid}/stat`))?.[1] ?? "X"
      return !"ZX".includes(state) && read(`/proc/${pid}/environ`).includes(text)
    })
    .map(Number)

/** Ids of the small processes that watch over the commands of a site, told from the marks of its commands. */
export const guards = (text: string): ReadonlyArray<number> => {
  const marks = processesOf(text).flatMap((pid) => /OUTPOST_RUN_ID=[\w-]+/.exec(read(`/proc/${pid}/environ`)) ?? [])
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => marks.some((mark) => read(`/proc/${pid}/cmdline`).includes(mark)))
    .map(Number)
}

/** As `ps` shows it. */
export const commandLine = (pid: number): string => read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")

const read = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}
