import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { asStorageFailed, reasonOf } from "../../src/domain/Refusal.js"

describe("reasonOf", () => {
  it("says what the database said, not which step of its client failed", () => {
    const full = new SqlError({ cause: new Error("database or disk is full"), message: "Failed to execute statement" })
    assert.strictEqual(asStorageFailed("save", "index")(full).message, "save index: database or disk is full")
  })

  it("takes everything else at its word", () => {
    const inner = new Error("inner")
    assert.deepStrictEqual([new Error("outer", { cause: inner }), "thrown", undefined].map(reasonOf), [
      "outer",
      "thrown",
      "undefined"
    ])
    assert.strictEqual(reasonOf(new SqlError({ message: "alone" })), "alone")
  })
})
