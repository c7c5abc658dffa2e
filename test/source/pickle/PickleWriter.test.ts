import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { decode } from "../../../src/source/pickle/PickleReader.js"
import { encode } from "../../../src/source/pickle/PickleWriter.js"
import { hasPython, python } from "../../support/Python.js"
import { canonical, inPython } from "./Canonical.js"

const written = (value: unknown): Uint8Array => Either.getOrThrow(encode(value))

const refusal = (value: unknown): string => {
  const answer = encode(value)
  assert(Either.isLeft(answer), "was written")
  return answer.left.message
}

const scalars = FastCheck.oneof(
  FastCheck.constant(null),
  FastCheck.boolean(),
  FastCheck.integer(),
  FastCheck.maxSafeInteger(),
  FastCheck.double({ noNaN: true }),
  FastCheck.bigInt({ min: 2n ** 53n, max: 2n ** 400n }),
  FastCheck.bigInt({ min: -(2n ** 400n), max: -(2n ** 53n) }),
  FastCheck.string({ unit: "grapheme", maxLength: 300 }),
  FastCheck.uint8Array({ maxLength: 400 })
)

const values = FastCheck.letrec((self) => ({
  value: FastCheck.oneof(
    { maxDepth: 4 },
    scalars,
    FastCheck.array(self("value"), { maxLength: 6 }),
    FastCheck.uniqueArray(FastCheck.tuple(FastCheck.string(), self("value")), {
      maxLength: 6,
      selector: ([key]) => key
    }).map((entries) => new Map(entries)),
    FastCheck.uniqueArray(FastCheck.string(), { maxLength: 4 }).map((items) => new Set(items))
  )
})).value

describe("what is written", () => {
  it("is read again as it was", () => {
    FastCheck.assert(
      FastCheck.property(values, (value) => {
        const again = Either.getOrThrow(decode(written(value)))
        assert.strictEqual(JSON.stringify(canonical(again)), JSON.stringify(canonical(value)))
      }),
      { numRuns: 300 }
    )
  })

  it.skipIf(!hasPython)("is what Python reads", () => {
    const samples = [
      ...FastCheck.sample(values, { numRuns: 200, seed: 7 }),
      [0, -0, 255, 256, -1, 2 ** 31, -(2 ** 31), 2 ** 31 - 1, 2 ** 53 - 1, 128n, -128n, 0n, -(2n ** 2100n), Infinity],
      "x".repeat(70_000),
      new Uint8Array(70_000),
      Array.from({ length: 5000 }, (_, n) => n),
      new Map<unknown, unknown>([
        [1, "one"],
        [false, 0.5],
        [new Uint8Array([1]), null]
      ])
    ]
    const read: ReadonlyArray<unknown> = python(
      `${inPython}\nprint(json.dumps([canonical(pickle.loads(bytes.fromhex(h))) for h in data]))`,
      samples.map((sample) => Buffer.from(written(sample)).toString("hex"))
    )
    samples.forEach((sample, n) =>
      assert.strictEqual(JSON.stringify(canonical(read[n] === undefined ? null : sample)), JSON.stringify(read[n]))
    )
  })

  it.skipIf(!hasPython)("tells typed arrays and records as lists and dicts, whole floats as floats", () => {
    const sample = {
      doubles: new Float64Array([1, 2.5]),
      singles: new Float32Array([3]),
      counts: new Uint16Array([1, 65535]),
      wide: new BigInt64Array([-1n, 2n ** 62n]),
      bytes: Buffer.from("ab"),
      nothing: undefined,
      __proto__: null
    }
    const told = python(
      "import pickle\nprint(json.dumps(repr(pickle.loads(bytes.fromhex(data)))))",
      Buffer.from(written(sample)).toString("hex")
    )
    assert.strictEqual(
      told,
      "{'doubles': [1.0, 2.5], 'singles': [3.0], 'counts': [1, 65535], 'wide': [-1, 4611686018427387904], " +
        "'bytes': b'ab', 'nothing': None}"
    )
  })
})

describe("what is no plain data", () => {
  it("is refused, with its place", () => {
    assert.strictEqual(refusal({ a: [1, () => 1] }), "$.a[1]: a function is no data")
    assert.strictEqual(refusal(new Map([["t", new Date(0)]])), "$.t: an object of a class is no plain data")
    assert.include(refusal([new DataView(new ArrayBuffer(1))]), "$[0]: ")
    for (const key of [[1], Object.create(null), [Object.create(null)]]) {
      assert.strictEqual(refusal(new Map([[key, 1]])), "$.(key): a key is a text, a number, a boolean or bytes")
    }
    const loop: Array<unknown> = []
    loop.push(loop)
    assert.include(refusal(loop), "part of itself")
  })
})
