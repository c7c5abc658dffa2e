/** The scans that have ended, as the log has them: what came of their events, and how fast they were. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { EventFilter, EventQuery } from "../../domain/EventQuery.js"
import { TelemetryEvent } from "../../domain/TelemetryEvent.js"
import { TelemetryOperations } from "../../operations/TelemetryOperations.js"
import { setQuery } from "../live/Address.js"
import { usePolled } from "../live/Polled.js"
import { count, duration, rate } from "../model/Quantity.js"
import { Age } from "./Age.js"
import { Mark, type Shape, type Tone } from "./Mark.js"
import { Empty, Panel, Problem } from "./Panel.js"

export const ScanHistory = ({ now }: { readonly now: number }) => {
  const [{ problem, value: scans }, again] = usePolled("scans", () => newest, everyMillis)
  return (
    <Panel title="Scans" className="scan-history">
      {problem !== undefined && <Problem onRetry={again}>{problem}</Problem>}
      {scans === undefined ? (
        problem === undefined && <Empty>Reading the log…</Empty>
      ) : scans.length === 0 ? (
        <Empty command="outpost event tail --type scan">
          What came of each scan is an event of the type <code>scan</code>. None has ended yet. To follow them:
        </Empty>
      ) : (
        <div className="table-scroll">
          <table className="ensemble-table">
            <thead>
              <tr>
                <th scope="col">Ended</th>
                <th scope="col">How</th>
                <th scope="col" className="number">
                  Events
                </th>
                <th scope="col" className="number">
                  Lost
                </th>
                <th scope="col" className="number wide-only">
                  Took
                </th>
                <th scope="col" className="number wide-only">
                  Per second
                </th>
              </tr>
            </thead>
            <tbody>
              {scans.map(({ data, seq, stream, ts }) => (
                <tr key={`${stream} ${seq}`} data-scan={data.mapping}>
                  <td>
                    <button
                      type="button"
                      className="row-button"
                      title="The event in full"
                      onClick={() => setQuery({ event: `${stream}.${seq}` })}
                    >
                      <Age at={Date.parse(ts)} now={now} />{" "}
                      <span className="meta mono">{data.mapping.slice(0, 8)}</span>
                    </button>
                  </td>
                  <td>
                    <Ending data={data} />
                  </td>
                  <td className="mono number">{count(data.events)}</td>
                  <td className="mono number" data-bad={data.lost > 0}>
                    {count(data.lost)}
                  </td>
                  <td className="mono number wide-only">{duration(1000 * data.seconds)}</td>
                  <td className="mono number wide-only">{rate(data.rate)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const everyMillis = 3_000
const most = 20

const Summary = Schema.Struct({
  mapping: Schema.String,
  ending: Schema.String,
  events: Schema.Number,
  lost: Schema.Number,
  seconds: Schema.Number,
  rate: Schema.Number
})
type Summary = typeof Summary.Type

const decodeEvent = Schema.decodeUnknownOption(Schema.parseJson(TelemetryEvent))
const decodeSummary = Schema.decodeUnknownOption(Summary)

const newest = Effect.gen(function* () {
  const telemetry = yield* TelemetryOperations
  const filter = new EventFilter({ types: ["scan"] })
  const { lines } = yield* telemetry.query(new EventQuery({ filter, limit: most, descending: true }))
  return lines.flatMap((line) => {
    const event = Option.getOrUndefined(decodeEvent(line))
    const data = Option.getOrUndefined(decodeSummary(event?.data))
    return event === undefined || data === undefined ? [] : [{ ...event, data }]
  })
})

const looks: { readonly [ending: string]: readonly [Shape, Tone, string] } = {
  completed: ["disc", "good", "completed"],
  stopped: ["square", "rest", "stopped"],
  replaced: ["square", "rest", "replaced"],
  abandoned: ["triangle", "bad", "abandoned"]
}

const Ending = ({ data: { ending, lost } }: { readonly data: Summary }) => {
  const [shape, tone, word] =
    ending === "completed" && lost > 0
      ? (["disc", "warn", "completed"] as const)
      : (looks[ending] ?? ["square", "rest", ending])
  return <Mark shape={shape} tone={tone} word={word} />
}
