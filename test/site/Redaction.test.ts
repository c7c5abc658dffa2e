import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Redacted } from "effect"
import * as Redaction from "../../src/site/Redaction.js"

const redactor = (...secrets: ReadonlyArray<string>) =>
  Effect.runSync(
    Effect.gen(function* () {
      const redaction = yield* Redaction.make
      yield* Effect.forEach(secrets, (secret) => redaction.add(Redacted.make(secret)))
      return redaction.redact
    })
  )

describe("Redaction", () => {
  it("hides every occurrence", () => {
    const redact = redactor("hunter22")
    assert.strictEqual(redact("a hunter22 b hunter22"), "a ******** b ********")
  })

  it("hides what is inside JSON, also twice", () => {
    const secret = 'p"w\\d\n9é€'
    const redact = redactor(secret)
    const body = JSON.stringify({ token: secret })
    assert.strictEqual(redact(body), '{"token":"********"}')
    assert.notInclude(redact(JSON.stringify({ body })), "w\\\\")
    assert.strictEqual(redact('"p\\"w\\\\d\\n9\\u00e9\\u20ac"'), '"********"')
  })

  it("hides what is in a URL", () => {
    const redact = redactor("a b/c&d=é")
    assert.strictEqual(redact(`?token=${encodeURIComponent("a b/c&d=é")}`), "?token=********")
    assert.strictEqual(redact("?token=a+b%2Fc%26d%3D%C3%A9"), "?token=********")
    assert.strictEqual(redact("?token=a%20b%2fc%26d%3d%c3%a9"), "?token=********")
  })

  it("hides what is in Base64, at any place of a longer text, in both alphabets", () => {
    const secret = "s3cr3t>>>???~~"
    const redact = redactor(secret)
    for (const before of ["", "u", "us", "user:", "user1:"]) {
      for (const alphabet of ["base64", "base64url"] as const) {
        const header = Buffer.from(before + secret).toString(alphabet)
        const left = redact(header).replace("********", "")
        assert.isBelow(left.length, before.length * 2 + 6, `${before} ${alphabet}: ${redact(header)}`)
      }
    }
  })

  it("leaves nothing of two secrets that overlap", () => {
    assert.strictEqual(redactor("abcd1234", "1234wxyz")("<abcd1234wxyz>"), "<********>")
    assert.strictEqual(redactor("abcd", "abcdefgh")("<abcdefgh>"), "<********>")
    assert.strictEqual(redactor("abcdef", "cdefgh", "efghij")("<abcdefghij>"), "<********>")
  })

  it("leaves values under four characters alone", () => {
    assert.strictEqual(redactor("abc")("abc abc"), "abc abc")
  })

  it("survives a lone surrogate", () => {
    assert.strictEqual(redactor("abc\ud800def")("x abc\ud800def"), "x ********")
  })

  it("leaves other text as it is, whatever the secret holds", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
        const text = before + secret + after
        assert.notInclude(redactor(secret)(text).replaceAll("********", "\0"), secret)
        assert.strictEqual(redactor(`${secret}\u0001none`)("plain text"), "plain text")
      })
    )
  })
})
