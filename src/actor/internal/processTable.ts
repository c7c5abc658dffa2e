/**
 * The processes of this machine as Linux shows them below /proc: which run, in which group, with how much memory. Where there
 * is no such thing nothing is seen.
 *
 * A family is what a command and all it started are known by: the process group, and a mark in the environment, which children
 * inherit. A child that leaves the group (`setsid`, a daemon that forks twice) still bears the mark.
 */
import * as FileSystem from "node:fs"

/** Whether processes can be seen at all. */
export const isVisible = process.platform === "linux"

interface Entry {
  readonly pid: number
  readonly group: number
  /** Tells two processes that had one id after the other apart. */
  readonly startedAt: string
}

export class ProcessFamily {
  /** Whether a process bears the mark: it is read once, since it stays. */
  readonly #marked = new Map<string, boolean>()

  constructor(
    /** The group's id; undefined for a family that is known by its mark alone. */
    readonly group: number | undefined,
    /** `NAME=value` in the environment. */
    readonly mark: string | undefined
  ) {}

  /** Those that run. A process that is dead, but of whose end nobody has taken note yet, does not. */
  members(): ReadonlyArray<number> {
    return living()
      .filter((entry) => entry.group === this.group || this.#bearsMark(entry))
      .map(({ pid }) => pid)
  }

  /** Those that have left the group. */
  strays(): ReadonlyArray<number> {
    if (this.mark === undefined) return []
    return living()
      .filter((entry) => entry.group !== this.group && this.#bearsMark(entry))
      .map(({ pid }) => pid)
  }

  /** What all of them together have in memory, in bytes. Pages that several share count for each. */
  residentBytes(): number {
    return this.members().reduce((sum, pid) => sum + residentBytesOf(pid), 0)
  }

  #bearsMark({ pid, startedAt }: Entry): boolean {
    if (this.mark === undefined) return false
    const key = `${pid} ${startedAt}`
    const known = this.#marked.get(key)
    if (known !== undefined) return known
    const found = `\0${read(`/proc/${pid}/environ`)}`.includes(`\0${this.mark}\0`)
    this.#marked.set(key, found)
    return found
  }
}

// ---------------------------------------------------------------------------------------------------------------------

/** What is there no more, or not ours to read, is empty. */
const read = (path: string): string => {
  try {
    return FileSystem.readFileSync(path, "latin1")
  } catch {
    return ""
  }
}

const living = (): ReadonlyArray<Entry> =>
  (isVisible ? FileSystem.readdirSync("/proc") : []).flatMap((name) => {
    // This process is never one of those it has started, whatever environment it was started in itself.
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
    // pid (command) state parent group ...; the command may hold anything, parentheses too.
    const stat = read(`/proc/${name}/stat`)
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const [state] = fields
    if (state === undefined || state === "" || state === "Z" || state === "X") return []
    return [{ pid: Number(name), group: Number(fields[2]), startedAt: fields[19] ?? "" }]
  })

const residentBytesOf = (pid: number): number => {
  const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ?? []
  return Number(kilobytes) * 1024
}
