/** The workers: how fast each is, what waits for it, how busy it is, and what went wrong. */
import type { NodeStatus } from "../../actor/NodeStatus.js"
import { loadEvents, type Loads } from "../live/EnsembleFeed.js"
import { backlogOf, type Service, type Services } from "../model/Ensemble.js"
import { bytes, count, counted, rate } from "../model/Quantity.js"
import { Age } from "./Age.js"
import { Empty, Panel } from "./Panel.js"
import { NarrowOrders, ServiceMark, ServiceName, ServiceOrders, Trouble } from "./ServiceMark.js"

export interface EnsembleWorkersProps {
  readonly services: Services
  readonly loads: Loads | undefined
  readonly tree: ReadonlyArray<NodeStatus>
  readonly now: number
}

export const EnsembleWorkers = ({ loads, now, services, tree }: EnsembleWorkersProps) => {
  const { ingesters, workers } = services
  const rates = workers.reduce((sum, worker) => sum + rateOf(worker), 0)
  return (
    <Panel
      title="Workers"
      aside={
        workers.length > 0 && (
          <span className="meta">
            {counted(workers.length, "worker")}, {rate(rates)} events per second
          </span>
        )
      }
    >
      {workers.length === 0 ? (
        <Empty command="outpost ingest worker --help">
          A worker runs your code on the frames of each event it is given. None lives. Name one under{" "}
          <code>ingest.workers</code> in the config, or run one elsewhere:
        </Empty>
      ) : (
        <div className="table-scroll">
          <table className="ensemble-table">
            <thead>
              <tr>
                <th scope="col">Worker</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Per second
                </th>
                <th scope="col" className="number wide-only">
                  Events
                </th>
                <th
                  scope="col"
                  className="number"
                  title="Events it was given and has not begun, and messages that wait for it"
                >
                  Backlog
                </th>
                <th
                  scope="col"
                  className="number"
                  title={`Share of its time that was work, over its last ${loadEvents} events`}
                >
                  Load
                </th>
                <th scope="col" className="number wide-only" title="Events whose frames did not come">
                  Lost
                </th>
                <th scope="col" className="wide-only">
                  <span className="hidden-label">Orders</span>
                </th>
              </tr>
            </thead>
            {workers.map((worker) => (
              <Row key={worker.name} worker={worker} ingesters={ingesters} loads={loads} tree={tree} now={now} />
            ))}
          </table>
        </div>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const rateOf = ({ local, told }: Service<"worker">): number => local?.rate ?? told?.event_rate ?? 0

interface RowProps extends Omit<EnsembleWorkersProps, "services"> {
  readonly worker: Service<"worker">
  readonly ingesters: Services["ingesters"]
}

const Row = ({ ingesters, loads, now, tree, worker }: RowProps) => {
  const { local, name, told } = worker
  const backlog = backlogOf(worker, ingesters)
  const tags = told?.tags.filter((tag) => tag !== "generic") ?? []
  const lost = local?.lost ?? 0
  const trouble = local?.lastTrouble
  return (
    <tbody data-service={`worker-${name}`}>
      <tr>
        <td>
          <ServiceName service={worker} />
          {tags.length > 0 && <span className="meta note">{tags.join(", ")}</span>}
        </td>
        <td>
          <ServiceMark service={worker} now={now} />
        </td>
        <td className="mono number">{rate(rateOf(worker))}</td>
        <td className="mono number wide-only">{count(local?.processed ?? told?.processed_events ?? 0)}</td>
        <td className="mono number" data-bad={backlog.dropped}>
          {backlog.events === undefined ? "–" : count(backlog.events)}
          {backlog.messages > 0 && (
            <span className="meta note" title={`${bytes(backlog.bytes)} wait at ingesters`}>
              + {count(backlog.messages)}
            </span>
          )}
          {backlog.dropped && <span className="note">left out</span>}
          {!backlog.dropped && backlog.blockedSince !== undefined && (
            <span className="meta note">
              takes nothing for <Age at={backlog.blockedSince} now={now} />
            </span>
          )}
        </td>
        <td className="mono number" title={loadTitle(loads, name)}>
          {percent(loads?.[name]?.intervals[String(loadEvents)])}
        </td>
        <td className="mono number wide-only" data-bad={lost > 0}>
          {local === undefined ? "–" : count(lost)}
        </td>
        <td className="number wide-only">
          <ServiceOrders service={worker} tree={tree} />
        </td>
      </tr>
      <NarrowOrders service={worker} tree={tree} />
      {(trouble != null || worker.node?.lastCause !== undefined) && (
        <tr className="trouble-row">
          <td colSpan={8}>
            <Trouble service={worker} text={trouble} times={local?.troubles ?? 0} />
          </td>
        </tr>
      )}
    </tbody>
  )
}

type Interval = Loads[string]["intervals"][string]

const percent = (interval: Interval | undefined): string =>
  interval === undefined || interval.total === 0 ? "–" : `${Math.round((100 * interval.active) / interval.total)} %`

const loadTitle = (loads: Loads | undefined, name: string): string => {
  const whole = loads?.[name]?.intervals["scan"]
  return whole === undefined ? "Nothing is known of its load" : `${percent(whole)} over the whole scan`
}
