import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck as fc, Option } from "effect"
import * as Arguments from "../../src/cli/Arguments.js"
import type { CommandShape, OptionShape } from "../../src/cli/CommandShape.js"
import * as Globals from "../../src/cli/Globals.js"

const option = (name: string, value?: string, repeated = false): OptionShape => ({
  names: [`--${name}`],
  value: Option.fromNullable(value),
  repeated,
  description: ""
})

const leaf = (
  name: string,
  options: ReadonlyArray<OptionShape>,
  positionals: ReadonlyArray<string> = []
): CommandShape => ({
  name,
  summary: "",
  acts: true,
  options,
  positionals: positionals.map((name) => ({
    name: name.replace("...", ""),
    required: false,
    repeated: name.endsWith("..."),
    description: ""
  })),
  children: []
})

const group = (name: string, children: ReadonlyArray<CommandShape>): CommandShape => ({
  name,
  summary: "",
  acts: false,
  options: [],
  positionals: [],
  children
})

interface Tree extends Omit<CommandShape, "children"> {
  readonly children: ReadonlyArray<Tree>
}

const tree: Tree = group("outpost", [
  group("run", [
    leaf("start", [option("dir", "D"), option("meta", "K=V", true), option("force")], ["ID"]),
    leaf("list", [])
  ]),
  leaf("post", [option("no-current"), option("limit", "N")], ["TYPE", "DATA"]),
  leaf("status", []),
  { ...leaf("fetch", [option("limit", "N")]), children: [leaf("show", [option("limit", "N"), option("all")], ["ID"])] },
  leaf("join", [option("loud")], ["FIRST", "REST..."])
])

const parse = (...args: ReadonlyArray<string>) => Arguments.parse(tree, Globals.shapes, args)

const understood = (...args: ReadonlyArray<string>) => {
  const { globals, path, tokens, wants } = Either.getOrThrow(parse(...args))
  return { words: Arguments.words(path), globals, tokens, wants }
}

const problem = (...args: ReadonlyArray<string>) => {
  const { hint, message } = Either.getOrThrow(Either.flip(parse(...args)))
  return `${message} / ${hint ?? ""}`
}

const global = (name: string) => (args: ReadonlyArray<string>) => {
  const value = understood(...args).globals[name]
  return value
}

describe("global options stand anywhere", () => {
  const cases: ReadonlyArray<readonly [ReadonlyArray<string>, string, string | true | undefined]> = [
    [["--site", "/a", "status"], "--site", "/a"],
    [["status", "--site", "/a"], "--site", "/a"],
    [["--site=/a", "status"], "--site", "/a"],
    [["status", "--site=/a"], "--site", "/a"],
    [["run", "--site", "/a", "list"], "--site", "/a"],
    [["--site", "status", "status"], "--site", "status"],
    [["--site", "run", "run", "list"], "--site", "run"],
    [["status", "--site", "/a", "--site", "/b"], "--site", "/b"],
    [["--json", "status"], "--json", true],
    [["status", "--json"], "--json", true],
    [["status", "--json=false"], "--json", undefined],
    [["--json", "--json=no", "status"], "--json", undefined],
    [["status", "--token", "-secret"], "--token", "-secret"],
    [["status", "--token=--json"], "--token", "--json"],
    [["status", "--site="], "--site", ""],
    [["status", "--url=http://h/?a=b"], "--url", "http://h/?a=b"],
    [["--log-level", "debug", "status"], "--log-level", "debug"]
  ]
  for (const [args, name, value] of cases) {
    it(args.join(" "), () => assert.strictEqual(global(name)(args), value))
  }
})

describe("what is left for the command", () => {
  const cases: ReadonlyArray<readonly [ReadonlyArray<string>, string, ReadonlyArray<string>]> = [
    [["status"], "outpost status", ["--"]],
    [["run", "start", "r1", "--dir", "/d"], "outpost run start", ["--dir", "/d", "--", "r1"]],
    [["run", "start", "--dir", "/d", "r1"], "outpost run start", ["--dir", "/d", "--", "r1"]],
    [["run", "start", "--dir=/d", "r1"], "outpost run start", ["--dir", "/d", "--", "r1"]],
    // A flag does not swallow a word that looks like a truth value.
    [["run", "start", "--force", "yes"], "outpost run start", ["--force", "--", "yes"]],
    [["run", "start", "--force=true", "y"], "outpost run start", ["--force", "--", "y"]],
    [["run", "start", "--force", "--force=no"], "outpost run start", ["--"]],
    [["run", "start", "--meta", "a=1", "--meta=b=2"], "outpost run start", ["--meta", '["a=1","b=2"]', "--"]],
    [["run", "start", "--meta", " a= 1 "], "outpost run start", ["--meta", '[" a= 1 "]', "--"]],
    // Words of commands are values and arguments like any other.
    [["run", "start", "start"], "outpost run start", ["--", "start"]],
    [["run", "start", "--dir", "list", "status"], "outpost run start", ["--dir", "list", "--", "status"]],
    // Numbers and the dash are no options.
    [["post", "temperature", "-5"], "outpost post", ["--", "temperature", "-5"]],
    [["post", "temperature", "-.5"], "outpost post", ["--", "temperature", "-.5"]],
    [["post", "note", "-"], "outpost post", ["--", "note", "-"]],
    [["post", "--limit", "-3", "note", "1"], "outpost post", ["--limit", "-3", "--", "note", "1"]],
    // A command that acts may have others below it.
    [["fetch", "--limit", "3"], "outpost fetch", ["--limit", "3", "--"]],
    [["fetch", "show", "x", "--limit", "3"], "outpost fetch show", ["--limit", "3", "--", "x"]],
    [["fetch", "--limit", "3", "show", "x"], "outpost fetch show", ["--limit", "3", "--", "x"]],
    // The last argument may stand for many.
    [["join", "a", "b", "c", "--loud", "d"], "outpost join", ["--loud", "--", "a", "b", "c", "d"]],
    // After `--` everything is an argument.
    [["post", "--", "--type", "--json"], "outpost post", ["--", "--type", "--json"]],
    [["post", "a", "--", "--"], "outpost post", ["--", "a", "--"]],
    [["post", "", ""], "outpost post", ["--", "", ""]],
    [["post", "note", '{"a":"--json"}', "--json"], "outpost post", ["--", "note", '{"a":"--json"}']]
  ]
  for (const [args, words, tokens] of cases) {
    it(args.join(" "), () => {
      const found = understood(...args)
      assert.strictEqual(found.words, words)
      assert.deepStrictEqual(found.tokens, tokens)
    })
  }
})

describe("help and version", () => {
  it("are asked for anywhere", () => {
    for (const args of [
      ["--help"],
      ["run", "--help"],
      ["run", "start", "-h"],
      ["help", "run"],
      ["post", "a", "b", "c", "--help"]
    ]) {
      assert.strictEqual(understood(...args).wants, "help", args.join(" "))
    }
    assert.strictEqual(understood("help", "run", "start").words, "outpost run start")
    assert.strictEqual(understood("--version").wants, "version")
    assert.strictEqual(understood("status", "--version", "--help").wants, "help")
  })

  it("are plain arguments after --", () => assert.strictEqual(understood("post", "--", "--help").wants, "run"))
})

describe("problems name what is wrong and what may have been meant", () => {
  const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
    [["stauts"], /no command 'stauts' .* mean outpost status/],
    [["run", "strat"], /outpost run has no command 'strat' .* mean outpost run start/],
    [["frobnicate"], /no command 'frobnicate' \/ see outpost --help/],
    [["status", "--jsno"], /outpost status has no option --jsno .* mean --json/],
    [["--sit", "x", "status"], /has no option --sit .* mean --site/],
    [["run", "start", "--dri", "x"], /has no option --dri .* mean --dir/],
    [["status", "-x"], /has no option -x/],
    [["run", "--dir", "x", "start"], /--dir stands before its command .* mean outpost run start --dir/],
    [["status", "--site"], /--site needs a value .* --site=DIR/],
    [["--site", "--json", "status"], /--site needs a value/],
    [["status", "--site", "--"], /--site needs a value/],
    [["status", "--json=maybe"], /--json takes no value/],
    [["status", "surplus"], /outpost status does not take 'surplus'/],
    [["run", "start", "a", "b"], /does not take 'b'/],
    [["fetch", "shwo"], /outpost fetch has no command 'shwo' .* mean outpost fetch show/],
    [["fetch", "--all", "show", "x"], /--all stands before its command .* mean outpost fetch show --all/]
  ]
  for (const [args, expected] of cases) it(args.join(" "), () => assert.match(problem(...args), expected))
})

/** A value of any shape; as an argument it stands behind `--`. */
const value = fc.string({ maxLength: 12 })
const attached = (name: string) => value.map((text) => ({ tokens: [`--${name}=${text}`], name, text }))
const globalOption = fc.oneof(attached("site"), attached("url"), attached("token"))

it.prop(
  "the order of global options, options and words does not matter",
  [fc.array(globalOption, { maxLength: 4 }), fc.array(value, { maxLength: 3 }), fc.option(value), fc.array(fc.nat(9))],
  ([globals, metas, dir, places]) => {
    const own = [...metas.map((meta) => `--meta=${meta}`), ...(dir === null ? [] : [`--dir=${dir}`])]
    const plain = ["run", "start", ...own, ...globals.flatMap(({ tokens }) => tokens)]
    const mixed = ["run", "start", ...own]
    globals.forEach(({ tokens }, index) => {
      // Later ones are put behind earlier ones, so that the last value of a name stays the last.
      const least = index === 0 ? 0 : mixed.lastIndexOf(globals[index - 1]?.tokens[0] ?? "") + 1
      mixed.splice(Math.min(mixed.length, Math.max(least, places[index] ?? 0)), 0, ...tokens)
    })
    assert.deepStrictEqual(understood(...mixed), understood(...plain))
    const found = understood(...mixed)
    for (const { name } of globals) {
      assert.strictEqual(found.globals[`--${name}`], globals.findLast((one) => one.name === name)?.text)
    }
    const at = found.tokens.indexOf("--meta")
    if (metas.length > 0) assert.deepStrictEqual(JSON.parse(found.tokens[at + 1] ?? ""), metas)
  }
)

it.prop("what stands behind -- arrives as it is", [fc.array(value, { maxLength: 2 })], ([args]) =>
  assert.deepStrictEqual(understood("post", "--no-current", "--", ...args).tokens, ["--no-current", "--", ...args])
)
