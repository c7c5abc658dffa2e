/** Asks for a trigger map, says what it would do, and begins a scan with it. What is written stays until the page is left. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { useMemo, useState, type FormEvent } from "react"
import { IngestOperations } from "../../operations/IngestOperations.js"
import type { Progress } from "../live/EnsembleFeed.js"
import { Cell } from "../live/Changing.js"
import { ask } from "../live/Server.js"
import { evenMap, read, write } from "../model/MapText.js"
import { count, counted } from "../model/Quantity.js"
import { scanState } from "../model/ScanPace.js"
import { Dialog } from "./Dialog.js"

export interface BeginScanProps {
  /** All streams that somebody owns. */
  readonly streams: ReadonlyArray<string>
  readonly progress: Progress | undefined
  readonly onClose: () => void
}

type Loss = "" | "reassign" | "lose"

export const BeginScan = ({ onClose, progress, streams }: BeginScanProps) => {
  const [events, setEvents] = useState("1000")
  const [text, setText] = useState(() => draft.get() ?? write(evenMap(streams, 1_000)))
  const [wrap, setWrap] = useState(true)
  const [loss, setLoss] = useState<Loss>("")
  const [pending, setPending] = useState(false)
  const [refused, setRefused] = useState<string | undefined>(undefined)
  const said = useMemo(() => read(text), [text])
  const edit = (to: string) => {
    draft.set(to)
    setText(to)
    setRefused(undefined)
  }
  const make = (many: string) => {
    setEvents(many)
    if (/^\d{1,7}$/.test(many)) edit(write(evenMap(streams, Number(many))))
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (Either.isLeft(said)) return
    setPending(true)
    setRefused(undefined)
    const scan = { map: said.right.map, allWrap: wrap, ...(loss === "" ? {} : { onWorkerLoss: loss }) }
    const answer = await ask(Effect.flatMap(IngestOperations, ({ begin }) => begin(scan)))
    setPending(false)
    if (Either.isLeft(answer)) setRefused(answer.left.message)
    else onClose()
  }
  const running = progress !== undefined && scanState(progress) === "running"
  return (
    <Dialog title="Begin a scan" kind="sheet" onClose={onClose}>
      <form className="begin-scan" onSubmit={(event) => void submit(event)}>
        <div className="two-fields">
          <label>
            <span className="meta">Events of an even map</span>
            <input
              className="mono"
              inputMode="numeric"
              value={events}
              onChange={(event) => make(event.target.value)}
              aria-invalid={!/^\d{1,7}$/.test(events)}
              autoComplete="off"
              data-first
            />
          </label>
          <label>
            <span className="meta">Events of a worker that dies</span>
            <select value={loss} onChange={(event) => setLoss(lossOf(event.target.value))}>
              <option value="">as the config says</option>
              <option value="reassign">are given to others</option>
              <option value="lose">are lost</option>
            </select>
          </label>
        </div>
        <label>
          <span className="meta">Trigger map, as JSON: edit it, or paste another</span>
          <textarea
            className="mono map-text"
            value={text}
            onChange={(event) => edit(event.target.value)}
            spellCheck={false}
            aria-invalid={Either.isLeft(said)}
            aria-describedby="map-says"
          />
        </label>
        <label className="check">
          <input type="checkbox" checked={wrap} onChange={(event) => setWrap(event.target.checked)} />
          An event more at both ends, with the first and the last message of each stream
        </label>
        <div className="preview" id="map-says" aria-live="polite">
          {Either.isLeft(said) ? (
            <span className="field-problem">{said.left}</span>
          ) : (
            <>
              <strong>
                {counted(said.right.events + (wrap ? 2 : 0), "event")} of{" "}
                {said.right.streams.length === 0 ? "no stream" : said.right.streams.join(", ")}
              </strong>
              {unknown(said.right.streams, streams) !== "" && (
                <span className="field-problem">nobody has {unknown(said.right.streams, streams)} at present</span>
              )}
            </>
          )}
          {running && (
            <span className="meta">
              Ends the scan under way, with {count(progress.completed_events)} of {count(progress.total_events)} events
              completed.
            </span>
          )}
          <span className="meta">
            From a shell: <code>outpost ingest begin - --url {location.origin} &lt; map.json</code>
          </span>
        </div>
        {refused !== undefined && (
          <p className="field-problem" role="alert">
            {refused}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
          <button type="submit" className="button primary" disabled={pending || Either.isLeft(said)}>
            {pending ? "Waiting for all services…" : "Begin scan"}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const draft = new Cell<string | undefined>(undefined)

const lossOf = (text: string): Loss => (text === "reassign" || text === "lose" ? text : "")

const unknown = (wanted: ReadonlyArray<string>, there: ReadonlyArray<string>): string =>
  wanted.filter((stream) => !there.includes(stream)).join(", ")
