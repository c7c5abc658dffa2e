/** `config init|validate|show|schema|import`: the config file. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConfigOperations, ConfigVerdict, describe } from "../operations/ConfigOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { AlreadyThere, NotFound, UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import { Globals } from "./Globals.js"
import { Launcher } from "./Launcher.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

const init = CommandSpec.make(
  "init",
  {
    summary: "Write a commented config file to start from",
    about: ["A file that is there stays as it is, and the exit code is 4."],
    examples: [
      ["outpost config init", "site/outpost.yaml"],
      ["outpost config init --config /etc/outpost.yaml", "elsewhere"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const { path } = yield* Effect.flatMap(Launcher, (launcher) => Effect.flatMap(Globals, launcher.configInit)).pipe(
        Effect.filterOrFail(
          ({ written }) => written,
          ({ path }) => new AlreadyThere({ path })
        )
      )
      yield* Output.answer({ json: () => JSON.stringify({ path, written: true }), text: () => [`wrote ${path}`] })
    })
)

const validate = CommandSpec.make(
  "validate",
  {
    summary: "Check a config file; exits 2 where it can't be used",
    examples: [
      ["outpost config validate", "the site's own"],
      ["outpost config validate new.yaml --json", "another file, every issue with its line"]
    ]
  },
  { file: Flags.optionalArgument("FILE", "The file (default --config, else outpost.yaml of the site)") },
  ({ file }) =>
    Effect.gen(function* () {
      const globals = yield* Globals
      const launcher = yield* Launcher
      const place = { ...globals, config: Option.orElse(file, () => globals.config) }
      const verdict = yield* launcher.configValidate(place)
      yield* Output.answer({
        json: () => Output.encode(ConfigVerdict)(verdict),
        text: (style) => [...verdict.issues.map(describe), verdict.valid ? style.good("valid") : style.bad("not valid")]
      })
      if (!verdict.valid) {
        return yield* new UsageProblem({
          message: `${Readable.plural(verdict.issues.length, "issue")} in the config`,
          hint: "outpost config schema says what every key takes"
        })
      }
    })
)

const show = CommandSpec.make(
  "show",
  {
    summary: "The config with all defaults filled in; never a secret",
    examples: [
      ["outpost config show", "as YAML"],
      ["outpost config show --json | jq .http", "a section"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const globals = yield* Globals
      const launcher = yield* Launcher
      const document = yield* Option.isSome(globals.url)
        ? Effect.flatMap(ConfigOperations, (config) => config.show).pipe(Connect.onServer)
        : launcher.configShow(globals)
      if (globals.json) return yield* Output.line(JSON.stringify(document))
      const { text } = yield* Effect.promise(() => import("./internal/yamlText.js"))
      yield* Output.line(text(document))
    })
)

const schema = CommandSpec.make(
  "schema",
  {
    summary: "The JSON Schema of the config file",
    about: [
      "Editors complete and check with it: put `# yaml-language-server: $schema=outpost.schema.json` on top of the file."
    ],
    examples: [["outpost config schema > outpost.schema.json", "needs no site"]]
  },
  {},
  () =>
    Effect.gen(function* () {
      const launcher = yield* Launcher
      yield* Output.line(JSON.stringify(yield* launcher.configSchema, null, 2))
    })
)

const importIvy = CommandSpec.make(
  "ivy",
  {
    summary: "Write a config file made of that of an ivy station",
    about: [
      "The broker's password goes into a file of its own below secrets/. What has no counterpart is told. A config file that " +
        "is there stays as it is, and the exit code is 4."
    ],
    examples: [["outpost config import ivy ~/Documents/ivy/1.1.0/config/config.json", "as site/outpost.yaml"]]
  },
  { file: Flags.argument("FILE", "The config.json of ivy") },
  ({ file }) =>
    Effect.gen(function* () {
      const launcher = yield* Launcher
      const fs = yield* FileSystem.FileSystem
      const text = yield* Effect.mapError(
        fs.readFileString(file),
        ({ message }) =>
          new NotFound({ message: `${file} can't be read: ${message}`, hint: "name a file that is there" })
      )
      const { notes, path, written } = yield* launcher.configImport(yield* Globals, text)
      if (!written) return yield* new AlreadyThere({ path })
      yield* Output.answer({
        json: () => JSON.stringify({ path, written, notes }),
        text: () => [`wrote ${path}`, ...notes.map((note) => `note: ${note}`), "check it with: outpost config validate"]
      })
    })
)

const importConfig = CommandSpec.group(
  "import",
  {
    summary: "Take over the config of another system",
    examples: [["outpost config import ivy config.json", "that of an ivy station"]]
  },
  [importIvy]
)

export const config = CommandSpec.group(
  "config",
  {
    summary: "The config file: write, check, show",
    examples: [
      ["outpost config init", "a file to start from"],
      ["outpost config validate", "is it right"]
    ]
  },
  [init, validate, show, schema, importConfig]
)
