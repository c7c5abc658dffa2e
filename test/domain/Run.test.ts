import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Schema } from "effect"
import * as Run from "../../src/domain/Run.js"

describe("a run id", () => {
  it("that can't be one is told why", () => {
    const table: ReadonlyArray<readonly [string, string]> = [
      ["", "empty"],
      [".", "directory"],
      ["..", "directory"],
      ["a/b", "separator"],
      ["/", "separator"],
      ["../up", "separator"],
      ["a\\b", "separator"],
      ["a\u0000b", "control"],
      ["a\nb", "control"],
      ["\u001f", "control"],
      ["\u007f", "control"],
      ["~", "~"],
      ["~root", "~"],
      ["x".repeat(201), "200 bytes"],
      ["é".repeat(101), "200 bytes"],
      ["𝟗".repeat(51), "200 bytes"]
    ]
    for (const [id, word] of table) assert.include(Run.runIdProblem(id), word, JSON.stringify(id))
  })

  it("is any other text", () => {
    for (const id of [
      "001",
      "...",
      "a..b",
      "a~",
      " ",
      "a b",
      "-",
      "日本",
      "x".repeat(200),
      "é".repeat(100),
      "run\u0080"
    ])
      assert.isUndefined(Run.runIdProblem(id), JSON.stringify(id))
  })

  it.prop("that is taken is one path segment", [FastCheck.string({ unit: "binary", maxLength: 8 })], ([id]) => {
    if (Run.runIdProblem(id) !== undefined) return
    const path = new URL(`file:///site/${encodeURIComponent(id)}/x`).pathname
    assert.strictEqual(path.split("/").length, 4)
    assert.isFalse(/[/\\\0]/.test(id) || id === "" || id === "." || id === "..")
  })
})

const started = new Run.Run({
  run_dir: '/site/a"b',
  run_id: 'a"b',
  started_at: "2026-03-17T12:00:00.000Z",
  metaJson: '{"b":1.0,"10":[12345678901234567890],"run_id":"a\\"b"}'
})
const stopped = new Run.Run({ ...started, stopped_at: "2026-03-18T12:00:00.000Z", after_seq: 0, last_seq: 7 })

describe("the text of a run", () => {
  it("for the telemetry clients has four keys in their order, and meta as it was sent", () => {
    const expected = `{"run_dir":"/site/a\\"b","run_id":"a\\"b","meta":${started.metaJson},"started_at":"2026-03-17T12:00:00.000Z"}`
    assert.strictEqual(Run.contractText(started), expected)
    assert.strictEqual(Run.contractText(stopped), expected)
  })

  it("in full adds what is known", () => {
    assert.strictEqual(Run.fullText(started), Run.contractText(started))
    assert.strictEqual(
      Run.fullText(stopped),
      `${Run.contractText(started).slice(0, -1)},"stopped_at":"2026-03-18T12:00:00.000Z","after_seq":0,"last_seq":7}`
    )
  })

  it("is read back from the wire", () => {
    const read = Schema.decodeUnknownSync(Run.RunFromWire)
    for (const run of [started, stopped]) {
      const back = read(JSON.parse(Run.fullText(run)))
      assert.instanceOf(back, Run.Run)
      assert.deepStrictEqual(back.meta, JSON.parse(run.metaJson))
      assert.deepStrictEqual({ ...back, metaJson: "" }, { ...run, metaJson: "" })
      assert.deepStrictEqual(Schema.encodeSync(Run.RunFromWire)(back), JSON.parse(Run.fullText(run)))
    }
  })

  it("a meta that is no object is refused", () => {
    const wire = JSON.parse(Run.fullText(started))
    for (const meta of [null, 1, "x", undefined])
      assert.throws(() => Schema.decodeUnknownSync(Run.RunFromWire)({ ...wire, meta }), /meta/)
  })
})

describe("a refusal", () => {
  it("names field, value and reason, and cuts a long value", () => {
    const refused = new Run.RunRefused({ field: "run_id", value: "a\n", reason: "contains a control character" })
    assert.strictEqual(refused.message, 'run_id "a\\n" contains a control character')
    const long = new Run.RunRefused({ field: "run_dir", value: "x".repeat(9_999), reason: "climbs" })
    assert.strictEqual(long.message, `run_dir "${"x".repeat(120)}" climbs`)
  })

  it("has the words the telemetry clients know", () => {
    assert.strictEqual(new Run.RunAlreadyActive({ active: "001" }).message, "A run is already active")
    assert.strictEqual(new Run.NoActiveRun().message, "No run is active")
    assert.strictEqual(new Run.RunNotFound({ run_id: "7" }).message, "No run '7'")
  })
})
