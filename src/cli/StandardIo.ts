/**
 * The three standard streams of the process. Writes suspend while the reader is slow, and fail with `BrokenPipe` once it
 * is gone. Only `layer` touches the process; tests give a recording double.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import type { BrokenPipe, CommandFailed } from "./Failure.js"
import * as nodeStreams from "./internal/nodeStreams.js"

export class StandardIo extends Context.Tag("outpost/cli/StandardIo")<
  StandardIo,
  {
    /** Writes to standard output as it is; done when the system has taken it. */
    readonly out: (chunk: string | Uint8Array) => Effect.Effect<void, BrokenPipe | CommandFailed>
    /** Writes to standard error as it is; a reader that is gone is ignored. */
    readonly err: (text: string) => Effect.Effect<void>
    /** Standard input to its end. */
    readonly input: Stream.Stream<Uint8Array, CommandFailed>
    /** Which of the streams is a terminal. */
    readonly terminal: { readonly input: boolean; readonly out: boolean; readonly err: boolean }
    /** Width of the terminal, 80 where there is none. */
    readonly columns: Effect.Effect<number>
    /** Height of the terminal, 24 where there is none. */
    readonly rows: Effect.Effect<number>
  }
>() {}

export const layer: Layer.Layer<StandardIo> = Layer.succeed(StandardIo, nodeStreams.standard)
