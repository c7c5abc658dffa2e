import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import { emptyHash, encodeKey, sign } from "../../../../src/backfill/sync/internal/sigV4.js"

const published = {
  accessKeyId: Redacted.make("AKIAIOSFODNN7EXAMPLE"),
  secretAccessKey: Redacted.make("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
  sessionToken: undefined
}
const at = Date.UTC(2013, 4, 24)
const signatureOf = (headers: ReturnType<typeof sign>) =>
  /Signature=(\w+)$/.exec(String(Redacted.value(headers["authorization"] as Redacted.Redacted)))?.[1]

/** The examples that the signing rules are published with. */
describe("sigV4", () => {
  it("signs a request without a body", () => {
    const url = new URL("https://examplebucket.s3.amazonaws.com/test.txt")
    const headers = sign(
      { method: "GET", url, headers: { range: "bytes=0-9" }, payloadHash: emptyHash },
      published,
      "us-east-1",
      at
    )
    assert.strictEqual(signatureOf(headers), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
  })

  it("signs a PUT, with a key that has to be escaped", () => {
    const url = new URL("https://examplebucket.s3.amazonaws.com")
    url.pathname = `/${encodeKey("test$file.text")}`
    const payloadHash = createHash("sha256").update("Welcome to Amazon S3.").digest("hex")
    const own = { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" }
    const headers = sign({ method: "PUT", url, headers: own, payloadHash }, published, "us-east-1", at)
    assert.strictEqual(signatureOf(headers), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
  })

  it("signs a query", () => {
    const url = new URL("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J")
    const headers = sign({ method: "GET", url, headers: {}, payloadHash: emptyHash }, published, "us-east-1", at)
    assert.strictEqual(signatureOf(headers), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
  })

  it("shows neither key in what it makes", () => {
    const url = new URL("https://h/x")
    const token = Redacted.make("a-token")
    const headers = sign(
      { method: "GET", url, headers: {}, payloadHash: emptyHash },
      { ...published, sessionToken: token },
      "r",
      at
    )
    assert.notMatch(JSON.stringify(headers), /AKIA|wJalr|a-token/)
  })
})
