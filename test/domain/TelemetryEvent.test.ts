import { assert, describe, it } from "@effect/vitest"
import { bodyOf } from "../../src/domain/TelemetryEvent.js"

describe("the body of an event", () => {
  it("has what was given, under the names of the wire", () => {
    assert.strictEqual(bodyOf({ type: "t", data: undefined }), '{"type":"t","data":null}')
    assert.strictEqual(
      bodyOf({
        type: "t",
        data: { a: -0.5 },
        meta: { by: "x" },
        makeCurrent: false,
        storePermanently: true,
        ts: "now"
      }),
      '{"type":"t","data":{"a":-0.5},"make_current":false,"meta":{"by":"x"},"store_permanently":true,"ts":"now"}'
    )
  })

  it("is none for what JSON can't carry: nothing is stored as something else", () => {
    const cyclic: Record<string, unknown> = {}
    cyclic["self"] = cyclic
    for (const value of [NaN, Infinity, -Infinity, 1n, cyclic]) {
      assert.throws(() => bodyOf({ type: "t", data: { deep: [value] } }), TypeError)
      assert.throws(() => bodyOf({ type: "t", data: 1, meta: { value } }), TypeError)
    }
    assert.throws(() => bodyOf({ type: "t", data: { focus: NaN } }), "focus: JSON has no NaN")
  })
})
