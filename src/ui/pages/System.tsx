/** The supervision tree in full, the chosen node beside it, and what this process is. */
import { bytes, count, duration } from "../model/Quantity.js"
import { Time } from "../parts/Age.js"
import { History } from "../parts/History.js"
import { NodeFacts } from "../parts/NodeFacts.js"
import { Empty, Panel } from "../parts/Panel.js"
import { TreeView } from "../parts/TreeView.js"
import type { PageProps } from "./Overview.js"

export const System = ({ chosen, now, sample }: PageProps & { readonly chosen: string | undefined }) => {
  if (sample === undefined) {
    return (
      <div className="stack">
        <h1>System</h1>
        <Empty>Asking the site…</Empty>
      </div>
    )
  }
  const { status } = sample
  const node = status.tree.find(({ path }) => path === chosen)
  return (
    <div className="stack">
      <h1>System</h1>
      <div className="beside">
        <Panel title="Supervision tree" aside={<span className="meta">{count(status.tree.length)} nodes</span>}>
          <TreeView nodes={status.tree} now={now} chosen={chosen} />
        </Panel>
        <div className="stack">
          {chosen !== undefined && (
            <Panel title={chosen} className="node-panel">
              {node === undefined ? (
                <Empty>No node {chosen} is in the tree now.</Empty>
              ) : (
                <NodeFacts node={node} nodes={status.tree} now={now} />
              )}
            </Panel>
          )}
          <Panel title="This process">
            <dl className="facts pad">
              <dt>Version</dt>
              <dd className="mono">{status.version}</dd>
              <dt>Host</dt>
              <dd className="mono">{status.host}</dd>
              <dt>Process</dt>
              <dd className="mono">{status.pid}</dd>
              <dt>Started</dt>
              <dd>
                <Time at={status.startedAt} /> <span className="meta">{duration(now - status.startedAt)} ago</span>
              </dd>
              <dt>Memory</dt>
              <dd className="mono">{bytes(status.memory.rss)}</dd>
              <dt>Disk left</dt>
              <dd className="mono">
                {bytes(status.disk.free)} of {bytes(status.disk.total)}
              </dd>
              <dt>Site</dt>
              <dd className="mono break">{status.site}</dd>
              <dt>Written</dt>
              <dd className="mono">
                {bytes(status.telemetry.bytesWritten)} in {count(status.telemetry.syncs)} syncs
              </dd>
            </dl>
          </Panel>
          <History now={now} version={status.telemetry.seq.system} rows={30} />
        </div>
      </div>
    </div>
  )
}
