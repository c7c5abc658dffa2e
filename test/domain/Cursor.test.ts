import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Option, Schema } from "effect"
import * as Cursor from "../../src/domain/Cursor.js"

const seq = FastCheck.option(FastCheck.integer({ min: 0, max: 999_999_999_999_999 }), { nil: undefined })
const cursors = FastCheck.record({ site: seq, run: seq, system: seq })

/** The streams a cursor has been to. */
const visited = (cursor: Cursor.Cursor) => Object.fromEntries(Object.entries(cursor).filter(([, n]) => n !== undefined))

const garbage: ReadonlyArray<string> = [
  "site",
  "site.",
  "site.-1",
  "site.1.5",
  "site.1e3",
  "site.0x1",
  "site. 1",
  "site.1 ",
  " site.1",
  "site.1\n",
  "Site.1",
  "other.1",
  "site:1",
  "site.1-",
  "-site.1",
  "site.1--run.2",
  "site.1,run.2",
  "site.1-other.2",
  "site.٣",
  "site.9999999999999999",
  "12",
  "-",
  "null",
  "__proto__.1"
]

describe("Cursor", () => {
  it("is written site, run, system; what has not been read is left out", () => {
    assert.strictEqual(Cursor.format(Cursor.start), "")
    assert.strictEqual(Cursor.format({ run: 5, site: 12 }), "site.12-run.5")
    assert.strictEqual(Cursor.format({ system: 1, run: 0, site: undefined }), "run.0-system.1")
  })

  it("is read in any order", () => {
    assert.deepStrictEqual(Cursor.parse(""), Option.some({}))
    assert.deepStrictEqual(Cursor.parse("site.12-run.5"), Option.some({ site: 12, run: 5 }))
    assert.deepStrictEqual(Cursor.parse("system.3-run.0-site.1"), Option.some({ system: 3, run: 0, site: 1 }))
  })

  it.prop("is read as it was written", [cursors], ([cursor]) =>
    assert.deepStrictEqual(Cursor.parse(Cursor.format(cursor)), Option.some(visited(cursor)))
  )

  it.prop(
    "a text that is read is written as what it says",
    [FastCheck.stringMatching(/^(site|run|system)\.\d{1,16}(-(site|run|system)\.\d{1,16}){0,3}$/)],
    ([text]) => {
      const cursor = Cursor.parse(text)
      assert.strictEqual(Option.isNone(cursor), /\d{16}/.test(text))
      if (Option.isSome(cursor)) assert.deepStrictEqual(Cursor.parse(Cursor.format(cursor.value)), cursor)
    }
  )

  it("anything else is none, and refused by name in a URL", () => {
    const decode = Schema.decodeUnknownEither(Cursor.FromString)
    for (const text of garbage) {
      assert.isTrue(Option.isNone(Cursor.parse(text)), JSON.stringify(text))
      const error = Option.getOrThrow(Either.getLeft(decode(text)))
      assert.include(error.message, `not a cursor: ${text}`)
    }
    assert.isTrue(Either.isLeft(decode(12)))
  })

  it.prop("in a URL it is the same text", [cursors], ([cursor]) => {
    const text = Cursor.format(cursor)
    const decoded = Schema.decodeUnknownSync(Cursor.FromString)(text)
    assert.deepStrictEqual(decoded, visited(cursor))
    assert.strictEqual(Schema.encodeSync(Cursor.FromString)(decoded), text)
  })

  it("moves one stream, and leaves the one it came from as it was", () => {
    const before: Cursor.Cursor = { site: 1, run: 2 }
    assert.deepStrictEqual(Cursor.advance(before, "run", 9), { site: 1, run: 9 })
    assert.deepStrictEqual(Cursor.advance(before, "system", 1), { site: 1, run: 2, system: 1 })
    assert.deepStrictEqual(before, { site: 1, run: 2 })
  })
})
