/** One procedure in full: what it runs and when, how its runs went, what it says, and what the config settles for it. */
import * as Effect from "effect/Effect"
import type { ReactNode } from "react"
import { ConfigOperations } from "../../operations/ConfigOperations.js"
import type { ProcedureStatus } from "../../operations/ProcedureOperations.js"
import { followLink } from "../live/Address.js"
import { usePolled } from "../live/Polled.js"
import type { Ordered } from "../live/ProcedureFeed.js"
import { pathOf } from "../model/Address.js"
import { endedBadly, entryOf, exitWords, settledBy, timingOf, wayOut } from "../model/Procedure.js"
import { count, counted } from "../model/Quantity.js"
import { scheduleWords } from "../model/ScheduleWords.js"
import { Time } from "./Age.js"
import { Json } from "./Json.js"
import { Panel, Problem } from "./Panel.js"
import { ProcedureLog } from "./ProcedureLog.js"
import { ProcedureMark, ProcedureOrders } from "./ProcedureMark.js"

export interface ProcedureDetailProps {
  readonly status: ProcedureStatus
  readonly ordered: Ordered | undefined
  readonly now: number
}

export const ProcedureDetail = ({ now, ordered, status }: ProcedureDetailProps) => {
  const [{ problem, value: document }, again] = usePolled("config", () => config, configMillis)
  const { name } = status
  const entry = document === undefined ? undefined : entryOf(document, name)
  const stuck = wayOut(status)
  return (
    <>
      <Panel
        title={name}
        className="procedure-detail"
        aside={<ProcedureMark status={status} ordered={ordered} now={now} />}
      >
        <div className="pad stack-small">
          <ProcedureOrders status={status} ordered={ordered} />
          {stuck !== undefined && (
            <div className="way-out" role="status">
              <p>{stuck}</p>
              <code className="command">outpost procedure start {name}</code>
            </div>
          )}
          <Runs status={status} />
          <div>
            <h3>When it runs</h3>
            {scheduleWords(timingOf(status, entry)).map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
          </div>
        </div>
        <ProcedureLog name={name} />
      </Panel>
      <Panel
        title="Settings"
        aside={
          <a className="meta" href="/config?section=procedures" onClick={followLink}>
            config
          </a>
        }
      >
        <div className="pad">
          {problem !== undefined && <Problem onRetry={again}>{problem}</Problem>}
          {document !== undefined &&
            (entry === undefined ? (
              <p className="meta">
                The config has no entry <code>procedures.{name}</code>: it runs by its defaults.
              </p>
            ) : (
              <Json value={settledBy(entry)} />
            ))}
        </div>
      </Panel>
    </>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const configMillis = 10_000

const config = Effect.flatMap(ConfigOperations, (operations) => operations.show)

const Runs = ({ status }: { readonly status: ProcedureStatus }) => {
  const { dropped_lines, kind, last_end, last_error, last_start, last_success, next_run, progress } = status
  const exit = exitWords(status)
  return (
    <dl className="facts">
      <Fact name="Runs">
        <span className="mono break">{status.runs_what}</span> <span className="meta">({kind})</span>
      </Fact>
      <Fact name="Node">
        <a className="mono" href={pathOf("system", `procedures/${status.name}`)} onClick={followLink}>
          procedures/{status.name}
        </a>
      </Fact>
      <Fact name="Next run">{next_run === null ? <Nothing word="none" /> : <Time at={next_run} />}</Fact>
      <Fact name="Last begin">{last_start === null ? <Nothing word="never" /> : <Time at={last_start} />}</Fact>
      <Fact name="Last end">{last_end === null ? <Nothing word="never" /> : <Time at={last_end} />}</Fact>
      <Fact name="Last success">{last_success === null ? <Nothing word="never" /> : <Time at={last_success} />}</Fact>
      <Fact name="Since the start">
        {counted(status.runs, "run")}, {counted(status.restarts, "restart")},{" "}
        <span title="Starts that came due while a run was under way">{counted(status.overruns, "overrun")}</span>
      </Fact>
      {exit !== undefined && (
        <Fact name="Last exit">
          <span className={endedBadly(status) ? "field-problem mono" : "mono"}>{exit}</span>
        </Fact>
      )}
      {last_error !== null && (
        <Fact name="Last error">
          <span className="field-problem break">{last_error}</span>
        </Fact>
      )}
      {progress !== null && progress !== undefined && (
        <Fact name="Progress">
          <span className="mono break">{typeof progress === "string" ? progress : JSON.stringify(progress)}</span>
        </Fact>
      )}
      {(dropped_lines > 0 || status.refused_lines > 0) && (
        <Fact name="Lines">
          {count(dropped_lines)} too many, {count(status.refused_lines)} wrong by the protocol
        </Fact>
      )}
    </dl>
  )
}

const Fact = ({ children, name }: { readonly name: string; readonly children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
)

const Nothing = ({ word }: { readonly word: string }) => <span className="meta">{word}</span>
