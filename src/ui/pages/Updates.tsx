/** Which version runs, what else is installed, how an update goes, how the last one went, and what the source offers. */
import type { ReactNode } from "react"
import type { UpdateOutcome, UpdateStatus } from "../../domain/Update.js"
import { servedBy } from "../live/SiteFeed.js"
import { useUpdates } from "../live/UpdateFeed.js"
import { duration } from "../model/Quantity.js"
import { installedOf, reasonWords } from "../model/Updates.js"
import { Ago, Time } from "../parts/Age.js"
import { Mark, type Shape, type Tone } from "../parts/Mark.js"
import { Empty, Panel, Problem } from "../parts/Panel.js"
import { ReleaseCheck } from "../parts/ReleaseCheck.js"
import { RollbackButton } from "../parts/RollbackButton.js"
import { PhaseMark, UpdateCourse } from "../parts/UpdateCourse.js"
import { VersionName } from "../parts/VersionName.js"
import type { PageProps } from "./Overview.js"

export const Updates = ({ chosen, now, sample }: PageProps & { readonly chosen: string | undefined }) => {
  const [{ problem, value: status }, again] = useUpdates()
  const restarts = status !== undefined && status.phase !== "idle"
  const served = servedBy()
  return (
    <div className="stack">
      <div className="page-head">
        <h1>Updates</h1>
        {status !== undefined && (
          <>
            <PhaseMark status={status} />
            <RollbackButton status={status} onBegun={again} />
          </>
        )}
      </div>
      {problem !== undefined &&
        (restarts ? (
          <p className="meta" role="status">
            The station does not answer: it may be restarting into another version. It is asked again every two seconds.
          </p>
        ) : (
          <Problem onRetry={again}>{problem}</Problem>
        ))}
      {status !== undefined && served !== undefined && served !== status.running && (
        <Notice>
          <p>
            The station runs <span className="mono">{status.running}</span> now; this page is still that of{" "}
            <span className="mono">{served}</span>.
          </p>
          <button type="button" className="button" onClick={() => location.reload()}>
            Reload
          </button>
        </Notice>
      )}
      {status === undefined ? (
        problem === undefined && <Empty>Asking the site…</Empty>
      ) : (
        <>
          {!status.launched && (
            <Notice>
              <p>
                This server was started by itself, so nobody would start another version after it: it takes no updates.
                Started like this it does, and so it is by the unit of <code>outpost install-service</code>:
              </p>
              <code className="command">node dist/launcher.js --site {sample?.status.site ?? "DIR"}</code>
            </Notice>
          )}
          <UpdateCourse status={status} now={now} />
          <div className="beside">
            <div className="stack">
              <ReleaseCheck status={status} chosen={chosen} onBegun={again} />
              <Last last={status.last} now={now} />
            </div>
            <Versions status={status} />
          </div>
        </>
      )}
    </div>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const Notice = ({ children }: { readonly children: ReactNode }) => (
  <div className="panel pad update-notice" role="status">
    {children}
  </div>
)

const Versions = ({ status }: { readonly status: UpdateStatus }) => (
  <Panel title="Installed" className="version-panel" aside={<span className="meta mono">{status.running} runs</span>}>
    <ul className="versions">
      {installedOf(status).map(({ marks, version }) => (
        <li key={version ?? ""} data-version={version ?? ""}>
          <VersionName version={version} {...(marks.includes("running") ? { known: status.running } : {})} />
          {marks.map((mark) =>
            mark === "running" ? (
              <Mark key={mark} shape="disc" tone="good" word={mark} />
            ) : (
              <Mark key={mark} shape={mark === "starts next" ? "ring" : "square"} tone="rest" word={mark} />
            )
          )}
        </li>
      ))}
    </ul>
    <dl className="facts pad">
      <dt>Started by</dt>
      <dd>
        {status.launched ? (
          <Mark shape="disc" tone="good" word="the launcher" />
        ) : (
          <Mark shape="disc" tone="warn" word="itself: takes no updates" />
        )}
      </dd>
      <dt>Source</dt>
      <dd className="mono">{status.source ?? "none"}</dd>
    </dl>
  </Panel>
)

const outcomes: Readonly<Record<UpdateOutcome["outcome"], readonly [Shape, Tone, string]>> = {
  healthy: ["disc", "good", "healthy"],
  failed: ["triangle", "bad", "failed"],
  "rolled-back": ["half", "warn", "rolled back"]
}

const Last = ({ last, now }: { readonly last: UpdateStatus["last"]; readonly now: number }) => {
  if (last === null) {
    return (
      <Panel title="Last update">
        <Empty>How the last update ended, and why, stands here. There was none yet.</Empty>
      </Panel>
    )
  }
  const [shape, tone, word] = outcomes[last.outcome]
  const [begun, ended] = [Date.parse(last.begun), Date.parse(last.ended)]
  return (
    <Panel title="Last update" className="last-update" aside={<Mark shape={shape} tone={tone} word={word} />}>
      <dl className="facts pad">
        <dt>From</dt>
        <dd>
          <VersionName version={last.from} />
        </dd>
        <dt>To</dt>
        <dd className="mono">{last.to}</dd>
        <dt>Asked for by</dt>
        <dd className="mono">{last.by}</dd>
        <dt>Ended</dt>
        <dd>
          <Time at={ended} />{" "}
          <span className="meta">
            <Ago at={ended} now={now} />, {duration(ended - begun)} after it was begun
          </span>
        </dd>
        {last.reason !== null && (
          <>
            <dt>Reason</dt>
            <dd>
              {reasonWords(last.reason)}
              {last.detail !== null && <div className="mono failed-reason">{last.detail}</div>}
            </dd>
          </>
        )}
      </dl>
    </Panel>
  )
}
