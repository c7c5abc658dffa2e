import { assert, it } from "@effect/vitest"
import { Either, FastCheck, Schema } from "effect"
import { order, ReleaseVersion } from "../../src/domain/ReleaseVersion.js"

const isVersion = (text: string) => Either.isRight(Schema.decodeEither(ReleaseVersion)(text))

it("versions are ordered as semantic versioning says", () => {
  const sorted = ["0.9.9", "1.0.0-1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.10.0"]
  assert.deepStrictEqual(sorted.toReversed().sort(order), sorted)
})

it("what could lead out of a directory is no version", () => {
  for (const text of [
    "v1.2.3",
    "1.2",
    "1.2.3/..",
    "../1.2.3",
    "1.2.3-",
    "1.2.3-a..b",
    "01.2.3",
    "1.2.3+b",
    "current",
    ""
  ])
    assert.isFalse(isVersion(text), text)
  for (const text of ["1.2.3", "0.0.0-source", "1.2.3-rc.1"]) assert.isTrue(isVersion(text), text)
})

const number = FastCheck.nat({ max: 20 })
it.prop("the order is total", { a: FastCheck.array(number, { minLength: 3, maxLength: 3 }), b: number }, ({ a, b }) => {
  const [version, next] = [a.join("."), [a[0], a[1], (a[2] ?? 0) + 1 + b].join(".")]
  assert.deepStrictEqual([order(version, next), order(next, version), order(version, version)], [-1, 1, 0])
})
