/** One event in full, as the address names it: `?event=site.12`. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { EventFilter, EventQuery } from "../../domain/EventQuery.js"
import { StreamName } from "../../domain/StreamName.js"
import { TelemetryEvent } from "../../domain/TelemetryEvent.js"
import { TelemetryOperations } from "../../operations/TelemetryOperations.js"
import { setQuery, useAddress } from "../live/Address.js"
import { useAsked } from "../live/Asked.js"
import { Time } from "./Age.js"
import { Dialog } from "./Dialog.js"
import { Copy, Json } from "./Json.js"
import { Empty, Problem } from "./Panel.js"

export const EventSheet = () => {
  const name = useAddress().searchParams.get("event")
  const match = name === null ? null : /^(site|run|system)\.(\d{1,15})$/.exec(name)
  if (name === null || match === null) return undefined
  const stream = Schema.decodeUnknownOption(StreamName)(match[1])
  return stream._tag === "None" ? undefined : (
    <Sheet key={name} name={name} stream={stream.value} seq={Number(match[2])} />
  )
}

// ------------------------------------------------------------------------------------------------------------------

const Found = Schema.parseJson(TelemetryEvent)

interface SheetProps {
  readonly name: string
  readonly stream: StreamName
  readonly seq: number
}

const Sheet = ({ name, seq, stream }: SheetProps) => {
  const [answer, again] = useAsked(name, () =>
    Effect.gen(function* () {
      const telemetry = yield* TelemetryOperations
      const filter = new EventFilter({ stream, afterSeq: seq - 1 })
      const page = yield* telemetry.query(new EventQuery({ filter, limit: 1 }))
      const event = page.lines[0] === undefined ? undefined : yield* Schema.decode(Found)(page.lines[0])
      return event?.seq === seq ? event : undefined
    })
  )
  const event = answer.state === "here" ? answer.value : undefined
  return (
    <Dialog
      kind="sheet"
      title={<span className="mono">{event?.type ?? name}</span>}
      onClose={() => setQuery({ event: undefined })}
    >
      {answer.state === "waiting" && <p className="meta">reading the log</p>}
      {answer.state === "failed" && <Problem onRetry={again}>{answer.problem}</Problem>}
      {answer.state === "here" && event === undefined && (
        <Empty>No event {name} is stored: it was kept in the current view only, or its file is gone.</Empty>
      )}
      {event !== undefined && (
        <>
          <dl className="facts">
            <dt>Stream</dt>
            <dd>{stream}</dd>
            <dt>Number</dt>
            <dd className="mono">{event.seq}</dd>
            <dt>Time</dt>
            <dd>{Number.isFinite(Date.parse(event.ts)) ? <Time at={Date.parse(event.ts)} /> : event.ts}</dd>
          </dl>
          <div className="sheet-bar">
            <h3>Event</h3>
            <Copy text={() => JSON.stringify(event, null, 2)} />
          </div>
          <Json value={{ ...event }} />
        </>
      )}
    </Dialog>
  )
}
