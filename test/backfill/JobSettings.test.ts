import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { JobSettings } from "../../src/backfill/JobSettings.js"

const read = (settings: Readonly<Record<string, unknown>>) =>
  Either.mapLeft(
    Schema.decodeUnknownEither(JobSettings)({ source: "generator", ...settings }),
    ({ message }) => message
  )

const refusal = (settings: Readonly<Record<string, unknown>>): string =>
  Either.merge(Either.map(read(settings), () => ""))

describe("JobSettings", () => {
  it("takes times and cron expressions in all their spellings", () => {
    for (const start of [
      "30d",
      "2h ago",
      "2020-01-01",
      "2020-01-01 00:00:00",
      "2020-01-01T00:00:00+01:00",
      "1577836800"
    ])
      assert.strictEqual(refusal({ start, end: start }), "")
    for (const cron of ["5 * * * *", "0 0 4 * * 1-5"]) assert.strictEqual(refusal({ cron }), "")
  })

  it("names what is none, before anything starts", () => {
    assert.include(refusal({ start: "yesterdayish" }), "expected a time: ISO 8601")
    assert.include(refusal({ end: "2020-13-01" }), "expected a time: ISO 8601")
    assert.include(refusal({ cron: "99 * * * *" }), "expected five or six cron fields")
    assert.include(refusal({ cron: "0 0 30 2 *" }), "names a date that never comes")
  })
})
