/**
 * What the inventory knows of each file, kept by path, size, time of change and inode, in memory and in a file that a later
 * life begins with. That file is a convenience: lines that can't be read are skipped, a loss costs reading footers again.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { appendFile, mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import type { FileState, FoundFile } from "./seriesFiles.js"

export class FileFacts extends Schema.Class<FileFacts>("outpost/dataset/FileFacts")({
  /** Rows that were given, not invented. */
  rows: Schema.Int,
  /** In ms; null where no row is readable. */
  first: Schema.NullOr(Schema.Number),
  last: Schema.NullOr(Schema.Number),
  /** Runs of rows by the span of the series; null where that was not counted. */
  runs: Schema.NullOr(Schema.Int),
  unreadable: Schema.NullOr(Schema.String)
}) {}

const Line = Schema.parseJson(Schema.Tuple(Schema.String, Schema.Number, Schema.Number, Schema.Number, FileFacts))
const decodeLine = Schema.decodeOption(Line)

interface Known {
  readonly state: FileState
  readonly facts: FileFacts
}

export interface FactCache {
  /** Undefined where the file is not known, or no longer the one it was. */
  readonly get: (file: FoundFile) => FileFacts | undefined
  readonly set: (file: FoundFile, facts: FileFacts) => void
  /** Writes what is new since the last time; forgets what is not in `present`. A failure is no one's loss. */
  readonly keep: (present: ReadonlyArray<FoundFile>) => Effect.Effect<void>
}

export const make = (path: string): Effect.Effect<FactCache> =>
  Effect.gen(function* () {
    const known = new Map<string, Known>()
    const text = yield* Effect.promise(() => readFile(path, "utf8").catch(() => ""))
    const lines = text.split("\n").filter((line) => line !== "")
    let written = lines.length
    for (const line of lines) {
      const found = decodeLine(line)
      if (Option.isNone(found)) continue
      const [file, size, mtime, inode, facts] = found.value
      known.set(file, { state: { size, mtime, inode }, facts })
    }
    let fresh: Array<string> = []
    const lineOf = (file: string, { facts, state }: Known): string =>
      `${JSON.stringify([file, state.size, state.mtime, state.inode, facts])}\n`

    return {
      get: ({ path: file, state }) => {
        const found = known.get(file)
        return found !== undefined &&
          found.state.size === state.size &&
          found.state.mtime === state.mtime &&
          found.state.inode === state.inode
          ? found.facts
          : undefined
      },
      set: ({ path: file, state }, facts) => {
        known.set(file, { state, facts })
        fresh.push(lineOf(file, { state, facts }))
      },
      keep: (present) =>
        Effect.suspend(() => {
          if (fresh.length === 0) return Effect.void
          const news = fresh
          fresh = []
          written += news.length
          if (written <= 2 * present.length + 100) {
            return Effect.promise(async () => {
              await mkdir(dirname(path), { recursive: true })
              await appendFile(path, news.join(""))
            })
          }
          const paths = new Set(present.map((file) => file.path))
          for (const file of known.keys()) if (!paths.has(file)) known.delete(file)
          written = known.size
          return Effect.promise(async () => {
            await mkdir(dirname(path), { recursive: true })
            await writeFile(`${path}.new`, [...known].map(([file, one]) => lineOf(file, one)).join(""))
            await rename(`${path}.new`, path)
          })
        }).pipe(
          Effect.catchAllDefect((cause) => Effect.logDebug(`${path} could not be written`, cause)),
          Effect.uninterruptible
        )
    }
  })
