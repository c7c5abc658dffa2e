/** How typed errors look on the wire: on the routes of contracts and on our own. */
import { NoMatchingJob } from "../../src/domain/Backfill.js"
import { InvalidInput } from "../../src/domain/Refusal.js"
import * as ErrorBody from "../../src/http/ErrorBody.js"
import { assert, describe, it } from "@effect/vitest"

const parsed = (error: ErrorBody.TypedError, contract: boolean) => {
  const answer = ErrorBody.ofError(error, contract)
  assert.isDefined(answer)
  return { ...answer, body: JSON.parse(answer?.body ?? ""), header: answer?.headers["x-outpost-error"] }
}

describe("an error of a contract route", () => {
  const detail = "No configured histo job matches this exchange/pair. Add one on the Config page first."

  it("is its text alone, with the error in a header of ASCII", () => {
    const { body, header, status } = parsed(new NoMatchingJob({ known: ["ü\n"] }), true)
    assert.deepStrictEqual([status, body], [400, { detail }])
    assert.strictEqual(header, '{"known":["\\u00fc\\n"],"_tag":"NoMatchingJob"}')
  })

  it("stands in the body where a header can't hold it", () => {
    const known = Array.from({ length: 1_000 }, (_, n) => `binance PAIR${n}/USDT`)
    const { body, header } = parsed(new NoMatchingJob({ known }), true)
    assert.isUndefined(header)
    assert.deepStrictEqual(body, { detail, error: { _tag: "NoMatchingJob", known } })
  })

  it("is the list of problems where the input is at fault", () => {
    const problems = [{ type: "missing", loc: ["body"], msg: "Field required", input: null }]
    const { body, header, status } = parsed(new InvalidInput({ problems }), true)
    assert.deepStrictEqual([status, body, header], [422, { detail: problems }, undefined])
  })
})

describe("an error of our own routes", () => {
  it("stands in the body", () => {
    const { body, header } = parsed(new NoMatchingJob({ known: [] }), false)
    assert.deepStrictEqual([body.error, header], [{ _tag: "NoMatchingJob", known: [] }, undefined])
  })
})
