import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ConfigFile } from "../../src/app/ConfigFile.js"
import { over, refused } from "./ConfigSite.js"

const told = (text: string) =>
  Effect.map(refused(text), (issues) => issues.map(({ message, path, remedy }) => [path, message, remedy]))

describe("jobs of the config", () => {
  it.scoped("a history that there is not is refused, with its value, its line and what was probably meant", () =>
    Effect.gen(function* () {
      const [issue, ...others] = yield* refused("jobs:\n  a:\n    source: generater\n    pairs: [x]\n")
      assert.lengthOf(others, 0)
      assert.deepInclude(issue, {
        path: "jobs.a.source",
        message: "there is no such history",
        value: "generater",
        line: 3,
        remedy: "did you mean generator?"
      })
      assert.match((yield* refused("jobs: {a: {source: nope}}"))[0]?.remedy ?? "", /^there are binance, .*telemetry$/)
    })
  )

  it.scoped("settings are read with the history's own schema, all that is wrong with them at once", () =>
    Effect.gen(function* () {
      const found = yield* told(
        "jobs:\n  a: {source: http, settings: {urll: 1, columns: {t: temp}}}\n  b: {source: generator, settings: {rows_per_page: 0}}\n"
      )
      const advice = "the settings of http stand in docs/providers.md"
      assert.deepStrictEqual(found.slice(0, 2), [
        ["jobs.a.settings.urll", "is no known setting", "did you mean url?"],
        ["jobs.a.settings.url", "is missing", advice]
      ])
      assert.deepStrictEqual(found[2], [
        "jobs.b.settings.rows_per_page",
        "is not allowed here",
        "Rows that one window asks for"
      ])
      assert.lengthOf(found, 3)
    })
  )

  it.scoped("a secret that can't be had is told without its value", () =>
    Effect.gen(function* () {
      const settings = "{url: 'https://x.example/a', columns: {t: temp}, headers: {key: '${file:nothing}'}}"
      const [issue] = yield* refused(`jobs: {a: {source: http, settings: ${settings}}}`)
      assert.strictEqual(issue?.path, "jobs.a.settings.headers.key")
      assert.isUndefined(issue?.value)
    })
  )

  it.scoped("a ledger stays inside the site", () =>
    Effect.gen(function* () {
      for (const ledger of ["../../x.csv", "/tmp/x.csv", "a/../../x.csv", "''"]) {
        const [issue] = yield* refused(`jobs: {a: {source: generator, ledger: ${ledger}}}`)
        assert.strictEqual(issue?.path, "jobs.a.ledger")
      }
    })
  )

  it.scoped("what is right is taken, and an entry that is switched off is not asked of its history", () =>
    over(
      "jobs: {a: {source: generator, settings: {seed: x}, ledger: own/a.csv}, b: {source: nope, enabled: false}}",
      Effect.flatMap(ConfigFile, (file) =>
        Effect.map(file.slice("jobs"), (jobs) => assert.deepStrictEqual(Object.keys(jobs), ["a", "b"]))
      )
    )
  )

  it.scoped("a document from elsewhere is held to the same", () =>
    over(
      undefined,
      Effect.gen(function* () {
        const file = yield* ConfigFile
        const body = { histo_jobs: [{ exchange: "okx", pairs: ["A/B"], span: 60 }], jobs: { a: { source: "nope" } } }
        const refusal = yield* Effect.flip(file.validate(body))
        assert.deepStrictEqual(
          refusal.issues.map(({ path }) => path),
          ["jobs.a.source"]
        )
      })
    )
  )
})
