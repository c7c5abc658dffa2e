/** An update under way: which step it is at, how much is fetched, what the trial still asks for. */
import type { UpdateStatus } from "../../domain/Update.js"
import { bytes } from "../model/Quantity.js"
import { phaseWords, stepsOf, trialWords, type Step } from "../model/Updates.js"
import { Ago } from "./Age.js"
import { Bar } from "./BackfillMark.js"
import { Figure, Mark } from "./Mark.js"
import { Panel } from "./Panel.js"
import { VersionName } from "./VersionName.js"

export const PhaseMark = ({ status }: { readonly status: UpdateStatus }) =>
  status.phase === "idle" ? (
    <Mark shape="square" tone="rest" word={phaseWords(status)} />
  ) : status.phase === "rolling-back" ? (
    <Mark shape="half" tone="warn" word={phaseWords(status)} />
  ) : (
    <Mark shape="ring" tone="busy" word={phaseWords(status)} />
  )

/** Nothing where none is under way. */
export const UpdateCourse = ({ now, status }: { readonly status: UpdateStatus; readonly now: number }) => {
  const { attempt, fetched, phase, trial } = status
  if (phase === "idle") return undefined
  return (
    <Panel title="Under way" className="update-course">
      <div className="pad stack-small">
        {attempt !== null && (
          <p>
            From <VersionName version={attempt.from} /> to <strong className="mono">{attempt.to}</strong>, asked for by{" "}
            <span className="mono">{attempt.by}</span>, begun <Ago at={Date.parse(attempt.begun)} now={now} />
          </p>
        )}
        {phase === "rolling-back" && <p>The station {phaseWords(status)}.</p>}
        <Steps steps={stepsOf(phase)} />
        {fetched !== null && <Fetched {...fetched} />}
        {trial !== null && <p>{trialWords(status, now).join(" ")}</p>}
        {trial !== null && trial.complaints.length > 0 && (
          <div className="complaints" role="status">
            <p>It is not taken for healthy yet:</p>
            <ul>
              {trial.complaints.map((complaint) => (
                <li key={complaint}>{complaint}</li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const Steps = ({ steps }: { readonly steps: ReadonlyArray<Step> }) =>
  steps.length === 0 ? undefined : (
    <ol className="update-steps">
      {steps.map(({ name, state }) => (
        <li key={name} data-state={state} aria-current={state === "now" ? "step" : undefined}>
          <Figure shape={state === "done" ? "disc" : state === "now" ? "half" : "ring"} />
          <span>{name}</span>
          <span className="hidden-label">{words[state]}</span>
        </li>
      ))}
    </ol>
  )

const Fetched = ({ bytes: here, size }: NonNullable<UpdateStatus["fetched"]>) => {
  const label = `${bytes(here)} of ${bytes(size)}`
  return (
    <div className="update-fetched">
      <Bar share={size === 0 ? 1 : here / size} failed={false} label={label} />
      <span className="mono meta">{label}</span>
    </div>
  )
}

const words: Readonly<Record<Step["state"], string>> = { done: "done", now: "under way", ahead: "to come" }
