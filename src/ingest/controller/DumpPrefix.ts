/**
 * The parameter `dump_prefix`: where ingesters write their dumps, and the controller what belongs to them. Whoever may set
 * parameters could otherwise have files written anywhere, so that it must point below one of the directories that the config
 * names, links resolved.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { ParameterDescription } from "../../assignment/ParameterDescription.js"
import * as companions from "./internal/companions.js"
import { ParameterRefused } from "./ParameterRefused.js"
import type { TriggerMap } from "./TriggerMap.js"

export const name = "dump_prefix"

export const description: ParameterDescription = {
  name,
  description: "Prefix to dump ingester values",
  dtype: "str",
  default: ""
}

/** The prefix that a value stands for, `""` for none. */
export const check = (
  value: Uint8Array,
  roots: ReadonlyArray<string>
): Effect.Effect<string, ParameterRefused, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const prefix = Either.getOrUndefined(textOf(value))
    if (prefix === "") return prefix
    if (prefix === undefined || hasControlCharacter(prefix)) return yield* refused("it is no text of a path")
    if (!path.isAbsolute(prefix)) return yield* refused(`${prefix} is not absolute`)
    const directory = yield* resolved(directoryOf(prefix, path))
    const allowed = yield* Effect.forEach(roots, resolved)
    if (allowed.some((root) => directory === root || directory.startsWith(root === "/" ? root : `${root}/`)))
      return prefix
    return yield* refused(
      roots.length === 0
        ? "the config allows no directory for dumps: name some in dump_roots"
        : `${prefix} is not below ${roots.join(" or ")}`
    )
  })

/** Writes them where the parameter asks for it; what can't be written is told, and holds nothing up. */
export const companionsOf = (
  mapping: string,
  map: TriggerMap,
  parameters: ReadonlyArray<readonly [name: string, value: Uint8Array]>,
  roots: ReadonlyArray<string>
): Effect.Effect<void, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const [, value = new Uint8Array()] = parameters.find(([parameter]) => parameter === name) ?? []
    const prefix = yield* check(value, roots)
    if (prefix !== "") yield* writeCompanions(prefix, mapping, map, parameters)
  }).pipe(
    Effect.catchAll((error) =>
      Effect.logError("the map and parameters of the scan could not be written beside its dumps", error)
    )
  )

/** Writes the map and the parameters of a scan beside its dumps, whole or not at all. */
export const writeCompanions = Effect.fn("DumpPrefix.writeCompanions")(function* (
  prefix: string,
  mapping: string,
  map: TriggerMap,
  parameters: ReadonlyArray<readonly [name: string, value: Uint8Array]>
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fs.makeDirectory(directoryOf(prefix, path), { recursive: true })
  const { extension, bytes } = companions.parametersFile(parameters)
  const files = [
    [`${prefix}mapping-${mapping}.json`, companions.mappingFile(map)],
    [`${prefix}parameters-${mapping}.${extension}`, bytes]
  ] as const
  for (const [file, content] of files) {
    const beside = `${file}.new`
    yield* fs.writeFile(beside, content, { flag: "w" }).pipe(
      Effect.zipRight(fs.rename(beside, file)),
      Effect.onError(() => Effect.ignore(fs.remove(beside, { force: true })))
    )
  }
})

// -----------------------------------------------------------------------------

const refused = (reason: string) => new ParameterRefused({ name, reason })

const textOf = (value: Uint8Array) => Either.try(() => new TextDecoder("utf-8", { fatal: true }).decode(value))

const hasControlCharacter = (text: string) =>
  Array.from(text).some((character) => character < " " || character === "\u007f")

/** Where files with the prefix stand: a prefix that ends in `/` is a directory, any other one begins their names. */
const directoryOf = (prefix: string, path: Path.Path) => path.dirname(path.resolve(`${prefix}x`))

/** With links followed as far as the path exists. */
const resolved = (directory: string): Effect.Effect<string, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const above = path.dirname(directory)
    return yield* fs
      .realPath(directory)
      .pipe(
        Effect.catchAll(() =>
          above === directory
            ? Effect.succeed(directory)
            : Effect.map(resolved(above), (parent) => path.join(parent, path.basename(directory)))
        )
      )
  })
