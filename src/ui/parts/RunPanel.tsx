/** The active run, with the way to end it, or the way to start one. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { useState, type FormEvent } from "react"
import type { Run } from "../../domain/Run.js"
import { RunOperations } from "../../operations/RunOperations.js"
import { followLink } from "../live/Address.js"
import { ask } from "../live/Server.js"
import { currentStatus, refresh, useRuns, useSample } from "../live/SiteFeed.js"
import { pathOf } from "../model/Address.js"
import { metaOf } from "../model/RunMeta.js"
import { count, duration } from "../model/Quantity.js"
import { Confirm } from "./Dialog.js"
import { Mark } from "./Mark.js"
import { Panel } from "./Panel.js"

export const RunPanel = ({ now }: { readonly now: number }) => {
  const runs = useRuns()
  const active = useSample()?.status.run
  const run = runs?.find(({ run_id, stopped_at }) => run_id === active && stopped_at === undefined)
  return (
    <Panel
      title="Run"
      className="run-panel"
      aside={
        <a className="meta" href={pathOf("runs")} onClick={followLink}>
          {runs === undefined ? "all runs" : `${count(runs.length)} in all`}
        </a>
      }
    >
      {active === undefined ? (
        <p className="meta pad">asking the site</p>
      ) : active === null ? (
        <Start />
      ) : (
        <Active id={active} run={run} now={now} />
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const Active = ({ id, now, run }: { readonly id: string; readonly run: Run | undefined; readonly now: number }) => {
  const [asked, setAsked] = useState(false)
  const events = run?.after_seq === undefined ? undefined : Math.max(0, (runSeq() ?? 0) - run.after_seq)
  return (
    <div className="pad run-active">
      <div className="run-line">
        <Mark shape="disc" tone="good" word="active" />
        <a className="run-id mono" href={pathOf("runs", id)} onClick={followLink}>
          {id}
        </a>
        <button type="button" className="button" onClick={() => setAsked(true)}>
          Stop…
        </button>
      </div>
      <div className="meta">
        {run === undefined ? "" : `for ${duration(now - Date.parse(run.started_at))}`}
        {events === undefined ? "" : `, ${count(events)} events`}
      </div>
      {asked && (
        <Confirm title={`Stop run ${id}?`} action={`Stop run ${id}`} onConfirm={stop} onClose={() => setAsked(false)}>
          <p>
            The run ends for good: events go to the site's own file from then on. It holds{" "}
            {events === undefined ? "its events" : `${count(events)} events`}
            {run === undefined ? (
              ""
            ) : (
              <>
                {" "}
                in <code className="path">{run.run_dir}</code>
              </>
            )}
            .
          </p>
        </Confirm>
      )}
    </div>
  )
}

const stop = async () => {
  const answer = await ask(Effect.flatMap(RunOperations, (runs) => runs.stop))
  await refresh()
  return Either.isLeft(answer) && answer.left._tag !== "NoActiveRun" ? answer.left.message : undefined
}

const runSeq = (): number | undefined => currentStatus()?.telemetry.seq.run

interface Refused {
  readonly field: "run_id" | "meta" | "form"
  readonly text: string
}

const Start = () => {
  const [id, setId] = useState("")
  const [notes, setNotes] = useState("")
  const [pending, setPending] = useState(false)
  const [refused, setRefused] = useState<Refused | undefined>(undefined)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const meta = metaOf(notes)
    if (meta._tag === "Left") return setRefused({ field: "meta", text: meta.left })
    setPending(true)
    const request = { runId: id === "" ? undefined : id, metaJson: meta.right }
    const answer = await ask(Effect.flatMap(RunOperations, (runs) => runs.start(request)))
    if (Either.isRight(answer)) {
      setId("")
      setNotes("")
      setRefused(undefined)
    } else {
      const error = answer.left
      setRefused({ field: error._tag === "RunRefused" ? "run_id" : "form", text: error.message })
    }
    await refresh()
    setPending(false)
  }
  return (
    <form className="pad run-start" onSubmit={(event) => void submit(event)}>
      <p className="meta">
        No run is active: events go to the site's own file. A run gives a stretch of them a name and a directory.
      </p>
      <div className="run-line">
        <label className="grow">
          <span className="hidden-label">Run id</span>
          <input
            className="mono"
            value={id}
            onChange={(event) => setId(event.target.value)}
            placeholder="id, or the next number"
            aria-invalid={refused?.field === "run_id"}
            autoComplete="off"
            spellCheck={false}
          />
        </label>
        <button type="submit" className="button primary" disabled={pending}>
          {pending ? "Starting…" : "Start run"}
        </button>
      </div>
      {refused?.field === "run_id" && <FieldProblem text={refused.text} />}
      <details open={notes !== "" ? true : undefined}>
        <summary className="meta">Notes</summary>
        <label>
          <span className="hidden-label">Notes, one per line as key=value</span>
          <textarea
            className="mono"
            rows={3}
            value={notes}
            onChange={(event) => setNotes(event.target.value)}
            placeholder={"observer=Ada\nexposures=120"}
            aria-invalid={refused?.field === "meta"}
            spellCheck={false}
          />
        </label>
      </details>
      {refused !== undefined && refused.field !== "run_id" && <FieldProblem text={refused.text} />}
    </form>
  )
}

const FieldProblem = ({ text }: { readonly text: string }) => (
  <p className="field-problem" role="alert">
    {text}
  </p>
)
