import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CommandLine, layer } from "../support/CommandLine.js"

const json = (text: string): any => JSON.parse(text)

describe("run", () => {
  it.effect("start, show, stop, list", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const started = yield* line.run([
        "run",
        "start",
        "042",
        "--dir",
        "/d/042",
        "--meta",
        "field=M42",
        "--meta",
        "note=a=b"
      ])
      assert.deepStrictEqual([started.code, started.out], [0, "run 042 started in /d/042\n"])
      assert.strictEqual(line.connects[0]?.need, "write")
      const shown = json((yield* line.run(["run", "show", "--json"])).out)
      assert.deepStrictEqual(shown.meta, { field: "M42", note: "a=b", run_id: "042" })
      const again = yield* line.run(["run", "start"])
      assert.strictEqual(again.code, 4)
      assert.match(again.err, /error: A run is already active\nhint: .*outpost run stop/)
      assert.deepStrictEqual((yield* line.run(["run", "stop"])).out, "run 042 stopped\n")
      assert.strictEqual((yield* line.run(["run", "stop"])).code, 3)
      assert.strictEqual((yield* line.run(["run", "show"])).code, 3)
      assert.strictEqual((yield* line.run(["run", "show", "nope"])).code, 3)
      assert.match(
        (yield* line.run(["run", "show", "042"])).out,
        /stopped +2026-01-02 05:04:05.678\+01:00\nevents +5\n/
      )
      assert.deepStrictEqual(
        json((yield* line.run(["run", "list", "--json"])).out).runs.map((run: any) => [run.run_id, run.last_seq]),
        [["042", 5]]
      )
      const table = (yield* line.run(["run", "list"])).out.split("\n")
      assert.match(table[0] ?? "", /^ID +STARTED +STOPPED +EVENTS +DIRECTORY$/)
      assert.match(table[1] ?? "", /^042 +2026-01-02 04:04:05.678\+01:00 +2026-01-02 05:04:05.678\+01:00 +5 +\/d\/042$/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("--json answers the run as the server does, its notes as they were typed", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const { out } = yield* line.run([
        "run",
        "start",
        "--json",
        "--meta-json",
        '{"exposure": 1.50, "n":12345678901234567890}',
        "--meta",
        "by=Ada"
      ])
      assert.strictEqual(
        out,
        `{"run_dir":"/site/001","run_id":"001","meta":{"exposure": 1.50, "n":12345678901234567890,"by":"Ada","run_id":"001"},"started_at":"2026-01-02T03:04:05.678Z"}\n`
      )
    }).pipe(Effect.provide(layer))
  )

  const refused: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
    [["--meta-json", "[1]"], /--meta-json is not a JSON object\nhint: quote it/],
    [["--meta-json", "{field:M42}"], /not a JSON object/],
    [["--meta", "field"], /--meta 'field' is no note\nhint: write --meta key=value/],
    [["--meta", "a=1", "--meta", "a=2"], /'a' is given twice/],
    [["--meta-json", '{"a":1}', "--meta", "a=2"], /'a' is given twice/],
    [["../climb"], /run_id "\.\.\/climb" contains a path separator/]
  ]
  for (const [args, message] of refused) {
    it.effect(`start ${args.join(" ")} exits 2 and starts nothing`, () =>
      Effect.gen(function* () {
        const line = yield* CommandLine
        const { code, err } = yield* line.run(["run", "start", ...args])
        assert.strictEqual(code, 2)
        assert.match(err, message)
        assert.strictEqual((yield* line.run(["run", "show"])).code, 3)
      }).pipe(Effect.provide(layer))
    )
  }
})
