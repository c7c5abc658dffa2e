/** Asks what to backfill, says what that would do, and starts it. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { useEffect, useState, type FormEvent } from "react"
import type { PlannedSeries, StartBackfill } from "../../domain/Backfill.js"
import { BackfillOperations } from "../../operations/BackfillOperations.js"
import { ConfigOperations } from "../../operations/ConfigOperations.js"
import { go } from "../live/Address.js"
import { useAsked, type Asked } from "../live/Asked.js"
import { learnRecord } from "../live/BackfillFeed.js"
import { ask } from "../live/Server.js"
import { pathOf } from "../model/Address.js"
import { jobNames } from "../model/JobNames.js"
import { count, counted, duration } from "../model/Quantity.js"
import { Dialog } from "./Dialog.js"

export interface NewBackfillProps {
  /** What the fields say at first. With `series` the jobs are not asked for. */
  readonly preset?: { readonly series?: ReadonlyArray<string>; readonly start?: string; readonly end?: string }
  readonly onClose: () => void
}

export const NewBackfill = ({ onClose, preset = {} }: NewBackfillProps) => {
  const [jobs, setJobs] = useState<ReadonlyArray<string>>([])
  const [start, setStart] = useState(preset.start ?? "")
  const [end, setEnd] = useState(preset.end ?? "")
  const [retry, setRetry] = useState(false)
  const [pending, setPending] = useState(false)
  const [refused, setRefused] = useState<{ readonly field: string; readonly text: string } | undefined>(undefined)
  const request: StartBackfill = {
    ...(preset.series === undefined ? {} : { series: preset.series }),
    ...(jobs.length === 0 ? {} : { jobs }),
    ...(start.trim() === "" ? {} : { start: start.trim() }),
    ...(end.trim() === "" ? {} : { end: end.trim() }),
    ...(retry ? { retry_failed: true } : {})
  }
  const plan = usePlan(request)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setPending(true)
    const answer = await ask(Effect.flatMap(BackfillOperations, (backfills) => backfills.start(request)))
    setPending(false)
    if (Either.isLeft(answer)) {
      const error = answer.left
      return setRefused({ field: error._tag === "BackfillRefused" ? error.field : "", text: error.message })
    }
    learnRecord(answer.right)
    onClose()
    go(pathOf("backfill", answer.right.id))
  }
  return (
    <Dialog title="New backfill" kind="card" onClose={onClose}>
      <form className="new-backfill" onSubmit={(event) => void submit(event)}>
        {preset.series === undefined ? (
          <Jobs chosen={jobs} onChange={setJobs} />
        ) : (
          <p>
            Fetches what is missing of <span className="mono break">{preset.series.join(", ")}</span>.
          </p>
        )}
        <div className="two-fields">
          <DateField
            name="From"
            value={start}
            onChange={setStart}
            placeholder="as the job says"
            isRefused={refused?.field === "start"}
            isFirst={preset.series !== undefined}
          />
          <DateField name="To" value={end} onChange={setEnd} placeholder="now" isRefused={refused?.field === "end"} />
        </div>
        <p className="meta">
          A date such as <code>2026-01-31</code>, with a time if need be, or a time ago such as <code>30d</code>.
        </p>
        <label className="check">
          <input type="checkbox" checked={retry} onChange={(event) => setRetry(event.target.checked)} />
          Windows that failed before, too
        </label>
        <Preview plan={plan} />
        {refused !== undefined && (
          <p className="field-problem" role="alert">
            {refused.text}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
          <button type="submit" className="button primary" disabled={pending || plan.state === "failed"}>
            {pending ? "Starting…" : "Start backfill"}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

// ------------------------------------------------------------------------------------------------------------------

interface DateFieldProps {
  readonly name: string
  readonly value: string
  readonly onChange: (value: string) => void
  /** What it means to leave it empty. */
  readonly placeholder: string
  readonly isRefused: boolean
  /** Has the focus when the dialog opens. */
  readonly isFirst?: boolean
}

const DateField = ({ isFirst = false, isRefused, name, onChange, placeholder, value }: DateFieldProps) => (
  <label>
    <span className="meta">{name}</span>
    <input
      className="mono"
      value={value}
      onChange={(event) => onChange(event.target.value)}
      placeholder={placeholder}
      aria-invalid={isRefused}
      autoComplete="off"
      data-first={isFirst ? true : undefined}
    />
  </label>
)

/** The plan of a request, once it has not changed for a moment. */
const usePlan = (request: StartBackfill): Asked<ReadonlyArray<PlannedSeries>> => {
  const key = JSON.stringify(request)
  const [settled, setSettled] = useState({ key, request })
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ key, request }), 300)
    return () => clearTimeout(timer)
    // The key stands for the request, which is new with every render.
  }, [key])
  const [plan] = useAsked(settled.key, () =>
    Effect.flatMap(BackfillOperations, (backfills) => backfills.plan(settled.request))
  )
  return settled.key === key ? plan : { state: "waiting" }
}

const Preview = ({ plan }: { readonly plan: Asked<ReadonlyArray<PlannedSeries>> }) => {
  const series = plan.state === "here" ? plan.value : []
  const concerned = series.filter((each) => each.windows > 0)
  const windows = series.reduce((sum, each) => sum + each.windows, 0)
  const missing = series.reduce((sum, each) => sum + each.missing, 0)
  const failed = series.reduce((sum, each) => sum + each.failed, 0)
  return (
    <div className="preview" aria-live="polite">
      {plan.state === "waiting" && <span className="meta">Working out what is missing…</span>}
      {plan.state === "failed" && <span className="field-problem">{plan.problem}</span>}
      {plan.state === "here" && (
        <>
          <strong>
            {windows === 0
              ? "Nothing is missing."
              : `${counted(windows, "window")} of ${count(concerned.length)} series: ${duration(missing)} are missing.`}
          </strong>
          {failed > 0 && <span className="meta">{counted(failed, "window")} failed before: left alone.</span>}
          <ul>
            {concerned.slice(0, 6).map((each) => (
              <li key={each.series}>
                <span className="mono break">{each.series}</span>{" "}
                <span className="meta">
                  {counted(each.windows, "window")}
                  {each.seconds === null ? "" : `, ${duration(each.seconds * 1000)} at the pace the source allows`}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

interface JobsProps {
  readonly chosen: ReadonlyArray<string>
  readonly onChange: (jobs: ReadonlyArray<string>) => void
}

const Jobs = ({ chosen, onChange }: JobsProps) => {
  const [config] = useAsked("jobs of the config", () =>
    Effect.flatMap(ConfigOperations, (operations) => operations.show)
  )
  const names = config.state === "here" ? jobNames(config.value) : []
  return (
    <fieldset className="choices">
      <legend className="meta">
        Jobs {chosen.length === 0 ? "(all)" : `(${count(chosen.length)} of ${count(names.length)})`}
      </legend>
      {config.state === "failed" && <p className="field-problem">{config.problem}</p>}
      {names.map((name, index) => (
        <label key={name} className="check mono">
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            data-first={index === 0 ? true : undefined}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, name] : chosen.filter((other) => other !== name))
            }
          />
          {name}
        </label>
      ))}
    </fieldset>
  )
}
