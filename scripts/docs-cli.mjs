// Writes the commands of docs/cli.md from their declaration, which their --help comes from too.
//   npx tsx scripts/docs-cli.mjs            writes
//   npx tsx scripts/docs-cli.mjs --check    exits 1 where the page is not what it would write
import * as Option from "effect/Option"
import * as Globals from "../src/cli/Globals.ts"
import * as Help from "../src/cli/Help.ts"
import { root } from "../src/cli/Outpost.ts"
import { replaceBetween } from "./docs-page.mjs"

const cell = (text) => text.replaceAll("|", "\\|")

const option = ({ description, names, repeated, value }) => {
  const placeholder = Option.match(value, { onNone: () => "", onSome: (name) => ` ${name}` })
  return `| \`${cell(names.join(", ") + placeholder)}\` | ${cell(description)}${repeated ? "; may be repeated" : ""} |`
}

const table = (rows) => (rows.length === 0 ? [] : ["", "| | |", "|---|---|", ...rows])

const page = (path) => {
  const command = path[path.length - 1]
  const below = command.children.flatMap((child) => page([...path, child]))
  if (!command.acts) return below
  return [
    `### ${path.map(({ name }) => name).join(" ")}`,
    "",
    `${command.summary}.`,
    ...(command.doc.about ?? []).flatMap((paragraph) => ["", paragraph]),
    "",
    "```",
    Help.usage(path),
    "```",
    ...table([
      ...command.positionals.map(({ description, name }) => `| \`${cell(name)}\` | ${cell(description)} |`),
      ...command.options.map(option)
    ]),
    "",
    "```sh",
    ...command.doc.examples.flatMap(([line, does]) => [`# ${does}`, line]),
    "```",
    "",
    ...below
  ]
}

const everywhere = ["### Options of every command", ...table(Globals.shapes.map(option)), ""]
const text = [...everywhere, ...page([root])].join("\n")
replaceBetween("docs/cli.md", "commands", text, process.argv.includes("--check"))
