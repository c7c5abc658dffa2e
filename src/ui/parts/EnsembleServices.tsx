/** Controller, ingesters and reducer: whether each works, on what, and the last thing that went wrong. */
import type { ReactNode } from "react"
import type { NodeStatus } from "../../actor/NodeStatus.js"
import type { Kind, Service, Services } from "../model/Ensemble.js"
import { bytes, count, counted, rate } from "../model/Quantity.js"
import { Ago } from "./Age.js"
import { Mark } from "./Mark.js"
import { Panel } from "./Panel.js"
import { NarrowOrders, ServiceMark, ServiceName, ServiceOrders, Trouble } from "./ServiceMark.js"

export interface EnsembleServicesProps {
  readonly services: Services
  readonly tree: ReadonlyArray<NodeStatus>
  readonly now: number
}

export const EnsembleServices = ({ now, services, tree }: EnsembleServicesProps) => {
  const { controller, ingesters, reducer } = services
  const around = { tree, now }
  return (
    <Panel title="Controller, ingesters, reducer">
      <div className="table-scroll">
        <table className="ensemble-table">
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">State</th>
              <th scope="col">Work</th>
              <th scope="col" className="number">
                Per second
              </th>
              <th scope="col" className="number wide-only">
                Events
              </th>
              <th scope="col" className="wide-only">
                <span className="hidden-label">Orders</span>
              </th>
            </tr>
          </thead>
          {controller === undefined ? (
            <Absent name="controller" />
          ) : (
            <Row {...around} service={controller} work={<span className="meta">hands out events</span>} />
          )}
          {ingesters.map((ingester) => {
            const { local, told } = ingester
            return (
              <Row
                key={ingester.name}
                {...around}
                service={ingester}
                work={<Phase service={ingester} />}
                perSecond={local?.eventRate ?? told?.event_rate}
                events={local?.processedEvents ?? told?.processed_events}
                trouble={local?.lastError?.detail}
                troubleAt={local?.lastError?.at}
              />
            )
          })}
          {reducer === undefined ? (
            <Absent name="reducer" />
          ) : (
            <Row
              {...around}
              service={reducer}
              work={<span className="meta">combines results</span>}
              perSecond={reducer.local?.rate ?? reducer.told?.event_rate}
              events={reducer.local?.processed ?? reducer.told?.processed_events}
              trouble={reducer.local?.lastTrouble}
              times={reducer.local?.troubles}
            />
          )}
        </table>
      </div>
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

interface RowProps {
  readonly service: Service<Kind>
  readonly tree: ReadonlyArray<NodeStatus>
  readonly now: number
  readonly work: ReactNode
  readonly perSecond?: number | undefined
  readonly events?: number | undefined
  readonly trouble?: string | null | undefined
  readonly troubleAt?: number | undefined
  readonly times?: number | undefined
}

const Row = ({ events, now, perSecond, service, times = 0, tree, trouble, troubleAt, work }: RowProps) => (
  <tbody data-service={service.name === service.kind ? service.kind : `${service.kind}-${service.name}`}>
    <tr>
      <td>
        <ServiceName service={service} />
        {service.name !== service.kind && <span className="meta note">{service.kind}</span>}
      </td>
      <td>
        <ServiceMark service={service} now={now} />
      </td>
      <td>{work}</td>
      <td className="mono number">{perSecond === undefined ? "" : rate(perSecond)}</td>
      <td className="mono number wide-only">{events === undefined ? "" : count(events)}</td>
      <td className="number wide-only">
        <ServiceOrders service={service} tree={tree} />
      </td>
    </tr>
    <NarrowOrders service={service} tree={tree} />
    {(trouble != null || service.node?.lastCause !== undefined) && (
      <tr className="trouble-row">
        <td colSpan={6}>
          {troubleAt !== undefined && (
            <span className="meta">
              <Ago at={troubleAt} now={now} />:{" "}
            </span>
          )}
          <Trouble service={service} text={trouble} times={times} />
        </td>
      </tr>
    )}
  </tbody>
)

const Absent = ({ name }: { readonly name: "controller" | "reducer" }) => (
  <tbody data-service={name}>
    <tr>
      <td className="mono">{name}</td>
      <td>
        <Mark shape="square" tone="rest" word="not here" />
      </td>
      <td colSpan={4} className="meta wrap">
        {name === "controller" ? (
          <>
            Scans are begun where it runs; <code>ingest.controller: true</code> runs it here.
          </>
        ) : (
          <>
            Results are combined where it runs; <code>ingest.reducer</code> runs it here.
          </>
        )}
      </td>
    </tr>
  </tbody>
)

const Phase = ({ service: { local } }: { readonly service: Service<"ingester"> }) => {
  if (local === undefined) return <span className="meta">elsewhere</span>
  const { assignmentsWaiting, bytes: taken, phase, undelivered } = local
  return (
    <>
      {phase === "stalled" ? (
        <Mark shape="half" tone="warn" word="stalled" />
      ) : phase === "failed" ? (
        <Mark shape="triangle" tone="bad" word="failed" />
      ) : (
        <span>{phase}</span>
      )}
      <span className="meta note" title={`${bytes(taken)} since it began`}>
        {assignmentsWaiting > 0 ? `${counted(assignmentsWaiting, "event")} waiting` : bytes(taken)}
        {undelivered > 0 && <span className="field-problem"> {count(undelivered)} undelivered</span>}
      </span>
    </>
  )
}
