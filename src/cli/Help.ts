/** The help of a command, for people: what it is for, how it is called, what it takes, and examples to copy. */
import * as Arguments from "./Arguments.js"
import type { OptionShape } from "./CommandShape.js"
import type { CommandSpec } from "./CommandSpec.js"
import * as Option from "effect/Option"
import * as Output from "./Output.js"

/** The lines of the help of the command at the end of the path. */
export const of = (
  path: readonly [CommandSpec, ...ReadonlyArray<CommandSpec>],
  globals: ReadonlyArray<OptionShape>,
  style: Pick<Output.Style, "bold" | "dim">,
  columns: number
): ReadonlyArray<string> => {
  const command = path[path.length - 1] ?? path[0]
  const section = (title: string, body: ReadonlyArray<string>) =>
    body.length === 0 ? [] : ["", style.bold(title), ...body]
  const list = (entries: ReadonlyArray<readonly [string, string]>) => definitions(entries, columns)
  return [
    `${style.bold(Arguments.words(path))}: ${command.summary}`,
    ...(command.doc.about ?? []).flatMap((paragraph) => ["", ...wrap(paragraph, columns)]),
    ...section("Usage", [`  ${usage(path)}`]),
    ...section("Commands", list(command.children.map(({ name, summary }) => [name, summary] as const))),
    ...section("Arguments", list(command.positionals.map(({ description, name }) => [name, description] as const))),
    ...section("Options", list(command.options.map(entry))),
    ...section(
      "Options of every command",
      list([...globals.map(entry), ["--help", "This text"], ["--version", "The version"]])
    ),
    ...section("Examples", examples(command.doc.examples, style, columns))
  ]
}

/** How a command is called, for example `outpost run start [ID] [options]` or `outpost backfill [<command>] [options]`. */
export const usage = (path: ReadonlyArray<CommandSpec>): string => {
  const command = path[path.length - 1]
  const positionals =
    command?.positionals.map(({ name, repeated, required }) => {
      const text = repeated ? `${name}...` : name
      return required ? text : `[${text}]`
    }) ?? []
  const below =
    command === undefined || command.children.length === 0 ? [] : [command.acts ? "[<command>]" : "<command>"]
  return [Arguments.words(path), ...below, ...positionals, "[options]"].join(" ")
}

// ------------------------------------------------------------------------------------------------------------------

const entry = ({ description, names, repeated, value }: OptionShape): readonly [string, string] => {
  const placeholder = Option.match(value, { onNone: () => "", onSome: (name) => ` ${name}` })
  return [`${names.join(", ")}${placeholder}`, repeated ? `${description}; may be repeated` : description]
}

/** Names in a column, texts beside them; a name that is too long has its text below. */
const definitions = (entries: ReadonlyArray<readonly [string, string]>, columns: number): ReadonlyArray<string> => {
  const column = Math.min(26, Math.max(0, ...entries.map(([name]) => name.length)) + 4)
  return entries.flatMap(([name, text]) => {
    const [first = "", ...more] = wrap(text, Math.max(30, columns - column))
    const rest = more.map((line) => " ".repeat(column) + line)
    return name.length + 3 < column
      ? [`  ${name.padEnd(column - 2)}${first}`, ...rest]
      : [`  ${name}`, " ".repeat(column) + first, ...rest]
  })
}

const examples = (
  lines: ReadonlyArray<readonly [string, string]>,
  { dim }: Pick<Output.Style, "dim">,
  columns: number
): ReadonlyArray<string> => {
  const longest = Math.max(0, ...lines.map(([line]) => line.length))
  const beside = longest + 4 + Math.max(0, ...lines.map(([, does]) => does.length)) + 2 <= columns
  return lines.flatMap(([line, does]) =>
    beside ? [`  ${line.padEnd(longest)}  ${dim(`# ${does}`)}`] : [`  ${dim(`# ${does}`)}`, `  ${line}`]
  )
}

const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line]
}
