/**
 * A command as it is declared: its words, what it teaches in its help, its typed input, and the effect it runs. Each that
 * acts is parsed by the parser library on tokens that `Arguments` has put in order.
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type * as Terminal from "@effect/platform/Terminal"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Types from "effect/Types"
import * as CommandShape from "./CommandShape.js"
import type { EnsembleRoles } from "./EnsembleRoles.js"
import { type Failure, UsageProblem } from "./Failure.js"
import type { Globals } from "./Globals.js"
import type { Launcher } from "./Launcher.js"
import type { StandardIo } from "./StandardIo.js"

/** What a command may ask for. */
export type Environment =
  | Launcher
  | EnsembleRoles
  | StandardIo
  | Globals
  | FileSystem.FileSystem
  | Path.Path
  | Terminal.Terminal
  | Scope.Scope
  | DateTime.CurrentTimeZone

export interface Doc {
  /** One line, for the list of commands. */
  readonly summary: string
  /** Paragraphs of the command's own help. */
  readonly about?: ReadonlyArray<string>
  /** Command lines, each with what it does. */
  readonly examples: ReadonlyArray<readonly [line: string, does: string]>
}

export interface CommandSpec extends CommandShape.CommandShape {
  readonly doc: Doc
  readonly children: ReadonlyArray<CommandSpec>
  /** Runs on tokens in order: options, `--`, positional arguments. */
  readonly run: (tokens: ReadonlyArray<string>) => Effect.Effect<void, Failure, Environment>
}

/** A command that does something. */
export const make = <Name extends string, const Config extends Command.Command.Config, E extends Failure>(
  name: Name,
  doc: Doc,
  config: Config,
  handler: (input: Types.Simplify<Command.Command.ParseConfig<Config>>) => Effect.Effect<void, E, Environment>
): CommandSpec => {
  const descriptor = once(() => Command.make(name, config).descriptor)
  const shape = once(() => CommandShape.of(descriptor()))
  return {
    name,
    doc,
    summary: doc.summary,
    acts: true,
    children: [],
    get options() {
      return shape().options
    },
    get positionals() {
      return shape().positionals
    },
    run: (tokens) =>
      CommandDescriptor.parse(descriptor(), [name, ...tokens], CliConfig.defaultConfig).pipe(
        Effect.mapError((error) => new UsageProblem({ message: CommandShape.textOf(error.error) })),
        Effect.filterOrFail(
          (directive) => directive._tag === "UserDefined",
          () => new UsageProblem({ message: "these options belong to no command" })
        ),
        Effect.flatMap(({ value }) => handler(value))
      )
  }
}

/** A command that does something by itself, and leads to others too. */
export const withCommands = (command: CommandSpec, children: ReadonlyArray<CommandSpec>): CommandSpec => ({
  name: command.name,
  doc: command.doc,
  summary: command.summary,
  acts: command.acts,
  children,
  get options() {
    return command.options
  },
  get positionals() {
    return command.positionals
  },
  run: command.run
})

/** A word that only leads to other commands; by itself it shows its help. */
export const group = (name: string, doc: Doc, children: ReadonlyArray<CommandSpec>): CommandSpec => ({
  name,
  doc,
  summary: doc.summary,
  acts: false,
  options: [],
  positionals: [],
  children,
  run: () => Effect.void
})

// ------------------------------------------------------------------------------------------------------------------

/** Of all commands that are declared, a command line asks one for its options: the others don't work theirs out. */
const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}
