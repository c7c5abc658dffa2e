/**
 * An OS process as a resource: it lives as long as its scope, and so does everything it has started.
 *
 * The command runs in a process group of its own, straight from its argument list and never through a shell. Closing the
 * scope sends SIGTERM to the whole group, waits until it is gone, and after `shutdown` sends SIGKILL. What the command
 * left running after its own end is ended in the same way. Output is read only as fast as it is consumed: a reader that
 * waits makes the process wait, so both outputs are to be consumed.
 *
 * If this process itself is killed nothing can be closed. With `guard` a second small process holds the other end of a
 * pipe, and ends the group within five seconds when the pipe breaks.
 */
import * as ChildProcess from "node:child_process"
import * as FileSystem from "node:fs"
import type { Readable, Writable } from "node:stream"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import { type Line, LineSplitter } from "./internal/lines.js"

export type { Line } from "./internal/lines.js"

/** How a process ended: with a code, or by a signal. */
export type Ended = Data.TaggedEnum<{
  Exited: { readonly code: number }
  Killed: { readonly signal: string }
}>
export const Ended = Data.taggedEnum<Ended>()

/** The command could not be run at all. */
export class SpawnFailed extends Schema.TaggedError<SpawnFailed>()("SpawnFailed", {
  command: Schema.String,
  reason: Schema.Literal("NotFound", "PermissionDenied", "Other"),
  cause: Schema.Defect
}) {
  override get message(): string {
    return `${this.command} could not be run (${this.reason})`
  }
}

/** The process ended, but not with code 0. */
export class ProcessFailed extends Schema.TaggedError<ProcessFailed>()("ProcessFailed", {
  command: Schema.String,
  code: Schema.optional(Schema.Int),
  signal: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return `${this.command} ended ${this.signal === undefined ? `with code ${this.code}` : `by ${this.signal}`}`
  }
}

/** The process takes no more input, or its output broke off. */
export class PipeBroken extends Schema.TaggedError<PipeBroken>()("PipeBroken", {
  command: Schema.String,
  channel: Schema.Literal("stdin", "stdout", "stderr"),
  cause: Schema.Defect
}) {}

export interface OsProcess {
  /** Its id, and that of its group. */
  readonly pid: number
  /** Output in lines; to be run once. Ends when every holder of the pipe has closed it. */
  readonly stdout: Stream.Stream<Line, PipeBroken>
  readonly stderr: Stream.Stream<Line, PipeBroken>
  /** Writes to its input and returns when the pipe has taken it. */
  readonly write: (input: string | Uint8Array) => Effect.Effect<void, PipeBroken>
  /** Writes all that comes and then closes its input. */
  readonly stdin: Sink.Sink<void, string | Uint8Array, never, PipeBroken>
  /** How the command itself ended, once it has. */
  readonly exit: Effect.Effect<Ended>
  /** As `exit`, but anything else than code 0 is a failure: the `run` of a supervised process ends with it. */
  readonly join: Effect.Effect<void, ProcessFailed>
  /** Sends a signal to the whole group. Does nothing once the group is gone. */
  readonly signal: (signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR1" | "SIGUSR2" | "SIGKILL") => Effect.Effect<void>
}

export interface Options {
  readonly command: string
  readonly args?: ReadonlyArray<string> | undefined
  readonly cwd?: string | undefined
  /** The whole environment. Without it the process inherits ours. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** From SIGTERM to SIGKILL. */
  readonly shutdown?: Duration.DurationInput | undefined
  /** Longer lines are cut to so many bytes, and marked. */
  readonly longestLine?: number | undefined
  /** End the group also when this process is killed. */
  readonly guard?: boolean | undefined
}

/** Starts a process that ends, with all it has started, when the scope closes. */
export const make = (options: Options): Effect.Effect<OsProcess, SpawnFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const shutdown = Duration.decode(options.shutdown ?? "5 seconds")
    const longest = options.longestLine ?? 64 * 1024
    const guard = options.guard === true ? yield* Effect.acquireRelease(startGuard, dismissGuard) : undefined
    const group = yield* Effect.acquireRelease(spawn(options, guard), (started) => endGroup(started, shutdown))
    const { child } = group
    const { command } = options

    const write = (input: string | Uint8Array) =>
      Effect.async<void, PipeBroken>((resume) => {
        child.stdin.write(input, (cause) =>
          resume(cause ? Effect.fail(new PipeBroken({ command, channel: "stdin", cause })) : Effect.void)
        )
      })
    const closeInput = Effect.sync(() => child.stdin.end())
    const exit = Deferred.await(group.ended)

    return {
      pid: group.id,
      stdout: lines(child.stdout, longest, (cause) => new PipeBroken({ command, channel: "stdout", cause })),
      stderr: lines(child.stderr, longest, (cause) => new PipeBroken({ command, channel: "stderr", cause })),
      write,
      stdin: Sink.forEach(write).pipe(Sink.ensuring(closeInput)),
      exit,
      join: Effect.flatMap(exit, (ended) => {
        if (ended._tag === "Killed") return new ProcessFailed({ command, signal: ended.signal })
        return ended.code === 0 ? Effect.void : new ProcessFailed({ command, code: ended.code })
      }),
      signal: (signal) => Effect.sync(() => signalGroup(group, signal))
    }
  })

// ---------------------------------------------------------------------------------------------------------------------

type Child = ChildProcess.ChildProcessByStdio<Writable, Readable, Readable>
type Guard = ChildProcess.ChildProcessByStdio<Writable, null, null>

interface Group {
  readonly id: number
  readonly child: Child
  readonly ended: Deferred.Deferred<Ended>
  /** Once nothing is left of the group its id may become someone else's: no signal is sent to it any more. */
  gone: boolean
}

const spawn = (options: Options, guard: Guard | undefined): Effect.Effect<Group, SpawnFailed> =>
  Effect.async((resume) => {
    const child = ChildProcess.spawn(options.command, options.args ?? [], {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"]
    })
    child.on("error", (cause) => resume(Effect.fail(spawnFailed(options.command, cause))))
    if (child.pid === undefined) return
    // Told at once, while nothing else can run: from here on the guard knows whom to end.
    guard?.stdin.write(`${child.pid}\n`)
    const group: Group = { id: child.pid, child, ended: Deferred.unsafeMake(FiberId.none), gone: false }
    // Whoever reads or writes is told; without a listener an error that nobody meets would end this process.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on("error", () => {})
    child.on("exit", (code, signal) => {
      signalGroup(group, 0)
      const ended = signal === null ? Ended.Exited({ code: code ?? 0 }) : Ended.Killed({ signal })
      Deferred.unsafeDone(group.ended, Effect.succeed(ended))
    })
    child.once("spawn", () => resume(Effect.succeed(group)))
  })

const spawnFailed = (command: string, cause: Error): SpawnFailed => {
  const code = "code" in cause ? cause.code : undefined
  const reason = code === "ENOENT" ? "NotFound" : code === "EACCES" ? "PermissionDenied" : "Other"
  return new SpawnFailed({ command, reason, cause })
}

/** Sends a signal to the group; 0 only looks whether any of it is left. */
const signalGroup = (group: Group, signal: NodeJS.Signals | 0): void => {
  if (group.gone) return
  try {
    process.kill(-group.id, signal)
  } catch (error) {
    // EPERM: it is there, and not ours to signal.
    group.gone = !(Predicate.hasProperty(error, "code") && error.code === "EPERM")
  }
}

/**
 * Whether anything in a group still runs. A dead process stays in its group until its parent has taken note, and where
 * the first process of a container does not do that for orphans it stays for ever: on Linux the dead are told apart.
 */
const hasLiving = (group: Group): boolean => {
  if (process.platform !== "linux") return true
  return FileSystem.readdirSync("/proc").some((entry) => {
    if (!/^\d+$/.test(entry)) return false
    try {
      // pid (command) state parent group ...; the command may hold anything, parentheses too.
      const stat = FileSystem.readFileSync(`/proc/${entry}/stat`, "latin1")
      const [state, , groupId] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
      return Number(groupId) === group.id && state !== "Z" && state !== "X"
    } catch {
      return false // it ended while we looked
    }
  })
}

const endGroup = (group: Group, shutdown: Duration.Duration): Effect.Effect<void> => {
  const isGone = Effect.sync(() => {
    signalGroup(group, 0)
    return group.gone || !hasLiving(group)
  })
  const gone = Effect.zipRight(
    Deferred.await(group.ended),
    Effect.repeat(isGone, { until: (answer) => answer, schedule: Schedule.spaced("20 millis") })
  )
  const within = (limit: Duration.DurationInput) => Effect.timeoutOption(Effect.interruptible(gone), limit)
  return Effect.gen(function* () {
    signalGroup(group, "SIGTERM")
    if (Option.isNone(yield* within(shutdown))) {
      signalGroup(group, "SIGKILL")
      // Bounded: a process in an uninterruptible system call dies only when the kernel lets it.
      yield* within("2 seconds")
    }
    group.child.stdin.destroy()
    group.child.stdout.destroy()
    group.child.stderr.destroy()
  })
}

const lines = (
  readable: Readable,
  longest: number,
  broken: (cause: unknown) => PipeBroken
): Stream.Stream<Line, PipeBroken> =>
  Stream.suspend(() => {
    const splitter = new LineSplitter(longest)
    return Stream.fromAsyncIterable<Uint8Array, PipeBroken>(leavable(readable), broken).pipe(
      Stream.mapConcat((bytes) => splitter.push(bytes)),
      Stream.concat(Stream.suspend(() => Stream.fromIterable(splitter.end())))
    )
  })

/** An iteration that can be left while it waits: by itself it would wait for the next output first. */
const leavable = (readable: Readable): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => {
    const iterator: AsyncIterator<Uint8Array> = readable[Symbol.asyncIterator]()
    return {
      next: () => iterator.next(),
      return: () => {
        readable.destroy()
        return Promise.resolve({ done: true, value: undefined })
      }
    }
  }
})

/**
 * Reads the id of a group and then waits. If its input ends without the word `done` its parent is dead: it sends SIGTERM
 * to the group and, three seconds later, SIGKILL to what is left.
 */
const guardScript = `
read -r group || exit 0
read -r word && [ "$word" = done ] && exit 0
kill -s TERM -- "-$group"
for second in 1 2 3; do
  sleep 1
  kill -s 0 -- "-$group" || exit 0
done
kill -s KILL -- "-$group"
`

const startGuard: Effect.Effect<Guard, SpawnFailed> = Effect.async((resume) => {
  const guard = ChildProcess.spawn("/bin/sh", ["-c", guardScript], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  guard.on("error", (cause) => resume(Effect.fail(spawnFailed("/bin/sh", cause))))
  guard.stdin.on("error", () => {})
  guard.once("spawn", () => resume(Effect.succeed(guard)))
})

/** The group is gone by now. */
const dismissGuard = (guard: Guard): Effect.Effect<void> => Effect.sync(() => guard.stdin.end("done\n"))
