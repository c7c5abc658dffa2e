import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import { homedir } from "node:os"
import * as RunNaming from "../../src/run/RunNaming.js"

describe("derived ids", () => {
  it("are the highest number plus one, padded to the width of the longest number, at least three", () => {
    const table: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
      [[], "001"],
      [["data", "secrets", ".outpost", "run7", "7a", "-1", "+2", "1.5", " 9"], "001"],
      [["41"], "042"],
      [["0099"], "100"],
      [["12345"], "12346"],
      [["009", "010"], "011"],
      [["999"], "1000"],
      [["0", "00", "000"], "001"],
      [["99999999999999999999"], "100000000000000000000"],
      [["٤١"], "042"],
      [["𝟗𝟿", "７"], "100"],
      [["²"], "001"],
      [["²", "3"], "004"]
    ]
    for (const [directories, expected] of table)
      assert.strictEqual(RunNaming.derive(directories), expected, directories.join(" "))
  })

  it("are never taken, and never shorter than what is there", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(FastCheck.nat({ max: 100_000 }), { maxLength: 30 }), (numbers) => {
        const names = numbers.map(String)
        const derived = RunNaming.derive(names)
        assert.isFalse(names.some((name) => Number(name) >= Number(derived)))
        assert.isAtLeast(derived.length, Math.max(3, ...names.map((name) => name.length)))
      })
    )
  })
})

const named = (
  request: { readonly runId?: string; readonly metaJson?: string },
  directories: ReadonlyArray<string> = ["006"]
) => Effect.runSync(Effect.either(RunNaming.name(request, Effect.succeed(directories))))

const idOf = (request: { readonly runId?: string; readonly metaJson?: string }): string => {
  const result = named(request)
  return result._tag === "Right" ? result.right.runId : result.left._tag
}

describe("the id of a run", () => {
  it("is the one asked for, else the one in meta, else the next number", () => {
    assert.strictEqual(idOf({ runId: "a", metaJson: '{"run_id":"b"}' }), "a")
    assert.strictEqual(idOf({ runId: "", metaJson: '{"run_id":"b"}' }), "b")
    assert.strictEqual(idOf({ metaJson: '{"x":1}' }), "007")
    assert.strictEqual(idOf({}), "007")
  })

  it("in meta may be a text or a number; what is false counts as absent; anything else is refused", () => {
    const table: ReadonlyArray<readonly [string, string]> = [
      ['"night"', "night"],
      ["7", "7"],
      ["-7", "-7"],
      ["1.50", "1.50"],
      ["12345678901234567890", "12345678901234567890"],
      ["true", "True"],
      ["false", "007"],
      ["null", "007"],
      ['""', "007"],
      ["0", "007"],
      ["0.0", "007"],
      ["-0", "007"],
      ["{}", "007"],
      ["[]", "007"],
      ['{"a":1}', "InvalidInput"],
      ["[1]", "InvalidInput"],
      ['"a/b"', "RunRefused"]
    ]
    for (const [value, expected] of table)
      assert.strictEqual(idOf({ metaJson: `{"run_id":${value}}` }), expected, value)
  })

  it("is set in meta, in its place or last; the rest of meta keeps its spelling and order", () => {
    const meta = (metaJson: string, runId = "r") => {
      const result = named({ metaJson, runId })
      return result._tag === "Right" ? result.right.metaJson : result.left._tag
    }
    assert.strictEqual(meta("{}"), '{"run_id":"r"}')
    assert.strictEqual(
      meta('{"b": 1.0, "run_id": 5, "10": [12345678901234567890]}'),
      '{"b":1.0,"run_id":"r","10":[12345678901234567890]}'
    )
    assert.strictEqual(meta('{"b":"\\u00e9\\u0001"}', 'q"é'), '{"b":"é\\u0001","run_id":"q\\"é"}')
    assert.strictEqual(meta("[]"), "InvalidInput")
    assert.strictEqual(meta("5"), "InvalidInput")
  })

  it("is one path segment, and none of the site's own directories", () => {
    for (const runId of [
      "..",
      ".",
      "a/b",
      "/a",
      "a\\b",
      "a\u0000",
      "\n",
      "~",
      "~root",
      "x".repeat(201),
      "é".repeat(101),
      ".outpost",
      ".Outpost",
      "secrets",
      "Outpost.yaml",
      "a.NDJSON"
    ]) {
      const result = named({ runId })
      assert.strictEqual(
        result._tag === "Left" ? result.left._tag : result.right.runId,
        "RunRefused",
        JSON.stringify(runId)
      )
    }
    for (const runId of ["a", "...", "a..b", "-", "x".repeat(200), "日本", "a b", "²"])
      assert.strictEqual(idOf({ runId }), runId)
  })
})

describe("the directory of a run", () => {
  const directory = (runDir: string | undefined, allowAbsolute = true) => {
    const result = Effect.runSync(Effect.either(RunNaming.directory("/site", "r1", runDir, allowAbsolute)))
    return result._tag === "Right" ? result.right : result.left.reason
  }

  it("is named after the run, or where it was asked for", () => {
    assert.strictEqual(directory(undefined), "/site/r1")
    assert.strictEqual(directory("nights/a"), "/site/nights/a")
    assert.strictEqual(directory(""), "/site")
    assert.strictEqual(directory("."), "/site")
    assert.strictEqual(directory("/data/r1"), "/data/r1")
    assert.strictEqual(directory("~"), homedir())
    assert.strictEqual(directory("~/runs"), `${homedir()}/runs`)
  })

  it("never climbs, and is none of the site's own", () => {
    for (const runDir of [
      "..",
      "../escape",
      "a/../..",
      "a/..",
      "a/../b",
      "./../x",
      ".outpost",
      ".outpost/x",
      "secrets",
      "Secrets/a",
      "./secrets/a",
      "a\u0000b",
      "~nouser/x"
    ]) {
      assert.notMatch(directory(runDir), /^\//, JSON.stringify(runDir))
    }
  })

  it("outside the site only where that is allowed", () => {
    for (const runDir of ["/data", "~", "~/x"]) assert.include(directory(runDir, false), "outside the site")
    assert.strictEqual(directory("a", false), "/site/a")
  })
})
