/** What happened while nobody looked: the site's own events, newest first, with a line where this browser last looked. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { useRef } from "react"
import { EventFilter, EventQuery } from "../../domain/EventQuery.js"
import { TelemetryEvent } from "../../domain/TelemetryEvent.js"
import { TelemetryOperations } from "../../operations/TelemetryOperations.js"
import { setQuery } from "../live/Address.js"
import { useAsked } from "../live/Asked.js"
import { lastVisit } from "../live/Preferences.js"
import { telling } from "../model/Shorten.js"
import { Age } from "./Age.js"
import { Empty, Panel, Problem } from "./Panel.js"

export interface HistoryProps {
  readonly now: number
  /** The number of the newest of them: asked again when it rises. */
  readonly version: number | undefined
  readonly rows: number
}

export const History = ({ now, rows, version }: HistoryProps) => {
  const [answer, again] = useAsked(`${version ?? "none"} ${rows}`, () => read(rows))
  const held = useRef<ReadonlyArray<TelemetryEvent>>([])
  if (answer.state === "here") held.current = answer.value
  const events = held.current
  const seen = events.findIndex(({ ts }) => lastVisit !== undefined && Date.parse(ts) <= lastVisit)
  return (
    <Panel
      title="What happened"
      className="history-panel"
      aside={seen > 0 && <span className="meta">{seen} since your last visit</span>}
    >
      {answer.state === "failed" && <Problem onRetry={again}>{answer.problem}</Problem>}
      {events.length === 0 && answer.state !== "failed" && (
        <Empty>
          {answer.state === "here"
            ? "Starts, restarts, alarms and orders of operators are listed here. There has been none."
            : "Reading the log…"}
        </Empty>
      )}
      <ol className="history">
        {events.map((event, index) => (
          <li key={event.seq} data-seen={seen >= 0 && index >= seen}>
            <Age at={Date.parse(event.ts)} now={now} />
            <button
              type="button"
              className="row-button"
              onClick={() => setQuery({ event: `system.${event.seq}` })}
              title={telling(event.data)}
            >
              <span className="mono">{event.type}</span> <span className="meta">{telling(event.data)}</span>
            </button>
          </li>
        ))}
      </ol>
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const decode = Schema.decodeUnknownOption(Schema.parseJson(TelemetryEvent))

const read = (limit: number) =>
  Effect.gen(function* () {
    const telemetry = yield* TelemetryOperations
    const query = new EventQuery({ filter: new EventFilter({ stream: "system" }), limit, descending: true })
    const { lines } = yield* telemetry.query(query)
    return lines.flatMap((line) => {
      const event = decode(line)
      return event._tag === "Some" ? [event.value] : []
    })
  })
