/**
 * An OS process as a resource: it lives as long as its scope, and so does everything it has started.
 *
 * The command runs in a process group of its own, straight from its argument list and never through a shell. Closing the
 * scope sends SIGTERM to the whole group, waits until it is gone, and after `shutdown` sends SIGKILL. What the command
 * left running after its own end is ended in the same way; with a `mark` also what has left the group. Output is read only
 * as fast as it is consumed: a reader that waits makes the process wait, so both outputs are to be consumed.
 *
 * If this process itself is killed nothing can be closed. With `guard` a second small process holds the other end of a
 * pipe, and ends the group within five seconds when the pipe breaks.
 */
import type { Readable } from "node:stream"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import { type Line, LineSplitter } from "./internal/lines.js"
import * as Group from "./internal/processGroup.js"
import * as Guard from "./internal/processGuard.js"
import { ProcessFamily } from "./internal/processTable.js"

export type { Line } from "./internal/lines.js"
export { Ended } from "./internal/processGroup.js"

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
  readonly exit: Effect.Effect<Group.Ended>
  /** As `exit`, but anything else than code 0 is a failure: the `run` of a supervised process ends with it. */
  readonly join: Effect.Effect<void, ProcessFailed>
  /** Sends a signal to the whole group. Does nothing once the group is gone. */
  readonly signal: (signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR1" | "SIGUSR2" | "SIGKILL") => Effect.Effect<void>
  /** What it and all it has started have in memory, in bytes; 0 where processes can't be seen. */
  readonly residentBytes: Effect.Effect<number>
}

export interface Options {
  /** For people who look at the list of processes: the guard bears it. */
  readonly name?: string | undefined
  readonly command: string
  readonly args?: ReadonlyArray<string> | undefined
  readonly cwd?: string | undefined
  /** The whole environment. Without it the process inherits ours. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** From SIGTERM to SIGKILL. */
  readonly shutdown?: Duration.DurationInput | undefined
  /** Longer lines are cut to so many bytes, and marked. */
  readonly longestLine?: number | undefined
  /** A line for which it answers false is passed over unread: asked once, with the line's first byte. */
  readonly keepLine?: ((first: number, channel: "stdout" | "stderr") => boolean) | undefined
  /** Output is read no faster, so that a flood leaves time for others. */
  readonly bytesPerSecond?: number | undefined
  /** End the group also when this process is killed. */
  readonly guard?: boolean | undefined
  /** `NAME=value` that stands in `env`: who bears it belongs to the process, in its group or not. */
  readonly mark?: string | undefined
  /** Written to its input before SIGTERM is sent, as far as the pipe takes it at once. */
  readonly farewell?: string | undefined
}

/** Starts a process that ends, with all it has started, when the scope closes. */
export const make = (options: Options): Effect.Effect<OsProcess, SpawnFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const shutdown = Duration.decode(options.shutdown ?? "5 seconds")
    const { command, farewell, mark } = options
    const guard =
      options.guard === true
        ? yield* Effect.acquireRelease(
            Effect.mapError(Guard.start(options.name ?? command, mark), spawnFailed("/bin/sh")),
            Guard.dismiss
          )
        : undefined
    const group = yield* Effect.acquireRelease(
      Effect.mapError(Group.spawn(options, guard), spawnFailed(command)),
      (started) =>
        Effect.suspend(() => {
          if (farewell !== undefined && started.child.stdin.writable) started.child.stdin.write(farewell)
          return Group.end(started, shutdown)
        })
    )
    const { child } = group

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
      stdout: lines(child.stdout, "stdout", options),
      stderr: lines(child.stderr, "stderr", options),
      write,
      stdin: Sink.forEach(write).pipe(Sink.ensuring(closeInput)),
      exit,
      join: Effect.flatMap(exit, (ended) => {
        if (ended._tag === "Killed") return new ProcessFailed({ command, signal: ended.signal })
        return ended.code === 0 ? Effect.void : new ProcessFailed({ command, code: ended.code })
      }),
      signal: (signal) => Effect.sync(() => Group.signal(group, signal)),
      residentBytes: Effect.sync(() => group.family.residentBytes())
    }
  })

/** Ends whatever an earlier life of this program left behind with that mark. Answers how many processes there were. */
export const reap = (mark: string, shutdown: Duration.DurationInput = "3 seconds"): Effect.Effect<number> =>
  Effect.suspend(() => Group.endFamily(new ProcessFamily(undefined, mark), shutdown))

// ---------------------------------------------------------------------------------------------------------------------

const spawnFailed =
  (command: string) =>
  (cause: Error): SpawnFailed => {
    const code = "code" in cause ? cause.code : undefined
    const reason = code === "ENOENT" ? "NotFound" : code === "EACCES" ? "PermissionDenied" : "Other"
    return new SpawnFailed({ command, reason, cause })
  }

const lines = (
  readable: Readable,
  channel: "stdout" | "stderr",
  { bytesPerSecond, command, keepLine, longestLine = 64 * 1024 }: Options
): Stream.Stream<Line, PipeBroken> =>
  Stream.suspend(() => {
    const splitter = new LineSplitter(longestLine, keepLine && ((first) => keepLine(first, channel)))
    const bytes = Stream.fromAsyncIterable<Uint8Array, PipeBroken>(
      leavable(readable),
      (cause) => new PipeBroken({ command, channel, cause })
    )
    return (bytesPerSecond === undefined ? bytes : paced(bytes, bytesPerSecond)).pipe(
      Stream.mapConcat((piece) => splitter.push(piece)),
      Stream.concat(Stream.suspend(() => Stream.fromIterable(splitter.end())))
    )
  })

const paced = <E>(bytes: Stream.Stream<Uint8Array, E>, perSecond: number): Stream.Stream<Uint8Array, E> =>
  Stream.throttle(bytes, {
    cost: (pieces) => Chunk.reduce(pieces, 0, (sum, piece) => sum + piece.length),
    units: perSecond,
    duration: "1 second",
    strategy: "shape"
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
