/** The state that procedures share: each part as it stands, and what became of it. */
import * as Effect from "effect/Effect"
import type { StateChange } from "../../domain/State.js"
import { ProcedureOperations } from "../../operations/ProcedureOperations.js"
import { setQuery, useAddress } from "../live/Address.js"
import { usePolled } from "../live/Polled.js"
import { count } from "../model/Quantity.js"
import { oneLine } from "../model/Shorten.js"
import { Age } from "./Age.js"
import { Copy, Json } from "./Json.js"
import { Empty, Panel, Problem } from "./Panel.js"

export const StatePanel = ({ now }: { readonly now: number }) => {
  const wanted = useAddress().searchParams.get("part") ?? undefined
  const [{ problem, value }, again] = usePolled("state", () => snapshot, everyMillis)
  const names = Object.keys(value?.parts ?? {}).sort()
  const part = wanted !== undefined && names.includes(wanted) ? wanted : undefined
  const shown = part === undefined ? value?.parts : value?.parts[part]
  return (
    <Panel
      title="State they share"
      className="state-panel"
      aside={
        names.length > 0 && (
          <>
            <span className="meta">revision {count(value?.revision ?? 0)}</span>
            <select
              className="mono"
              aria-label="Part of the state"
              value={part ?? ""}
              onChange={(event) => setQuery({ part: event.target.value }, { replace: true })}
            >
              <option value="">all parts</option>
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
            <Copy text={() => JSON.stringify(shown, null, 2)} />
          </>
        )
      }
    >
      {problem !== undefined && <Problem onRetry={again}>{problem}</Problem>}
      {value === undefined ? (
        problem === undefined && <Empty>Asking the site…</Empty>
      ) : names.length === 0 && value.revision === 0 ? (
        <Empty command="outpost state show">
          What procedures tell each other stands here, part by part: a line <code>{`{"state": {"<name>": …}}`}</code> of
          a command, or <code>state.update</code> of a module. Nobody has told anything yet. The same in a shell:
        </Empty>
      ) : (
        <div className="state-parts">
          <div className="pad">
            <Json value={shown ?? {}} />
          </div>
          <Changes part={part} now={now} />
        </div>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const everyMillis = 2_000
const most = 50

const snapshot = Effect.flatMap(ProcedureOperations, ({ state }) => state)

interface ChangesProps {
  readonly part: string | undefined
  readonly now: number
}

const Changes = ({ now, part }: ChangesProps) => {
  const [{ problem, value }, again] = usePolled(
    `changes ${part ?? ""}`,
    () => Effect.flatMap(ProcedureOperations, ({ stateHistory }) => stateHistory({ part, limit: most })),
    everyMillis
  )
  if (problem !== undefined) return <Problem onRetry={again}>{problem}</Problem>
  return (
    <div className="table-scroll">
      <table className="state-changes">
        <caption className="meta">
          {part === undefined ? "The newest changes" : `The newest changes of ${part}`}
        </caption>
        <thead>
          <tr>
            <th scope="col" className="number">
              Revision
            </th>
            <th scope="col" className="number">
              When
            </th>
            <th scope="col">Part</th>
            <th scope="col">By</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {(value ?? []).map((change) => (
            <Change key={change.revision} change={change} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const Change = ({
  change: { at, by, part, revision, value },
  now
}: {
  readonly change: StateChange
  readonly now: number
}) => (
  <tr data-revision={revision}>
    <td className="number mono">{revision}</td>
    <td className="number">
      <Age at={at} now={now} />
    </td>
    <td className="mono">{part}</td>
    <td className="mono">{by}</td>
    <td className="mono cut" title={JSON.stringify(value)}>
      {value === null ? <span className="meta">removed or null</span> : oneLine(value)}
    </td>
  </tr>
)
