/** A file that a command writes: checked before anything is asked for, and there whole or not at all. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CommandFailed, UsageProblem } from "./Failure.js"
import { Globals } from "./Globals.js"
import { StandardIo } from "./StandardIo.js"

/** `-` is standard output. */
export const check = (
  out: string,
  format: string
): Effect.Effect<void, UsageProblem, StandardIo | Globals | FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const io = yield* StandardIo
    const { json } = yield* Globals
    if (out === "-" && json) {
      return yield* new UsageProblem({
        message: "--out - and --json both want standard output",
        hint: "leave out --json, or name a file"
      })
    }
    if (out === "-" && format === "parquet" && io.terminal.out) {
      return yield* new UsageProblem({
        message: "a Parquet file is no text for a terminal",
        hint: "name a file with --out"
      })
    }
    const fs = yield* FileSystem.FileSystem
    const info = yield* Effect.option(fs.stat(out))
    if (out === "")
      return yield* new UsageProblem({ message: "--out is empty", hint: "name a file, or - for standard output" })
    if (Option.exists(info, ({ type }) => type === "Directory")) {
      return yield* new UsageProblem({ message: `--out '${out}' is a directory`, hint: "name a file in it" })
    }
    // The finished file takes the place of the old one, which a device or a pipe must not lose.
    if (out !== "-" && Option.exists(info, ({ type }) => type !== "File")) {
      return yield* new UsageProblem({
        message: `--out '${out}' is no regular file`,
        hint: `write to it with: --out - > ${out}`
      })
    }
  })

/** Into a file beside the target, synced, then renamed over it; nothing is left behind by a failure or Ctrl-C. */
export const write = <E, R>(
  out: string,
  bytes: Stream.Stream<Uint8Array, E, R>
): Effect.Effect<void, E | CommandFailed, R | FileSystem.FileSystem | Path.Path | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const failed = Effect.mapError(
      (error: { readonly message: string }) =>
        new CommandFailed({
          message: `${out} can't be written: ${error.message}`,
          hint: "is the directory there, and is there room?"
        })
    )
    const part = yield* Effect.acquireRelease(
      failed(fs.makeTempDirectory({ directory: path.dirname(out), prefix: ".export-" })),
      (directory) => Effect.ignore(fs.remove(directory, { recursive: true, force: true }))
    ).pipe(Effect.map((directory) => path.join(directory, path.basename(out))))
    yield* Effect.scoped(
      Effect.gen(function* () {
        const file = yield* failed(fs.open(part, { flag: "wx" }))
        yield* Stream.runForEach(bytes, (chunk) => failed(file.writeAll(chunk)))
        yield* failed(file.sync)
      })
    )
    yield* failed(fs.rename(part, out))
  })

/** How many lines end in a piece of a text. */
export const lineEnds = (chunk: Uint8Array): number => {
  let count = 0
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) count++
  return count
}
