/**
 * What a command takes, read off its declaration: the words, the options and whether each has a value, the positional
 * arguments. Splitting the command line, help and completions all go by it, so none of them can drift from the parser.
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import type * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"
import type * as Usage from "@effect/cli/Usage"
import * as Option from "effect/Option"

export interface OptionShape {
  /** With their dashes, the long one first. */
  readonly names: readonly [string, ...ReadonlyArray<string>]
  /** What stands for the value in help; none for a flag. */
  readonly value: Option.Option<string>
  /** May be given several times. */
  readonly repeated: boolean
  readonly description: string
}

export interface ArgumentShape {
  readonly name: string
  readonly required: boolean
  /** Stands for all the words that are left. */
  readonly repeated: boolean
  readonly description: string
}

/** A tree of words. */
export interface CommandShape {
  readonly name: string
  /** One line. */
  readonly summary: string
  /** False for a word that only leads to other commands. */
  readonly acts: boolean
  readonly options: ReadonlyArray<OptionShape>
  readonly positionals: ReadonlyArray<ArgumentShape>
  readonly children: ReadonlyArray<CommandShape>
}

/** Ends the placeholder of an option that may be given several times. */
export const repeatedMark = "..."

/** The options and positional arguments of a declared command. */
export const of = (command: CommandDescriptor.Command<unknown>): Pick<CommandShape, "options" | "positionals"> => {
  const descriptions = new Map(definitions(CommandDescriptor.getHelp(command, CliConfig.defaultConfig)))
  const [, ...named] = namedParts(CommandDescriptor.getUsage(command), { required: true, repeated: false })
  return {
    options: named.filter(isOption).flatMap(({ names, value }) => {
      const [first, ...others] = names.toSorted((a, b) => b.length - a.length)
      if (first === undefined) return []
      return {
        names: [first, ...others] as const,
        value: Option.map(value, (text) => text.replace(repeatedMark, "").replaceAll(" | ", "|")),
        repeated: Option.exists(value, (text) => text.endsWith(repeatedMark)),
        description: names.map((name) => descriptions.get(name)).find((text) => text !== undefined) ?? ""
      }
    }),
    positionals: named
      .filter((part) => !isOption(part))
      .map(({ names, repeated, required }) => ({
        name: (names[0] ?? "").replaceAll(/[<>]/g, ""),
        required,
        repeated,
        description: descriptions.get(names[0] ?? "") ?? ""
      }))
  }
}

/** A document of the parser library as plain text, without the colours it would add. */
export const textOf = (doc: HelpDoc.HelpDoc): string => paragraphs(doc).join("; ")

// ------------------------------------------------------------------------------------------------------------------

const isOption = ({ names }: NamedPart) => names[0]?.startsWith("-") === true

interface Multiplicity {
  readonly required: boolean
  readonly repeated: boolean
}

interface NamedPart extends Multiplicity {
  readonly names: ReadonlyArray<string>
  readonly value: Option.Option<string>
}

const namedParts = (usage: Usage.Usage, times: Multiplicity): ReadonlyArray<NamedPart> => {
  switch (usage._tag) {
    case "Empty":
    case "Mixed":
      return []
    case "Named":
      return [{ names: usage.names, value: usage.acceptedValues, ...times }]
    case "Optional":
      return namedParts(usage.usage, { ...times, required: false })
    case "Repeated":
      // How many there must be at least is not told; those of ours may all be left out.
      return namedParts(usage.usage, { required: false, repeated: true })
    case "Alternation":
    case "Concat":
      return [...namedParts(usage.left, times), ...namedParts(usage.right, times)]
  }
}

/** Name and our own sentence of each option and argument: the library puts a sentence about the kind of value first. */
const definitions = (doc: HelpDoc.HelpDoc): ReadonlyArray<readonly [string, string]> => {
  if (doc._tag === "Sequence") return [...definitions(doc.left), ...definitions(doc.right)]
  if (doc._tag !== "DescriptionList") return []
  return doc.definitions.flatMap(([span, body]) => {
    const name = /<[^>]+>|-{1,2}[\w-]+/.exec(spanText(span))?.[0]
    return name === undefined ? [] : [[name, paragraphs(body)[1] ?? ""] as const]
  })
}

const paragraphs = (doc: HelpDoc.HelpDoc): ReadonlyArray<string> =>
  doc._tag === "Sequence"
    ? [...paragraphs(doc.left), ...paragraphs(doc.right)]
    : doc._tag === "Paragraph" || doc._tag === "Header"
      ? [spanText(doc.value)]
      : []

const spanText = (span: Span.Span): string =>
  span._tag === "Sequence"
    ? spanText(span.left) + spanText(span.right)
    : typeof span.value === "string"
      ? span.value
      : spanText(span.value)
