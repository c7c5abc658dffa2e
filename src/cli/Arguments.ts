/**
 * Splits a command line into the command, the global options and what is left for the command, in one order whatever the
 * order it was typed in. Pure.
 *
 * The parser library takes options in one place only, lets a flag swallow a following `yes` or `true`, and mistakes
 * values for command names. So it is handed the tokens of one command in a form without doubt: options first (each value
 * a token of its own, repeated ones as one JSON array), then `--`, then the positional arguments.
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { CommandShape, OptionShape } from "./CommandShape.js"
import { UsageProblem } from "./Failure.js"
import type { Given } from "./Globals.js"
import * as Nearest from "../domain/Nearest.js"

/** A shape whose children are of its own kind. */
type Tree<Command> = Omit<CommandShape, "children"> & { readonly children: ReadonlyArray<Command> }

export interface Invocation<Command> {
  /** From the program itself to the command that was named. */
  readonly path: readonly [Command, ...ReadonlyArray<Command>]
  readonly globals: Given
  /** For the parser of the command. */
  readonly tokens: ReadonlyArray<string>
  readonly wants: "run" | "help" | "version"
}

/** The words of an invocation, for example `outpost run start`. */
export const words = (path: ReadonlyArray<{ readonly name: string }>): string => path.map(({ name }) => name).join(" ")

/** Reads the arguments that follow the program's name. */
export const parse = <Command extends Tree<Command>>(
  root: Command,
  globals: ReadonlyArray<OptionShape>,
  args: ReadonlyArray<string>
): Either.Either<Invocation<Command>, UsageProblem> => {
  const path: [Command, ...Array<Command>] = [root]
  const given: Record<string, string | true | undefined> = {}
  const own = new Map<string, Array<string>>()
  const positionals: Array<string> = []
  const left = [...args]
  let wants: Invocation<Command>["wants"] = "run"
  let ended = false
  const here = () => path[path.length - 1] ?? root

  for (let token = left.shift(); token !== undefined; token = left.shift()) {
    if (!ended && token === "--") {
      ended = true
    } else if (!ended && looksLikeOption(token)) {
      const [name, attached] = splitOnce(token)
      if (name === "--help" || name === "-h") wants = "help"
      else if (name === "--version" || name === "-V") wants = wants === "help" ? "help" : "version"
      else {
        const known = [...here().options, ...globals]
        const option = known.find(({ names }) => names.includes(name))
        if (option === undefined) return Either.left(unknownOption(name, path, known))
        const value = Option.isSome(option.value) ? valueOf(option, attached, left, known) : flagOf(option, attached)
        if (Either.isLeft(value)) return Either.left(value.left)
        const key = option.names[0]
        if (globals.includes(option)) given[key] = value.right === "false" ? undefined : (value.right ?? true)
        else if (value.right === undefined) own.set(key, [])
        else if (Option.isNone(option.value)) own.delete(key)
        else own.set(key, option.repeated ? [...(own.get(key) ?? []), value.right] : [value.right])
      }
    } else if (here().children.length > 0) {
      const word = token
      const child = here().children.find(({ name }) => name === word)
      if (child !== undefined) path.push(child)
      else if (word === "help" && path.length === 1) wants = "help"
      else return Either.left(unknownCommand(word, path))
    } else positionals.push(token)
  }

  const command = here()
  const foreign = [...own.keys()].find((name) => !command.options.some(({ names }) => names[0] === name))
  if (foreign !== undefined) return Either.left(unknownOption(foreign, path, [...command.options, ...globals]))
  const tokens = command.options.flatMap(({ names: [name], repeated }) => {
    const values = own.get(name)
    return values === undefined ? [] : repeated ? [name, JSON.stringify(values)] : [name, ...values]
  })
  const takesAll = command.positionals.some(({ repeated }) => repeated)
  const surplus = takesAll ? undefined : positionals[command.positionals.length]
  return surplus !== undefined && wants === "run"
    ? Either.left(problem(`${words(path)} does not take '${surplus}'`, path))
    : Either.right({ path, globals: given, tokens: [...tokens, "--", ...positionals], wants })
}

// ------------------------------------------------------------------------------------------------------------------

/** `-` is standard input, `-5` and `-.5` are numbers. */
const looksLikeOption = (token: string): boolean => /^-(?!\.?\d)./s.test(token)

const splitOnce = (token: string): readonly [string, string | undefined] => {
  const at = token.startsWith("--") ? token.indexOf("=") : -1
  return at === -1 ? [token, undefined] : [token.slice(0, at), token.slice(at + 1)]
}

/** The attached value, else the next token whatever it looks like, unless that is plainly another option. */
const valueOf = (
  option: OptionShape,
  attached: string | undefined,
  left: Array<string>,
  known: ReadonlyArray<OptionShape>
): Either.Either<string, UsageProblem> => {
  if (attached !== undefined) return Either.right(attached)
  const next = left[0]
  const isOption = next !== undefined && known.some(({ names }) => names.includes(splitOnce(next)[0]))
  if (next === undefined || next === "--" || isOption) {
    const placeholder = Option.getOrElse(option.value, () => "VALUE")
    return Either.left(
      new UsageProblem({ message: `${option.names[0]} needs a value`, hint: `write ${option.names[0]}=${placeholder}` })
    )
  }
  left.shift()
  return Either.right(next)
}

/** Undefined for a flag that is set, `false` for one that is taken back. */
const flagOf = (option: OptionShape, attached: string | undefined): Either.Either<string | undefined, UsageProblem> =>
  attached === undefined || /^(true|yes|on|1)$/i.test(attached)
    ? Either.right(undefined)
    : /^(false|no|off|0)$/i.test(attached)
      ? Either.right("false")
      : Either.left(
          new UsageProblem({ message: `${option.names[0]} takes no value`, hint: `write ${option.names[0]} alone` })
        )

const problem = (message: string, path: ReadonlyArray<{ readonly name: string }>, nearest?: string) =>
  new UsageProblem({
    message,
    hint: nearest === undefined ? `see ${words(path)} --help` : `did you mean ${nearest}?`
  })

const unknownOption = <Command extends Tree<Command>>(
  name: string,
  path: ReadonlyArray<Command>,
  known: ReadonlyArray<OptionShape>
) => {
  const below = path[path.length - 1]?.children.find(({ options }) => options.some(({ names }) => names.includes(name)))
  if (below !== undefined) {
    return problem(`${name} stands before its command`, path, `${words([...path, below])} ${name}`)
  }
  const names = ["--help", "--version", ...known.flatMap(({ names }) => names)]
  return problem(`${words(path)} has no option ${name}`, path, Nearest.of(name, names))
}

const unknownCommand = <Command extends Tree<Command>>(word: string, path: ReadonlyArray<Command>) => {
  const names = path[path.length - 1]?.children.map(({ name }) => name) ?? []
  const nearest = Nearest.of(word, names)
  return problem(
    `${words(path)} has no command '${word}'`,
    path,
    nearest === undefined ? undefined : `${words(path)} ${nearest}`
  )
}
