/**
 * Completion scripts for shells, made from the shape of the commands: sub-commands after a word, options after a dash,
 * files after an option or argument that names one. Pure text.
 */
import * as Option from "effect/Option"
import type { CommandShape, OptionShape } from "./CommandShape.js"

export const shells = ["bash", "zsh", "fish"] as const
export type Shell = (typeof shells)[number]

/** The script for a shell. */
export const script = (shell: Shell, root: CommandShape, globals: ReadonlyArray<OptionShape>): string =>
  ({ bash, zsh, fish })[shell](root.name, places(root, globals))

// ------------------------------------------------------------------------------------------------------------------

/** A command line's words so far, without the program, and what may come next. */
interface Place {
  readonly words: string
  readonly children: ReadonlyArray<CommandShape>
  readonly options: ReadonlyArray<OptionShape>
}

const help: OptionShape = { names: ["--help"], value: Option.none(), repeated: false, description: "Show help" }

const places = (command: CommandShape, globals: ReadonlyArray<OptionShape>, words = ""): ReadonlyArray<Place> => [
  { words, children: command.children, options: [...command.options, ...globals, help] },
  ...command.children.flatMap((child) => places(child, globals, `${words} ${child.name}`.trim()))
]

/** Options whose value is a word of a known set, or a file or directory. */
const wordsOf = (option: OptionShape): ReadonlyArray<string> =>
  Option.match(option.value, {
    onNone: () => [],
    onSome: (value) => (value.includes("|") ? value.split("|") : value === "LEVEL" ? levels : [])
  })

const levels = ["trace", "debug", "info", "warning", "error", "fatal", "none"]

const withValue = (all: ReadonlyArray<Place>): ReadonlyArray<OptionShape> => {
  const found = new Map<string, OptionShape>()
  for (const option of all.flatMap(({ options }) => options))
    if (Option.isSome(option.value)) found.set(option.names[0], option)
  return [...found.values()]
}

/** What may follow an option, by a pattern of `<command> <option>`: one for all commands where they agree, else one for each. */
const values = (all: ReadonlyArray<Place>): ReadonlyArray<Values> =>
  withValue(all).flatMap(({ names: [name] }): ReadonlyArray<Values> => {
    const given = all.flatMap((place) =>
      place.options
        .filter((option) => option.names[0] === name && Option.isSome(option.value))
        .map((option) => ({ command: place.words, words: wordsOf(option) }))
    )
    const [first] = given
    const agree = given.every(({ words }) => words.join(" ") === first?.words.join(" "))
    if (agree) return [{ pattern: `*" ${name}"`, words: first?.words ?? [] }]
    return given.map(({ command, words }) => ({ pattern: `"${command === "" ? "" : ` ${command}`} ${name}"`, words }))
  })

interface Values {
  readonly pattern: string
  readonly words: ReadonlyArray<string>
}

/** Walks the words before the cursor: sets `at` to the command and skips options with their values. */
const walk = (all: ReadonlyArray<Place>): ReadonlyArray<string> => [
  `    case "$word" in`,
  `      ${withValue(all)
    .map(({ names }) => names[0])
    .join("|")}) skip=1 ;;`,
  `      -*) ;;`,
  `      *) case "$at $word" in`,
  `           ${all
    .filter(({ words }) => words !== "")
    .map(({ words }) => `" ${words}"`)
    .join("|")}) at="$at $word" ;;`,
  `         esac ;;`,
  `    esac`
]

const quoted = (words: ReadonlyArray<string>): string => `"${words.join(" ")}"`

const bash = (name: string, all: ReadonlyArray<Place>): string =>
  [
    `# Completion of ${name} for bash: put this into ~/.bashrc:  source <(${name} completions bash)`,
    `_${name}() {`,
    `  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" at="" skip="" word index`,
    `  for ((index = 1; index < COMP_CWORD; index++)); do`,
    `    word="\${COMP_WORDS[index]}"`,
    `    if [[ -n $skip ]]; then skip=""; continue; fi`,
    ...walk(all),
    `  done`,
    `  case "$at $previous" in`,
    ...values(all).map(({ pattern, words }) => {
      const answer = words.length > 0 ? `compgen -W ${quoted(words)} -- "$current"` : `compgen -f -- "$current"`
      return `    ${pattern}) mapfile -t COMPREPLY < <(${answer}); return ;;`
    }),
    `  esac`,
    `  local words=""`,
    `  case "$at" in`,
    ...all.map(({ children, options, words }) => {
      const next = [...children.map((child) => child.name), ...options.map(({ names }) => names[0])]
      return `    "${words === "" ? "" : ` ${words}`}") words=${quoted(next)} ;;`
    }),
    `  esac`,
    `  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")`,
    `  [[ \${#COMPREPLY[@]} -gt 0 || $current == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- "$current")`,
    `}`,
    `complete -o filenames -F _${name} ${name}`
  ].join("\n")

const zsh = (name: string, all: ReadonlyArray<Place>): string =>
  [
    `#compdef ${name}`,
    `# Completion of ${name} for zsh: put this into ~/.zshrc:  source <(${name} completions zsh)`,
    `_${name}() {`,
    `  local at="" skip="" word`,
    `  local -a next`,
    `  for word in "\${(@)words[2,CURRENT-1]}"; do`,
    `    if [[ -n $skip ]]; then skip=""; continue; fi`,
    ...walk(all),
    `  done`,
    `  case "$at \${words[CURRENT-1]}" in`,
    ...values(all).map(
      ({ pattern, words }) =>
        `    ${pattern}) ${words.length > 0 ? `compadd -- ${words.join(" ")}` : "_files"}; return ;;`
    ),
    `  esac`,
    `  case "$at" in`,
    ...all.flatMap(({ children, options, words }) => [
      `    "${words === "" ? "" : ` ${words}`}") next=(`,
      ...children.map(({ name: child, summary }) => `      ${zshEntry(child, summary)}`),
      ...options.map(({ description, names }) => `      ${zshEntry(names[0], description)}`),
      `    ) ;;`
    ]),
    `  esac`,
    `  _describe '${name}' next || _files`,
    `}`,
    `if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _${name} "$@"; else compdef _${name} ${name}; fi`
  ].join("\n")

const zshEntry = (word: string, text: string): string =>
  `'${word.replaceAll(":", "\\:")}:${text.replaceAll("'", "'\\''")}'`

const fish = (name: string, all: ReadonlyArray<Place>): string =>
  [
    `# Completion of ${name} for fish: put this into ~/.config/fish/config.fish:  ${name} completions fish | source`,
    `function __${name}_at`,
    `  set -l words (commandline -opc)`,
    `  set -e words[1]`,
    `  set -l at`,
    `  set -l skip`,
    `  for word in $words`,
    `    if test -n "$skip"; set skip; continue; end`,
    `    switch $word`,
    `      case ${withValue(all)
      .map(({ names }) => names[0])
      .join(" ")}`,
    `        set skip 1`,
    `      case '-*'`,
    `      case '*'`,
    `        contains -- "$at $word" ${all
      .filter(({ words }) => words !== "")
      .map(({ words }) => `" ${words}"`)
      .join(" ")}; and set at "$at $word"`,
    `    end`,
    `  end`,
    `  test "$at" = "$argv[1]"`,
    `end`,
    ...all.flatMap(({ children, options, words }) => {
      const here = `complete -c ${name} -n '__${name}_at "${words === "" ? "" : ` ${words}`}"'`
      return [
        ...children.map(({ name: child, summary }) => `${here} -f -a ${child} -d ${fishText(summary)}`),
        ...options.map((option) => {
          const known = wordsOf(option)
          const value = Option.isNone(option.value) ? "" : known.length > 0 ? ` -x -a "${known.join(" ")}"` : " -r"
          return `${here} -l ${option.names[0].slice(2)}${value} -d ${fishText(option.description)}`
        })
      ]
    })
  ].join("\n")

const fishText = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`
