/** What a controller leaves beside the dumps of a scan, so that it can be replayed: the map, and the parameters it began with. */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { isUtf8 } from "node:buffer"
import type { MappingId } from "../../assignment/WorkAssignment.js"
import { StorageFailed } from "../../domain/Refusal.js"
import { replace } from "../../site/DurableFile.js"
import { reasonOf } from "../../site/FileReason.js"
import { below, type DumpRefused, mapName, parametersName } from "./DumpLocation.js"
import { CborHeads } from "./internal/CborHeads.js"

export interface Parameter {
  readonly name: string
  readonly data: Uint8Array
}

export interface Companions {
  readonly prefix: string
  readonly roots: ReadonlyArray<string>
  readonly mapping: MappingId
  /** `{parts: {name: {mapping: ...}}, sequence: [...]}` as JSON. */
  readonly map: string
  readonly parameters: ReadonlyArray<Parameter>
}

/** Both are there, whole, once it returns. */
export const write = Effect.fn("DumpCompanions.write")(function* ({
  map,
  mapping,
  parameters,
  prefix,
  roots
}: Companions): Effect.fn.Return<void, DumpRefused | StorageFailed, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const mapPath = yield* below(prefix, mapName(mapping), roots)
  yield* stored(mapPath, fs.makeDirectory(paths.dirname(mapPath), { recursive: true }))
  yield* stored(mapPath, replace(mapPath, map, { mode: 0o644 }))
  const isText = parameters.every(({ data }) => isUtf8(data) && !data.includes(0))
  const path = yield* below(prefix, parametersName(mapping, isText ? "json" : "cbor"), roots)
  const content = isText ? jsonOf(parameters) : cborOf(parameters)
  yield* stored(
    path,
    typeof content === "string" ? replace(path, content, { mode: 0o644 }) : fs.writeFile(path, content)
  )
})

// ------------------------------------------------------------------------------------------------------------------

const stored = <R>(path: string, effect: Effect.Effect<void, PlatformError, R>) =>
  Effect.mapError(effect, (error) => new StorageFailed({ operation: "write", path, reason: reasonOf(error) }))

const jsonOf = (parameters: ReadonlyArray<Parameter>): string =>
  JSON.stringify(parameters.map(({ data, name }) => ({ name, data: Buffer.from(data).toString("utf8") })))

/** `[{"name": text, "data": bytes}, ...]` */
const cborOf = (parameters: ReadonlyArray<Parameter>): Uint8Array => {
  const heads = new CborHeads(parameters.reduce((bytes, { name }) => bytes + 3 * name.length + 64, 64))
  heads.list(parameters.length)
  for (const { data, name } of parameters) {
    heads.map(2)
    heads.text("name")
    heads.text(name)
    heads.text("data")
    heads.bytes(data)
  }
  return Buffer.concat(heads.finish())
}
