import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Layer, Option } from "effect"
import * as CommandSpec from "../../src/cli/CommandSpec.js"
import * as Flags from "../../src/cli/Flags.js"
import { CommandFailed, type UsageProblem } from "../../src/cli/Failure.js"

interface Seen {
  readonly first: Option.Option<string>
  readonly second: Option.Option<string>
  readonly loud: boolean
  readonly tags: ReadonlyArray<string>
  readonly name: Option.Option<string>
  readonly count: Option.Option<number>
  readonly shape: string
}

const seen: Array<Seen> = []
const command = CommandSpec.make(
  "probe",
  { summary: "", examples: [] },
  {
    first: Flags.optionalArgument("FIRST", "the first"),
    second: Flags.optionalArgument("SECOND", "the second"),
    loud: Flags.flag("loud", "make noise"),
    tags: Flags.many("tag", "T", "a tag"),
    name: Flags.text("name", "N", "a name"),
    count: Flags.integer("count", { least: 1, most: 9 }, "how many"),
    shape: Flags.choice("shape", ["round", "square"], "which")
  },
  (input) => Effect.sync(() => void seen.push(input))
)

/** Runs on tokens in canonical order; none of the services is ever asked for. */
const parse = (tokens: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    seen.length = 0
    return command.run(tokens) as Effect.Effect<
      void,
      UsageProblem | CommandFailed,
      Layer.Layer.Success<typeof NodeContext.layer>
    >
  }).pipe(
    Effect.flatMap(() => Effect.fromNullable(seen[0])),
    Effect.provide(NodeContext.layer)
  )

describe("a command's own tokens", () => {
  it.effect("keeps values that look like options, flags, truths or JSON", () =>
    Effect.gen(function* () {
      const found = yield* parse([
        "--loud",
        "--tag",
        '["--name","true"," x "]',
        "--name",
        "--loud",
        "--shape",
        "round",
        "--",
        "true",
        "--help"
      ])
      assert.deepStrictEqual(
        { ...found },
        {
          first: Option.some("true"),
          second: Option.some("--help"),
          loud: true,
          tags: ["--name", "true", " x "],
          name: Option.some("--loud"),
          count: Option.none(),
          shape: "round"
        }
      )
    })
  )

  it.effect.prop(
    "any text arrives as it is",
    { name: fc.string(), tags: fc.array(fc.string()), first: fc.string() },
    (given) =>
      Effect.gen(function* () {
        const tags = given.tags.length === 0 ? [] : ["--tag", JSON.stringify(given.tags)]
        const found = yield* parse([...tags, "--name", given.name, "--shape", "square", "--", given.first])
        assert.deepStrictEqual(found.tags, given.tags)
        assert.deepStrictEqual(found.name, Option.some(given.name))
        assert.deepStrictEqual(found.first, Option.some(given.first))
      })
  )

  const refusals: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
    [["--count", "0", "--shape", "round", "--"], /^--count takes a whole number 1 to 9, not '0'$/],
    [["--count", "two", "--shape", "round", "--"], /--count takes a whole number/],
    [["--count", "1.5", "--shape", "round", "--"], /--count takes a whole number/],
    [["--shape", "roud", "--"], /^--shape takes round, square, not 'roud'; did you mean round\?$/],
    [["--"], /--shape/]
  ]
  for (const [tokens, message] of refusals) {
    it.effect(`refuses ${tokens.join(" ")}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(parse(tokens))
        assert.strictEqual(error._tag, "UsageProblem")
        assert.match(error.message, message)
      })
    )
  }
})

it("the shape is read off the declaration", () => {
  assert.deepStrictEqual(command.options, [
    { names: ["--loud"], value: Option.none(), repeated: false, description: "make noise" },
    { names: ["--tag"], value: Option.some("T"), repeated: true, description: "a tag" },
    { names: ["--name"], value: Option.some("N"), repeated: false, description: "a name" },
    { names: ["--count"], value: Option.some("N"), repeated: false, description: "how many" },
    { names: ["--shape"], value: Option.some("round|square"), repeated: false, description: "which" }
  ])
  assert.deepStrictEqual(command.positionals, [
    { name: "FIRST", required: false, repeated: false, description: "the first" },
    { name: "SECOND", required: false, repeated: false, description: "the second" }
  ])
})
