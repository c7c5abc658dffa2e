/** The process's own streams. The one place of the command line that touches them. */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import { BrokenPipe, CommandFailed } from "../Failure.js"
import type { StandardIo } from "../StandardIo.js"

const write = (
  stream: NodeJS.WriteStream,
  chunk: string | Uint8Array
): Effect.Effect<void, BrokenPipe | CommandFailed> =>
  Effect.async<void, BrokenPipe | CommandFailed>((resume) => {
    // Node reports a reader that is gone twice, to the callback and as an event that would end the process.
    if (stream.listenerCount("error") === 0) stream.on("error", () => {})
    stream.write(chunk, (error) => resume(error ? Effect.fail(outputError(error)) : Effect.void))
  })

/** A reader that is gone is no failure; a disk that is full is one: what was asked for is not there. */
const outputError = (error: NodeJS.ErrnoException) =>
  error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED"
    ? new BrokenPipe()
    : new CommandFailed({ message: `standard output can't be written: ${error.message}` })

export const standard: StandardIo["Type"] = {
  out: (chunk) => write(process.stdout, chunk),
  err: (text) => Effect.ignore(write(process.stderr, text)),
  input: NodeStream.fromReadable(
    () => process.stdin,
    (cause) => new CommandFailed({ message: `standard input can't be read: ${String(cause)}` })
  ),
  terminal: {
    input: process.stdin.isTTY === true,
    out: process.stdout.isTTY === true,
    err: process.stderr.isTTY === true
  },
  columns: Effect.sync(() => process.stdout.columns ?? process.stderr.columns ?? 80),
  rows: Effect.sync(() => process.stderr.rows ?? process.stdout.rows ?? 24)
}
