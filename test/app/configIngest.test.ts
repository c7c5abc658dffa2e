import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { over, refused } from "./ConfigSite.js"

const stream = (text: string) => `ingest: {ingesters: {i1: {streams: {eiger: ${text}}}}}`
const place = "ingest.ingesters.i1.streams.eiger"

const told = (text: string) =>
  Effect.map(refused(stream(text)), (issues) => issues.map(({ message, path, remedy }) => [path, message, remedy]))

describe("streams of the config", () => {
  it.scoped("a source that there is not is refused, with what was probably meant", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* told("{source: synthetik}"), [
        [`${place}.source`, "there is no such source", "did you mean synthetic?"]
      ])
    })
  )

  it.scoped("settings are held to the form that the source takes", () =>
    Effect.gen(function* () {
      const manual = (source: string) => `the settings of ${source} stand in docs/sources.md`
      assert.deepStrictEqual(yield* told("{source: stins}"), [[`${place}.settings.url`, "is missing", manual("stins")]])
      const [found] = yield* told("{source: synthetic, settings: {ratte: 5}}")
      assert.deepStrictEqual(found, [`${place}.settings.ratte`, "is no known setting", "did you mean rate?"])
    })
  )

  it.scoped("a secret is not read for it, and what fits is taken", () =>
    Effect.gen(function* () {
      yield* over(stream("{source: synthetic, settings: {rate: 10}}"), Effect.void)
      yield* over(stream("{source: stins, settings: {url: 'tcp://127.0.0.1:9999'}}"), Effect.void)
    })
  )
})
