/** How a procedure stands, and the orders it takes: what is pending is said on the procedure itself. */
import { useState } from "react"
import type { ProcedureStatus } from "../../operations/ProcedureOperations.js"
import { order, type Ordered } from "../live/ProcedureFeed.js"
import { actionsOf, type Action } from "../model/Procedure.js"
import { Age } from "./Age.js"
import { Confirm } from "./Dialog.js"
import { Mark, StateMark } from "./Mark.js"

export interface ProcedureMarkProps {
  readonly status: ProcedureStatus
  readonly ordered: Ordered | undefined
  readonly now: number
}

export const ProcedureMark = ({ now, ordered, status }: ProcedureMarkProps) => {
  const { since, status: state, until } = status
  if (ordered?.pending !== undefined) return <Mark shape="ring" tone="busy" word={pendingWords[ordered.pending]} />
  return (
    <>
      <StateMark state={state} />
      <span className="meta note">
        {until !== null && state === "backing-off" ? (
          `again in ${Math.max(0, Math.ceil((until - now) / 1000))} s`
        ) : (
          <>
            for <Age at={since} now={now} />
          </>
        )}
      </span>
    </>
  )
}

export const ProcedureOrders = ({ ordered, status }: Omit<ProcedureMarkProps, "now">) => {
  const [asked, setAsked] = useState(false)
  const { name } = status
  return (
    <span className="orders always">
      {actionsOf(status).map((action) => (
        <button
          key={action}
          type="button"
          className="small button"
          disabled={ordered?.pending !== undefined}
          aria-label={`${buttons[action]} ${name}`}
          onClick={() => (action === "stop" ? setAsked(true) : void order(name, action))}
        >
          {ordered?.pending === action ? pendingButtons[action] : buttons[action]}
        </button>
      ))}
      {ordered?.problem !== undefined && (
        <span className="field-problem break" role="alert">
          {ordered.problem}
        </span>
      )}
      {asked && (
        <Confirm
          title={`Stop ${name}?`}
          action={`Stop ${name}`}
          onClose={() => setAsked(false)}
          onConfirm={() => {
            setAsked(false)
            return order(name, "stop")
          }}
        >
          <p>
            Ends {status.running ? "the run under way" : "its schedule"} in order. It stays stopped until it is started
            again, here or with <code className="break">outpost procedure start {name}</code>, or until its entry in the
            config changes.
          </p>
        </Confirm>
      )}
    </span>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const buttons: Readonly<Record<Action, string>> = { start: "Start", stop: "Stop", restart: "Restart" }

const pendingButtons: Readonly<Record<Action, string>> = {
  start: "Starting…",
  stop: "Stopping…",
  restart: "Restarting…"
}

const pendingWords: Readonly<Record<Action, string>> = {
  start: "starting",
  stop: "stopping",
  restart: "restarting"
}
