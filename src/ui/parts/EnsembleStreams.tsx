/** The streams that frames come by: whether they come, how many and how fast, and what was wrong with them. */
import type { IngestServices } from "../../operations/IngestServices.js"
import type { HereNow } from "../live/EnsembleFeed.js"
import type { Services } from "../model/Ensemble.js"
import { rateOf } from "../model/Flow.js"
import { bytes, count, counted, rate } from "../model/Quantity.js"
import { Age } from "./Age.js"
import { Mark, type Shape, type Tone } from "./Mark.js"
import { Empty, Panel } from "./Panel.js"

export interface EnsembleStreamsProps {
  readonly services: Services
  readonly counts: HereNow["counts"]
  readonly now: number
}

export const EnsembleStreams = ({ counts, now, services: { ingesters } }: EnsembleStreamsProps) => {
  const rows = ingesters.flatMap(({ local, name, told }): ReadonlyArray<RowProps> =>
    local === undefined
      ? (told?.streams ?? []).map((stream) => ({ stream, ingester: name, status: undefined, counts, now }))
      : local.streams.map((status) => ({ stream: status.name, ingester: name, status, counts, now }))
  )
  const stale = rows.filter(({ status }) => status?.stale === true).length
  return (
    <Panel
      title="Streams"
      aside={
        <span className="meta">
          {rows.length === 0 ? "" : counted(rows.length, "stream")}
          {stale > 0 ? `, ${count(stale)} stale` : ""}
        </span>
      }
    >
      {rows.length === 0 ? (
        <Empty command="outpost ingest ingester --help">
          A stream brings the frames of one detector, through an ingester that owns it. None is known. Name one under{" "}
          <code>ingest.ingesters</code> in the config, or run an ingester elsewhere:
        </Empty>
      ) : (
        <div className="table-scroll">
          <table className="ensemble-table">
            <thead>
              <tr>
                <th scope="col">Stream</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Frames
                </th>
                <th scope="col" className="number">
                  Bytes
                </th>
                <th scope="col" className="number wide-only" title="By the numbers that frames carry">
                  Missing
                </th>
                <th scope="col" className="number wide-only" title="By the numbers that frames carry">
                  Repeated
                </th>
                <th scope="col" className="number wide-only">
                  Malformed
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row key={`${row.ingester} ${row.stream}`} {...row} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

type StreamStatus = IngestServices["ingesters"][number]["streams"][number]

interface RowProps {
  readonly stream: string
  readonly ingester: string
  /** Undefined of an ingester that runs elsewhere. */
  readonly status: StreamStatus | undefined
  readonly counts: HereNow["counts"]
  readonly now: number
}

const Row = ({ counts, ingester, now, status, stream }: RowProps) => {
  const perSecond = (what: "frames" | "bytes") => rateOf(counts, `${ingester} ${stream} ${what}`)
  const bad = (status?.missing ?? 0) + (status?.repeated ?? 0) + (status?.malformed ?? 0)
  return (
    <tr data-stream={stream}>
      <td>
        <span className="mono">{stream}</span>
        <span className="meta note">{ingester}</span>
      </td>
      <td>
        <State status={status} now={now} />
      </td>
      <td className="mono number">
        {status === undefined ? "–" : count(status.frames)}
        <span className="meta note">{told(perSecond("frames"), rate)}</span>
      </td>
      <td className="mono number">
        {status === undefined ? "–" : bytes(status.bytes)}
        <span className="meta note">{told(perSecond("bytes"), bytes)}</span>
        {bad > 0 && <span className="field-problem note narrow-only">{count(bad)} at fault</span>}
      </td>
      <Fault value={status?.missing} />
      <Fault value={status?.repeated} />
      <Fault value={status?.malformed} />
    </tr>
  )
}

const told = (perSecond: number | undefined, write: (value: number) => string): string =>
  perSecond === undefined ? "" : `${write(perSecond)}/s`

const Fault = ({ value }: { readonly value: number | undefined }) => (
  <td className="mono number wide-only" data-bad={value !== undefined && value > 0}>
    {value === undefined ? "–" : count(value)}
  </td>
)

const looks: Readonly<Record<StreamStatus["connection"], readonly [Shape, Tone, string]>> = {
  closed: ["square", "rest", "at rest"],
  opening: ["ring", "busy", "opening"],
  open: ["disc", "good", "open"],
  ended: ["square", "rest", "ended"],
  failed: ["triangle", "bad", "failed"]
}

const State = ({ now, status }: { readonly status: StreamStatus | undefined; readonly now: number }) => {
  if (status === undefined) return <Mark shape="disc" tone="good" word="elsewhere" />
  const { beyond, connection, reconnects, stale, waitingSince } = status
  const [shape, tone, word] = looks[connection]
  return (
    <>
      {stale ? <Mark shape="half" tone="warn" word="stale" /> : <Mark shape={shape} tone={tone} word={word} />}
      <span className="meta note">
        {stale && waitingSince !== undefined ? (
          <>
            a frame is due for <Age at={waitingSince} now={now} />
          </>
        ) : beyond > 0 ? (
          `${count(beyond)} behind the last event`
        ) : reconnects > 0 ? (
          counted(reconnects, "reconnect")
        ) : (
          ""
        )}
      </span>
    </>
  )
}
