/** Restart, stop and start of one node; what an order touches is said before it is carried out. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { useState } from "react"
import type { NodeStatus } from "../../actor/NodeStatus.js"
import { SiteOperations } from "../../operations/SiteOperations.js"
import { ask } from "../live/Server.js"
import { refresh } from "../live/SiteFeed.js"
import { within } from "../model/Tree.js"
import { Confirm } from "./Dialog.js"

type Action = "start" | "stop" | "restart"

/** The buttons of a node. What went wrong is said beside them. */
export const Orders = ({ node, nodes }: { readonly node: NodeStatus; readonly nodes: ReadonlyArray<NodeStatus> }) => {
  const [asked, setAsked] = useState<Exclude<Action, "start"> | undefined>(undefined)
  const [pending, setPending] = useState<Action | undefined>(undefined)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const touched = within(nodes, node.path).length - 1
  const order = async (action: Action) => {
    setPending(action)
    setProblem(undefined)
    const wrong = await carryOut(action, node.path)
    setPending(undefined)
    return wrong
  }
  const servesUs = node.path === serving
  const others = touched === 0 ? "" : ` and the ${touched} below it`
  return (
    <span className="orders">
      {problem !== undefined && (
        <span className="field-problem" role="alert">
          {problem}
        </span>
      )}
      {atRest(node) ? (
        <OrderButton
          node={node}
          action="start"
          pending={pending}
          onPress={() => void order("start").then(setProblem)}
        />
      ) : (
        <>
          <OrderButton
            node={node}
            action="restart"
            pending={pending}
            onPress={() => (touched === 0 && !servesUs ? void order("restart").then(setProblem) : setAsked("restart"))}
          />
          <OrderButton node={node} action="stop" pending={pending} onPress={() => setAsked("stop")} />
        </>
      )}
      {asked !== undefined && (
        <Confirm
          title={`${asked === "stop" ? "Stop" : "Restart"} ${node.path}?`}
          action={`${asked === "stop" ? "Stop" : "Restart"} ${node.path}`}
          onClose={() => setAsked(undefined)}
          onConfirm={() => order(asked)}
        >
          {servesUs && (
            <p>
              <strong>
                This page and every client are served by it.{" "}
                {asked === "stop"
                  ? "Once it is stopped, nothing can be started from here: only a restart of the whole site brings it back."
                  : "All are cut off until it is back."}
              </strong>
            </p>
          )}
          {!(servesUs && asked === "stop") && (
            <p>
              {asked === "stop"
                ? `Ends ${node.path}${others} in order. It stays stopped until it is started again, here or with `
                : `Ends ${node.path}${others} in order, then starts ${touched === 0 ? "it" : "them"} again. From a shell: `}
              <code>
                outpost actor {asked === "stop" ? "start" : "restart"} {node.path}
              </code>
              .
            </p>
          )}
        </Confirm>
      )}
    </span>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const atRest = ({ status }: NodeStatus): boolean =>
  status === "stopped" || status === "failed" || status === "quarantined"

const words: Readonly<Record<Action, readonly [string, string]>> = {
  start: ["Start", "Starting…"],
  stop: ["Stop", "Stopping…"],
  restart: ["Restart", "Restarting…"]
}

/** The node that answers this page. */
const serving = "http"

interface OrderButtonProps {
  readonly node: NodeStatus
  readonly action: Action
  readonly pending: Action | undefined
  readonly onPress: () => void
}

const OrderButton = ({ action, node, onPress, pending }: OrderButtonProps) => (
  <button
    type="button"
    className="small button"
    disabled={pending !== undefined}
    aria-label={`${words[action][0]} ${node.path}`}
    onClick={onPress}
  >
    {words[action][pending === action ? 1 : 0]}
  </button>
)

const carryOut = async (action: Action, path: string): Promise<string | undefined> => {
  const answer = await ask(
    Effect.flatMap(SiteOperations, (site) =>
      action === "start" ? site.startActor(path) : action === "stop" ? site.stopActor(path) : site.restartActor(path)
    )
  )
  await refresh()
  return Either.isLeft(answer) ? answer.left.message : undefined
}
