/** The process's own streams. The one place of the command line that touches them. */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import { BrokenPipe, CommandFailed } from "../Failure.js"
import type { StandardIo } from "../StandardIo.js"

const write = (stream: NodeJS.WriteStream, chunk: string | Uint8Array): Effect.Effect<void, BrokenPipe> =>
  Effect.async<void, BrokenPipe>((resume) => {
    // Node reports a reader that is gone twice, to the callback and as an event that would end the process.
    if (stream.listenerCount("error") === 0) stream.on("error", () => {})
    stream.write(chunk, (error) => resume(error ? Effect.fail(new BrokenPipe()) : Effect.void))
  })

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
  columns: Effect.sync(() => process.stdout.columns ?? process.stderr.columns ?? 80)
}
