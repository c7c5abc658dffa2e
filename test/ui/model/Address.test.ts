import { areas, parse, pathOf } from "../../../src/ui/model/Address.js"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"

const read = (address: string) => {
  const url = new URL(address, "http://site")
  return parse(url.pathname, url.searchParams)
}

describe("Address", () => {
  it("every area has its path", () => {
    for (const { area, path } of areas) assert.deepStrictEqual(read(path), { area, chosen: undefined })
    assert.strictEqual(read("/app").area, "overview")
    assert.strictEqual(read("/app/runs/").area, "runs")
    assert.strictEqual(read("/inventory/").area, "inventory")
    assert.strictEqual(read("/app/elsewhere").area, undefined)
  })

  it.prop(
    "whatever is chosen comes back, even what no path could hold",
    [FastCheck.fullUnicodeString({ minLength: 1 })],
    ([chosen]) => {
      assert.deepStrictEqual(read(pathOf("system", chosen)), { area: "system", chosen })
      assert.strictEqual(new URL(pathOf("telemetry", chosen), "http://site").pathname, "/app/telemetry")
    }
  )
})
