/**
 * A process group from its first process to its last: spawned, signalled, and ended with all that came of it.
 */
import * as ChildProcess from "node:child_process"
import type { Readable, Writable } from "node:stream"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Guard from "./processGuard.js"
import { isVisible, ProcessFamily } from "./processTable.js"

/** How a process ended: with a code, or by a signal. */
export type Ended = Data.TaggedEnum<{
  Exited: { readonly code: number }
  Killed: { readonly signal: string }
}>
export const Ended = Data.taggedEnum<Ended>()

export interface Group {
  readonly id: number
  readonly child: ChildProcess.ChildProcessByStdio<Writable, Readable, Readable>
  readonly ended: Deferred.Deferred<Ended>
  readonly family: ProcessFamily
  /** Once nothing is left of the group its id may become someone else's: no signal is sent to it any more. */
  gone: boolean
}

export interface SpawnOptions {
  readonly command: string
  readonly args?: ReadonlyArray<string> | undefined
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly mark?: string | undefined
}

export const spawn = (options: SpawnOptions, guard: Guard.Guard | undefined): Effect.Effect<Group, Error> =>
  Effect.async((resume) => {
    const child = ChildProcess.spawn(options.command, options.args ?? [], {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"]
    })
    child.on("error", (cause) => resume(Effect.fail(cause)))
    if (child.pid === undefined) return
    // Told at once, while nothing else can run: from here on the guard knows whom to end.
    if (guard !== undefined) Guard.watch(guard, child.pid)
    const group: Group = {
      id: child.pid,
      child,
      ended: Deferred.unsafeMake(FiberId.none),
      family: new ProcessFamily(child.pid, options.mark),
      gone: false
    }
    // Whoever reads or writes is told; without a listener an error that nobody meets would end this process.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on("error", () => {})
    child.on("exit", (code, killedBy) => {
      signal(group, 0)
      const ended = killedBy === null ? Ended.Exited({ code: code ?? 0 }) : Ended.Killed({ signal: killedBy })
      Deferred.unsafeDone(group.ended, Effect.succeed(ended))
    })
    child.once("spawn", () => resume(Effect.succeed(group)))
  })

/** Sends a signal to the group; 0 only looks whether any of it is left. */
export const signal = (group: Group, which: NodeJS.Signals | 0): void => {
  if (!group.gone) group.gone = !send(-group.id, which)
}

/**
 * Ends all of it: SIGTERM, after `shutdown` SIGKILL, also to those that have left the group. What was printed until then is
 * left to its reader for a moment.
 */
export const end = (group: Group, shutdown: Duration.Duration): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { child } = group
    const both = (which: NodeJS.Signals) => {
      signal(group, which)
      signalAll(group.family.strays(), which)
    }
    const gone = Effect.zipRight(
      Deferred.await(group.ended),
      untilGone(() => isGone(group))
    )
    both("SIGTERM")
    if (Option.isNone(yield* within(gone, shutdown))) {
      both("SIGKILL")
      // Bounded: a process in an uninterruptible system call dies only when the kernel lets it.
      yield* within(gone, "2 seconds")
    }
    yield* within(Effect.zipRight(readToEnd(child.stdout), readToEnd(child.stderr)), "500 millis")
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy()
  })

/** Ends a family that an earlier life of this program left behind. Answers how many processes there were. */
export const endFamily = (family: ProcessFamily, shutdown: Duration.DurationInput): Effect.Effect<number> =>
  Effect.gen(function* () {
    const found = family.members()
    if (found.length === 0) return 0
    const gone = untilGone(() => family.members().length === 0)
    signalAll(found, "SIGTERM")
    if (Option.isNone(yield* within(gone, shutdown))) {
      signalAll(family.members(), "SIGKILL")
      yield* within(gone, "2 seconds")
    }
    return found.length
  })

// ---------------------------------------------------------------------------------------------------------------------

/** Whether there is anyone to take it. EPERM: there is, and not ours to signal. */
const send = (pid: number, which: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(pid, which)
    return true
  } catch (error) {
    return Predicate.hasProperty(error, "code") && error.code === "EPERM"
  }
}

const signalAll = (pids: ReadonlyArray<number>, which: NodeJS.Signals): void => {
  for (const pid of pids) send(pid, which)
}

/**
 * A dead process stays in its group until its parent has taken note, and where the first process of a container does not do
 * that for orphans it stays for ever: where processes can be seen the dead are told apart.
 */
const isGone = (group: Group): boolean => {
  signal(group, 0)
  if (!isVisible) return group.gone
  return group.gone ? group.family.strays().length === 0 : group.family.members().length === 0
}

const untilGone = (gone: () => boolean) =>
  Effect.repeat(Effect.sync(gone), { until: (answer) => answer, schedule: Schedule.spaced("20 millis") })

const within = <A>(effect: Effect.Effect<A>, limit: Duration.DurationInput) =>
  Effect.timeoutOption(Effect.interruptible(effect), limit)

/** Waits for whoever reads an output; one that nobody reads never ends. */
const readToEnd = (output: Readable): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (!output.readableDidRead || output.closed || output.destroyed) return resume(Effect.void)
    output.once("close", () => resume(Effect.void))
  })
