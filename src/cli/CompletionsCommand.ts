/** `completions`: scripts that let a shell complete our commands. */
import * as Args from "@effect/cli/Args"
import * as CommandSpec from "./CommandSpec.js"
import type { CommandShape } from "./CommandShape.js"
import * as Completions from "./Completions.js"
import * as Globals from "./Globals.js"
import * as Output from "./Output.js"

/** Needs the whole tree of commands, itself included, so it is given when it is asked for. */
export const completions = (root: () => CommandShape): CommandSpec.CommandSpec =>
  CommandSpec.make(
    "completions",
    {
      summary: "Print a completion script for your shell",
      examples: [
        ["source <(outpost completions bash)", "for this shell; put it into ~/.bashrc to keep it"],
        ["outpost completions fish | source", "for fish"]
      ]
    },
    {
      shell: Args.choice(
        Completions.shells.map((shell) => [shell, shell] as const),
        { name: Completions.shells.join("|") }
      ).pipe(Args.withDescription("Which shell"))
    },
    ({ shell }) => Output.line(Completions.script(shell, root(), Globals.shapes))
  )
