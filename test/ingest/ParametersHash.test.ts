import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parametersHash } from "../../src/ingest/ParametersHash.js"
import { fixtures } from "../support/Fixtures.js"

const vectors = join(fixtures, "vectors.json")

describe("parametersHash", () => {
  it("is that of the field, byte for byte", () => {
    const { parameters_hash } = JSON.parse(readFileSync(vectors, "utf8"))
    for (const { hash, params } of parameters_hash) {
      assert.strictEqual(parametersHash(Object.entries<string>(params)), hash)
      assert.strictEqual(parametersHash(Object.entries<string>(params).reverse()), hash)
    }
    assert.isAbove(parameters_hash.length, 2)
  })
})
