/** What processes hold, as the kernel counts it: whether they live, their threads, open files and sockets. */
import { assert } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"

export interface Footprint {
  readonly threads: number
  readonly sockets: number
  /** Everything else that is open. */
  readonly files: number
}

export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}

export const footprintOf = (pid: number): Footprint => {
  const open = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      return []
    }
  })
  const sockets = open.filter((target) => target.startsWith("socket:")).length
  return { threads: readdirSync(`/proc/${pid}/task`).length, sockets, files: open.length - sockets }
}

/** The processes that have this one as their parent. */
export const childrenOf = (pid: number): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => {
      try {
        return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${one}/status`, "utf8"))?.[1]) === pid
      } catch {
        return false
      }
    })

/** Whether a process listens at a TCP port of this machine. */
export const isListening = (port: number): boolean => {
  const hex = port.toString(16).toUpperCase().padStart(4, "0")
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .some((line) => new RegExp(`^\\s*\\d+: \\w+:${hex} \\w+:\\w+ 0A`).test(line))
}

/** Waits until no process holds more than it did; says what is too much when it stays so. */
export const assertNoMoreThan = (before: ReadonlyMap<number, Footprint>): Effect.Effect<void> =>
  Effect.sync(() => {
    for (const [pid, then] of before) {
      const now = footprintOf(pid)
      assert.isAtMost(now.sockets, then.sockets, `sockets of ${pid}`)
      assert.isAtMost(now.files, then.files, `open files of ${pid}`)
      assert.isAtMost(now.threads, then.threads, `threads of ${pid}`)
      assert.deepStrictEqual(childrenOf(pid), [])
    }
  }).pipe(
    Effect.sandbox,
    Effect.retry(Schedule.spaced("100 millis").pipe(Schedule.upTo("10 seconds"))),
    Effect.orDieWith((cause) => cause)
  )

/** What a process holds once that has not changed for a second. */
export const settled = (pid: number): Effect.Effect<Footprint> =>
  Effect.gen(function* () {
    let last = footprintOf(pid)
    for (let same = 0; same < 5;) {
      yield* Effect.sleep("200 millis")
      const now = footprintOf(pid)
      same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0
      last = now
    }
    return last
  })
