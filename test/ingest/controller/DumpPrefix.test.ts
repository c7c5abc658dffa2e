import { assert, describe, it } from "@effect/vitest"
import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { Effect, Schema } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as DumpPrefix from "../../../src/ingest/controller/DumpPrefix.js"
import { TriggerMap } from "../../../src/ingest/controller/TriggerMap.js"
import { fixtures } from "../../support/Fixtures.js"

const bytes = (text: string) => new TextEncoder().encode(text)
const captures = join(fixtures, "B/dump_prefix_files")
const mapping = "f3f6c35e-0ec4-4b5b-acf1-8da287f91d73"

const inDirectory = <A, E, R>(use: (directory: string) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.flatMap(fs.makeTempDirectoryScoped(), use)).pipe(
    Effect.scoped,
    Effect.provide(NodeContext.layer)
  )

describe("dranspose weak point 18: where dumps may go", () => {
  it.effect("below a root, links and dots resolved", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const root = path.join(directory, "root")
        yield* fs.makeDirectory(root)
        yield* fs.makeDirectory(path.join(directory, "elsewhere"))
        yield* fs.symlink(path.join(directory, "elsewhere"), path.join(root, "link"))
        const check = (prefix: string) => DumpPrefix.check(bytes(prefix), [root])
        for (const good of ["", `${root}/`, `${root}/x_`, `${root}/new/deep/x_`, `${root}/new/../x_`]) {
          assert.strictEqual(yield* check(good), good)
        }
        for (const bad of [
          root,
          `${root}-beside/x_`,
          `${root}/../x_`,
          `${root}/link/x_`,
          "x_",
          "../x_",
          "/etc/x_",
          `${root}/a\u0000b`
        ]) {
          assert.strictEqual((yield* Effect.flip(check(bad)))._tag, "ParameterRefused", bad)
        }
        const bare = yield* Effect.flip(DumpPrefix.check(bytes("/tmp/x_"), []))
        assert.include(bare.message, "dump_roots")
        yield* Effect.flip(DumpPrefix.check(Uint8Array.of(0x2f, 0xff), [root]))
      })
    )
  )

  it.effect("parameters that are no text go to CBOR", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        yield* DumpPrefix.writeCompanions(`${directory}/new/x_`, "m", { parts: {}, sequence: [] }, [
          ["a", bytes("é")],
          ["b", Uint8Array.of(0, 255)]
        ])
        assert.strictEqual(readFileSync(`${directory}/new/x_mapping-m.json`, "utf8"), '{"parts": {}, "sequence": []}')
        assert.strictEqual(
          readFileSync(`${directory}/new/x_parameters-m.cbor`).toString("hex"),
          "82a2646e616d656161646461746142c3a9a2646e616d65616264646174614200ff"
        )
        yield* DumpPrefix.writeCompanions(`${directory}/y_`, "m", { parts: {}, sequence: [] }, [["a", bytes('é"')]])
        assert.strictEqual(
          readFileSync(`${directory}/y_parameters-m.json`, "utf8"),
          '[{"name": "a", "data": "\\u00e9\\""}]'
        )
      })
    )
  )
})

it.effect("the companions of a captured scan, byte for byte", () =>
  inDirectory((directory) =>
    Effect.gen(function* () {
      const read = (kind: string) => readFileSync(join(captures, `x_${kind}-${mapping}.json`), "utf8")
      const Told = Schema.parseJson(
        Schema.Struct({
          parts: Schema.Record({
            key: Schema.String,
            value: Schema.Struct({ mapping: TriggerMap.fields.parts.value })
          }),
          sequence: Schema.Array(Schema.String)
        })
      )
      const told = yield* Schema.decode(Told)(read("mapping"))
      const parameters = yield* Schema.decode(
        Schema.parseJson(Schema.Array(Schema.Struct({ name: Schema.String, data: Schema.String })))
      )(read("parameters"))
      yield* DumpPrefix.writeCompanions(
        `${directory}/x_`,
        mapping,
        {
          parts: Object.fromEntries(Object.entries(told.parts).map(([name, part]) => [name, part.mapping])),
          sequence: told.sequence
        },
        parameters.map(({ data, name }) => [name, bytes(data)])
      )
      for (const kind of ["mapping", "parameters"]) {
        assert.strictEqual(readFileSync(`${directory}/x_${kind}-${mapping}.json`, "utf8"), read(kind))
      }
    })
  )
)
