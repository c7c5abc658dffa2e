import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as ResultMessages from "../../src/ingest/ResultMessages.js"
import { fixtures } from "../support/Fixtures.js"

const capture = join(fixtures, "A/zmq_multipart.json")

const sent = () => {
  const messages: ReadonlyArray<{ role: string; socket: string; frames_b64: ReadonlyArray<string> }> = JSON.parse(
    readFileSync(capture, "utf8")
  )
  return messages
    .filter(({ role, socket }) => socket === "PUSH" && /^w\d$/.test(role))
    .map(({ frames_b64 }) => frames_b64.map((part) => new Uint8Array(Buffer.from(part, "base64"))))
}

const result = { event_number: 7, worker: "w1", parameters_hash: null }

describe("ResultMessages", () => {
  it.effect("reads results of peers in Python, and writes what they read the same from", () =>
    Effect.gen(function* () {
      const messages = yield* ResultMessages.make
      const parts = sent()
      assert.isAbove(parts.length, 5)
      for (const [header = new Uint8Array(), payload = new Uint8Array()] of parts) {
        const decoded = yield* messages.decode({ header, payload })
        assert.include(Object.keys(Object(decoded.payload)), "event")
        const encoded = yield* messages.encode(decoded, "pickle")
        assert.deepStrictEqual(Buffer.from(encoded.header).toString(), Buffer.from(header).toString())
        assert.strictEqual(Buffer.from(encoded.payload.subarray(0, 2)).toString("hex"), "8004")
        assert.deepStrictEqual(yield* messages.decode(encoded), decoded)
      }
    })
  )

  it.effect("between two of ours goes self-described CBOR, with typed arrays as they are", () =>
    Effect.gen(function* () {
      const messages = yield* ResultMessages.make
      const payload = { sum: 1.5, data: new Float32Array([1, 2.5]), list: [1, "a", null], bytes: new Uint8Array([1]) }
      const message = yield* messages.encode({ ...result, payload }, "cbor")
      assert.strictEqual(Buffer.from(message.payload.subarray(0, 3)).toString("hex"), "d9d9f7")
      const decoded = yield* messages.decode(message)
      assert.deepStrictEqual(Buffer.from(message.header).toString(), JSON.stringify(result))
      assert.deepStrictEqual(Object(decoded.payload).data, payload.data)
      assert.deepStrictEqual(Object(decoded.payload).list, payload.list)
    })
  )

  it.effect("what can't be written or read is a typed failure", () =>
    Effect.gen(function* () {
      const messages = yield* ResultMessages.make
      const cyclic: Record<string, unknown> = {}
      cyclic["self"] = cyclic
      assert.isTrue(Either.isLeft(messages.encode({ ...result, payload: cyclic }, "pickle")))
      const header = Buffer.from(JSON.stringify(result))
      for (const payload of [Buffer.from("80049563", "hex"), Buffer.from("d9d9f7bf", "hex"), new Uint8Array()]) {
        const failure = Either.flip(messages.decode({ header, payload }))
        assert.strictEqual(Either.getOrThrow(failure).event_number, 7)
      }
      for (const text of ["{", "{}", '{"event_number":-0.5,"worker":"w"}', "null"]) {
        const failure = Either.flip(
          messages.decode({ header: Buffer.from(text), payload: Buffer.from("d9d9f701", "hex") })
        )
        assert.isNull(Either.getOrThrow(failure).event_number)
      }
    })
  )

  it("a reducer of ours is sent CBOR, any other one pickles", () => {
    assert.strictEqual(ResultMessages.formFor(ResultMessages.ownVersion("1.0.0")), "cbor")
    assert.strictEqual(ResultMessages.formFor("0.2.0"), "pickle")
    assert.strictEqual(ResultMessages.formFor(null), "pickle")
  })
})
