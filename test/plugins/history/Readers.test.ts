/** What histories of documents are made of: delimited text, paths, times, patterns, cells. */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Schema } from "effect"
import * as delimited from "../../../src/plugins/history/internal/delimited.js"
import { matcher } from "../../../src/plugins/history/internal/glob.js"
import { follow, isPath } from "../../../src/plugins/history/internal/jsonPath.js"
import { mappingFields, readerOf } from "../../../src/plugins/history/internal/mapping.js"
import { isTimeFormat, read, write } from "../../../src/plugins/history/internal/timeText.js"

describe("delimited text", () => {
  const cell = FastCheck.string({ unit: FastCheck.constantFrom("a", '"', ",", "\n", "\r", " ", "é") })
  const rows = FastCheck.array(FastCheck.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 })
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

  it.prop(
    "reads what was written, quoted, with any line end",
    [rows, FastCheck.constantFrom("\n", "\r\n", "\r")],
    ([rows, end]) => {
      const text = rows.map((row) => row.map(quoted).join(",") + end).join("")
      assert.deepStrictEqual(delimited.parse(text, ","), rows)
      assert.deepStrictEqual(delimited.parse(text.slice(0, -end.length), ","), rows)
    }
  )

  it.each([
    [
      "a,b\n1,2",
      [
        ["a", "b"],
        ["1", "2"]
      ]
    ],
    ["\ufeffa;b", [["a;b"]]],
    [
      "a,,\n,",
      [
        ["a", "", ""],
        ["", ""]
      ]
    ],
    ["", []],
    ["\n", [[""]]],
    ['"a""b",c', [['a"b', "c"]]]
  ])("%j", (text, expected) => {
    assert.deepStrictEqual(delimited.parse(text, ","), expected)
  })

  it("a quote without an end is no row", () => {
    assert.isUndefined(delimited.parse('a,"b\nc', ","))
  })
})

describe("paths", () => {
  const value = {
    a: [{ b: 1 }, { b: 2 }],
    links: [
      { rel: "self", href: "s" },
      { rel: "next", href: "n.m" }
    ],
    "": 3
  }
  it.each([
    ["", value],
    ["a.1.b", 2],
    ["a.7.b", undefined],
    ["a.b", undefined],
    ["links[rel=next].href", "n.m"],
    ["links[rel=last].href", undefined],
    ["constructor", undefined],
    ["a.length", 2]
  ])("%s", (path, expected) => {
    assert.isTrue(isPath(path))
    assert.deepStrictEqual(follow(value, path), expected)
  })
  it.each(["a..b", ".a", "a.", "a[b]", "[a=b]", "a[b=c"])("%s is none", (path) => {
    assert.isFalse(isPath(path))
  })
})

describe("times", () => {
  const formats = ["iso", "ms", "us", "ns", "%Y-%m-%dT%H:%M:%S.%L", "%j/%Y %H%M%S%L", "100%% %Y%m%d%H%M%S%L"]
  it.prop(
    "are read as they were written",
    [FastCheck.integer({ min: 0, max: 4e12 }), FastCheck.constantFrom(...formats)],
    ([millis, format]) => {
      assert.strictEqual(read(write(millis, format), format), BigInt(millis) * 1_000_000n)
    }
  )

  it.each([
    ["2024-02-30", "%Y-%m-%d", undefined],
    ["2024-2-3", "%Y-%m-%d", undefined],
    ["2024-02-03x", "%Y-%m-%d", undefined],
    ["03.02.24", "%d.%m.%y", "2024-02-03T00:00:00Z"],
    ["2024-060", "%Y-%j", "2024-02-29T00:00:00Z"],
    ["2024-02-03T04:05:06.123456789+02:00", "iso", "2024-02-03T02:05:06Z"],
    ["2024-02-03 04:05", "iso", "2024-02-03T04:05:00Z"],
    ["2024-02-03", "iso", "2024-02-03T00:00:00Z"],
    ["yesterday", "iso", undefined],
    [1706933106, "s", "2024-02-03T04:05:06Z"],
    ["1706933106.5", "s", "2024-02-03T04:05:06Z"],
    ["", "s", undefined],
    [null, "ms", undefined]
  ])("%j as %s", (value, format, expected) => {
    assert.isTrue(isTimeFormat(format))
    const nanos = read(value, format)
    assert.strictEqual(
      nanos === undefined ? undefined : nanos / 1_000_000_000n,
      expected === undefined ? undefined : BigInt(Date.parse(expected) / 1000)
    )
  })

  it("keeps nanoseconds, and knows what is no format", () => {
    assert.strictEqual(read("2024-02-03T02:05:06.123456789Z", "iso"), 1706925906123456789n)
    assert.strictEqual(read("1706925906123456789", "ns"), 1706925906123456789n)
    assert.isUndefined(read(1706925906123, "s"), "milliseconds")
    assert.isUndefined(read(1706925906123456, "ms"), "microseconds")
    assert.deepStrictEqual(["", "hour", "%Q", "%", "YYYY"].filter(isTimeFormat), [])
  })
})

describe("patterns of file names", () => {
  it.each([
    ["**", "a/b/c.csv", true],
    ["*.csv", "a.csv", true],
    ["*.csv", "a/b.csv", false],
    ["**/*.csv", "b.csv", true],
    ["**/*.csv", "a/b/c.csv", true],
    ["data-?.csv", "data-1.csv", true],
    ["data-?.csv", "data-12.csv", false],
    ["a.b", "axb", false],
    ["a+(b)[c]", "a+(b)[c]", true]
  ])("%s and %s", (pattern, name, expected) => {
    assert.strictEqual(matcher(pattern)(name), expected)
  })
})

describe("cells", () => {
  const reader = (columns: object) =>
    readerOf(Schema.decodeUnknownSync(Schema.Struct(mappingFields))({ time: { field: "t", format: "s" }, columns }))
  it("are of their column's type or missing; a row with another one is none", () => {
    const read = reader({ d: "d", i: { type: "int64" }, s: { type: "text" }, b: { type: "boolean" }, deep: "x.y" })
    const good = { t: 1, d: " 1.5 ", i: "9007199254740993", s: 7, b: "No", x: { y: 3 } }
    assert.deepStrictEqual(read(good)?.row, {
      TS: 1_000_000_000n,
      d: 1.5,
      i: 9007199254740993n,
      s: "7",
      b: false,
      deep: 3
    })
    const empty = { TS: 1_000_000_000n, d: null, i: null, s: null, b: null, deep: null }
    assert.deepStrictEqual(read({ t: 1, d: "NA", i: null, s: "" })?.row, empty)
    for (const bad of [{ d: 1 }, { t: "x" }, { t: 1, d: "x" }, { t: 1, i: 1.5 }, { t: 1, b: "maybe" }, 7, null])
      assert.isUndefined(read(bad), JSON.stringify(bad))
  })
})
