/** `tree`: everything that runs on the site. `actor`: stop, start and restart one of it. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { NodeStatus } from "../actor/NodeStatus.js"
import { type ActorFailed, NoSuchActor, SiteOperations } from "../operations/SiteOperations.js"
import type { Remote } from "../operations/Unreachable.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as Flags from "./Flags.js"
import { Globals } from "./Globals.js"
import * as Output from "./Output.js"
import { StandardIo } from "./StandardIo.js"
import * as TreeView from "./TreeView.js"

export const tree = CommandSpec.make(
  "tree",
  {
    summary: "The supervision tree of the running server",
    examples: [
      ["outpost tree", "every actor and how it is"],
      ["outpost tree --watch", "again at each change, until interrupted"]
    ]
  },
  { watch: Flags.flag("watch", "Show it again each time it changes") },
  ({ watch }) =>
    Effect.gen(function* () {
      const site = yield* SiteOperations
      if (!watch) {
        const nodes = yield* site.tree
        const now = yield* Clock.currentTimeMillis
        return yield* Output.answer({
          json: () => encode({ nodes }),
          text: (style) => TreeView.lines(nodes, now, style)
        })
      }
      const { terminal } = yield* StandardIo
      const { json } = yield* Globals
      const style = yield* Output.style
      const wipe = terminal.out && !json ? "\u001b[H\u001b[2J" : ""
      yield* site.treeChanges.pipe(
        Stream.mapEffect((nodes) =>
          Effect.map(Clock.currentTimeMillis, (now) =>
            json ? encode({ nodes }) : `${wipe}${TreeView.lines(nodes, now, style).join("\n")}\n`
          )
        ),
        Output.lines
      )
    }).pipe(Connect.onServer)
)

type Action = "stop" | "start" | "restart"

const actions: ReadonlyArray<readonly [Action, string]> = [
  ["stop", "Stop it and everything below it; it stays stopped"],
  ["start", "Start it, if it stands still"],
  ["restart", "Stop it, then start it with nothing kept in memory"]
]

export const actor = CommandSpec.group(
  "actor",
  {
    summary: "Stop, start or restart one node of the tree",
    examples: [["outpost actor restart procedures/system-checks", "paths are as outpost tree shows them"]]
  },
  actions.map(([action, summary]) =>
    CommandSpec.make(
      action,
      { summary, examples: [[`outpost actor ${action} procedures/system-checks`, "by its path"]] },
      { path: Flags.argument("PATH", "Ids from below the root, joined with /") },
      ({ path }) =>
        Effect.gen(function* () {
          yield* order(action, path)
          yield* told(action, path)
        }).pipe(Connect.onServer)
    )
  )
)

// ------------------------------------------------------------------------------------------------------------------

const encode = Output.encode(Schema.Struct({ nodes: Schema.Array(NodeStatus) }))

const order = (action: Action, path: string): Effect.Effect<void, NoSuchActor | ActorFailed | Remote, SiteOperations> =>
  Effect.flatMap(SiteOperations, (site) =>
    action === "stop" ? site.stopActor(path) : action === "start" ? site.startActor(path) : site.restartActor(path)
  )

/** Says what was done and how the node is now. */
const told = (action: Action, path: string) =>
  Effect.gen(function* () {
    const site = yield* SiteOperations
    const state = (yield* site.tree).find((node) => node.path === path)?.status
    const done = { stop: "stopped", start: "started", restart: "restarted" }[action]
    yield* Output.answer({
      json: () => JSON.stringify({ path, action, state }),
      text: () => [`${done} ${path}${state === undefined ? "" : ` (${state})`}`]
    })
  })
