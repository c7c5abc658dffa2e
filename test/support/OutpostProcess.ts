/** Runs the built bin as users do, in processes of its own. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { bin } from "./buildOnce.js"

export interface Ended {
  /** The exit code, or the name of the signal that ended it. */
  readonly code: number | string
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  /** What it has printed so far. */
  readonly printed: { out: string; err: string }
  readonly ended: Promise<Ended>
  /** Resolves when standard output matches; rejects when the process ends first. */
  readonly prints: (pattern: RegExp) => Promise<RegExpMatchArray>
}

/** The environment of a user who has set nothing of ours. */
const environment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(OUTPOST_|NO_COLOR|FORCE_COLOR|PANOPTES_|DCCD_)/.test(name))
  )

/** Starts the bin, by the command `under` where one is given; the caller sees to its end. */
export const start = (
  args: ReadonlyArray<string>,
  options: {
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
    readonly under?: ReadonlyArray<string>
  } = {}
): Running => {
  const [command = process.execPath, ...rest] = [...(options.under ?? []), process.execPath, bin, ...args]
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: { ...environment(), ...options.env },
    stdio: ["pipe", "pipe", "pipe"]
  })
  const printed = { out: "", err: "" }
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.out += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.err += text))
  child.stdin.on("error", () => {})
  const ended = once(child, "close").then(([code, signal]): Ended => ({ ...printed, code: code ?? signal }))
  const prints = (pattern: RegExp) =>
    new Promise<RegExpMatchArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(printed.out)
        if (found !== null) resolve(found)
      }
      child.stdout.on("data", look)
      look()
      void ended.then(({ code, err }) => reject(new Error(`ended with ${code} before it printed ${pattern}: ${err}`)))
    })
  return { child, printed, ended, prints }
}

/** Runs the bin to its end. */
export const run = (
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {}
): Promise<Ended> => {
  const { child, ended } = start(args, options)
  child.stdin?.end(options.input ?? "")
  return ended
}
