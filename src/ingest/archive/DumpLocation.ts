/**
 * Where dumps and their companions go. A path that stands in the configuration is taken as it is. The parameter `dump_prefix` can be
 * set by whoever reaches the controller, so it counts only below the directories that the configuration names, symbolic links
 * followed; without any it is refused.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { MappingId } from "../../assignment/WorkAssignment.js"

/** A prefix that would have a file written where none may be. */
export class DumpRefused extends Schema.TaggedError<DumpRefused>()("DumpRefused", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `dump_prefix ${this.path}: ${this.reason}`
  }
}

/** The dump of an ingester's part of a scan. */
export const dumpName = (ingester: string, mapping: MappingId): string => `${ingester}-${mapping}.cbors`

/** The map of a scan, and the parameters it began with, beside its dumps. */
export const mapName = (mapping: MappingId): string => `mapping-${mapping}.json`
export const parametersName = (mapping: MappingId, kind: "json" | "cbor"): string => `parameters-${mapping}.${kind}`

/** The path of a file by its prefix and its name; relative prefixes begin at the first of the directories. */
export const below = Effect.fn("DumpLocation.below")(function* (
  prefix: string,
  name: string,
  roots: ReadonlyArray<string>
): Effect.fn.Return<string, DumpRefused, FileSystem.FileSystem | Path.Path> {
  const paths = yield* Path.Path
  const [first] = roots
  if (first === undefined) {
    return yield* new DumpRefused({ path: prefix, reason: "no directory is configured for dumps (dump_roots)" })
  }
  if (prefix.includes("\0") || /[/\\\0]/.test(name)) {
    return yield* new DumpRefused({ path: prefix, reason: "no path of a file" })
  }
  const path = paths.resolve(first, `${prefix}${name}`)
  const directory = yield* real(paths.dirname(path))
  for (const root of roots) {
    const relative = paths.relative(yield* real(paths.resolve(root)), directory)
    const climbs = relative === ".." || relative.startsWith(`..${paths.sep}`) || paths.isAbsolute(relative)
    if (!climbs) return paths.join(directory, paths.basename(path))
  }
  return yield* new DumpRefused({ path: prefix, reason: `lies below none of ${roots.join(", ")}` })
})

// ------------------------------------------------------------------------------------------------------------------

/** With the links of the part that exists followed. */
const real = (path: string): Effect.Effect<string, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const found = yield* Effect.option(fs.realPath(path))
    if (found._tag === "Some") return found.value
    const above = paths.dirname(path)
    return above === path ? path : paths.join(yield* real(above), paths.basename(path))
  })
