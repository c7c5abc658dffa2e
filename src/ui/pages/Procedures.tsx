/** What drives the instruments and looks after the site: the procedures, the chosen one beside them, and the state they share. */
import { useOrdered, useProcedures } from "../live/ProcedureFeed.js"
import { count } from "../model/Quantity.js"
import { isTrouble } from "../model/Tree.js"
import { Empty, Panel, Problem } from "../parts/Panel.js"
import { ProcedureDetail } from "../parts/ProcedureDetail.js"
import { ProcedureTable } from "../parts/ProcedureTable.js"
import { StatePanel } from "../parts/StatePanel.js"
import type { PageProps } from "./Overview.js"

export const Procedures = ({ chosen, now, sample }: PageProps & { readonly chosen: string | undefined }) => {
  const { problem, value: list } = useProcedures()
  const ordered = useOrdered()
  const one = chosen === undefined ? list?.[0] : list?.find(({ name }) => name === chosen)
  const troubled = list?.filter(({ status }) => isTrouble(status)).length ?? 0
  return (
    <div className="stack">
      <h1>Procedures</h1>
      <div className="procedures-page">
        <Panel
          title="All procedures"
          className="procedure-list"
          aside={
            list !== undefined && (
              <span className="meta">
                {count(list.filter(({ running }) => running).length)} in a run, {count(list.length)} in all
                {troubled === 0 ? "" : `, ${count(troubled)} in trouble`}
              </span>
            )
          }
        >
          {problem !== undefined && <Problem>{problem}</Problem>}
          {list === undefined ? (
            problem === undefined && <Empty>Asking the site…</Empty>
          ) : list.length === 0 ? (
            <Empty command="outpost procedure list">
              A procedure drives an instrument or looks after the site: an entry under <code>procedures</code> in{" "}
              {sample?.status.config.path ?? "the config"} names it. There is none, or all are switched off. The same in
              a shell:
            </Empty>
          ) : (
            <ProcedureTable list={list} ordered={ordered} chosen={one?.name} now={now} />
          )}
        </Panel>
        <div className="stack procedure-chosen">
          {one !== undefined && (
            <ProcedureDetail key={one.name} status={one} ordered={ordered.get(one.name)} now={now} />
          )}
          {one === undefined && chosen !== undefined && list !== undefined && (
            <Panel title={chosen}>
              <Empty command="outpost procedure list">
                No enabled entry of the config is called {chosen}. Which there are, in a shell:
              </Empty>
            </Panel>
          )}
        </div>
        <StatePanel now={now} />
      </div>
    </div>
  )
}
