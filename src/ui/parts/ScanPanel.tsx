/** The present scan: how far it is, what came of its events, how fast it goes, and a way to end it. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { useMemo, useState } from "react"
import { IngestOperations } from "../../operations/IngestOperations.js"
import { useAddress } from "../live/Address.js"
import type { Progress, ScanFeed } from "../live/EnsembleFeed.js"
import { ask } from "../live/Server.js"
import { count, counted, duration, rate } from "../model/Quantity.js"
import { field, leftMillis, scanState, type ScanState } from "../model/ScanPace.js"
import { followAgain } from "../plot/Range.js"
import { roomOf, Strip } from "../plot/Strip.js"
import { Bar } from "./BackfillMark.js"
import { Confirm } from "./Dialog.js"
import { Mark, type Shape, type Tone } from "./Mark.js"
import { Empty, Panel } from "./Panel.js"

export interface ScanPanelProps {
  readonly feed: ScanFeed
  /** The id of the scan, where a service tells it. */
  readonly scan: string | undefined
  readonly now: number
  readonly onBegin: () => void
}

export const ScanPanel = ({ feed, now, onBegin, scan }: ScanPanelProps) => {
  const [asked, setAsked] = useState(false)
  const { progress, tail } = feed
  const state = progress === undefined ? undefined : scanState(progress)
  return (
    <Panel
      title="Scan"
      className="scan-panel"
      aside={
        <>
          {tail === "lost" && <span className="meta">reconnecting</span>}
          {state !== undefined && state !== "none" && scan !== undefined && (
            <span className="meta mono" title={scan}>
              {scan.slice(0, 8)}
            </span>
          )}
          {state !== undefined && <ScanMark state={state} />}
          {state === "running" && (
            <button type="button" className="small button" onClick={() => setAsked(true)}>
              Stop scan…
            </button>
          )}
        </>
      }
    >
      {progress === undefined ? (
        <Empty>Asking the controller…</Empty>
      ) : state === "none" ? (
        <Empty command={`outpost ingest begin - --url ${location.origin} < map.json`}>
          A scan hands out the events of a trigger map: which frames belong together, and who may have them. None has
          begun since the controller started.{" "}
          <button type="button" className="linked" onClick={onBegin}>
            Begin one here
          </button>
          , or from a shell:
        </Empty>
      ) : (
        <Far progress={progress} feed={feed} />
      )}
      <RatePlot feed={feed} now={now} />
      {asked && progress !== undefined && <StopScan progress={progress} onClose={() => setAsked(false)} />}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const looks: Readonly<Record<ScanState, readonly [Shape, Tone, string]>> = {
  none: ["square", "rest", "none"],
  running: ["ring", "busy", "running"],
  finished: ["disc", "good", "finished"],
  incomplete: ["disc", "warn", "ended with events lost"]
}

const ScanMark = ({ state }: { readonly state: ScanState }) => {
  const [shape, tone, word] = looks[state]
  return <Mark shape={shape} tone={tone} word={word} />
}

const Far = ({ feed: { pace }, progress }: { readonly progress: Progress; readonly feed: ScanFeed }) => {
  const { completed_events, finished, last_assigned, lost, processed, reassigned, total_events } = progress
  const left = leftMillis(progress, pace.latest)
  return (
    <div className="pad scan-far">
      <Bar
        share={total_events === 0 ? 0 : completed_events / total_events}
        failed={lost > 0}
        label={`${count(completed_events)} of ${counted(total_events, "event")}`}
      />
      <dl className="figures">
        <Fact name="Completed" value={count(completed_events)} note={`of ${count(total_events)}`} />
        <Fact name="Given out" value={count(last_assigned)} note={`${count(total_events - last_assigned)} to come`} />
        <Fact name="Processed" value={count(processed)} note="at the first try" />
        <Fact name="Reassigned" value={count(reassigned)} note="from workers that died" />
        <Fact name="Lost" value={count(lost)} note={finished ? "never done" : "so far"} bad={lost > 0} />
        <Fact
          name="Rate"
          value={finished ? "–" : pace.latest === undefined ? "…" : rate(pace.latest)}
          note="events per second"
        />
        <Fact name="To go" value={finished ? "–" : left === undefined ? "…" : duration(left)} note="at this rate" />
      </dl>
    </div>
  )
}

interface FactProps {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly bad?: boolean
}

const Fact = ({ bad = false, name, note, value }: FactProps) => (
  <div className="figure-cell" data-bad={bad} data-figure={name}>
    <dt className="meta">{name}</dt>
    <dd>
      <span className="figure-value mono">{value}</span>
      <span className="meta note">{note}</span>
    </dd>
  </div>
)

const windowMillis = 120_000
const group = { paths: [field], unit: "none" } as const
const noBands: ReadonlyArray<never> = []

const RatePlot = ({ feed: { pace, version }, now }: { readonly feed: ScanFeed; readonly now: number }) => {
  const { searchParams } = useAddress()
  const from = Number(searchParams.get("from") ?? Number.NaN)
  const to = Number(searchParams.get("to") ?? Number.NaN)
  const zoomed = to > from
  const range = useMemo(
    () => ({ from: zoomed ? from : now - windowMillis, to: zoomed ? to : now, window: 2, following: !zoomed }),
    [zoomed, from, to, now]
  )
  const drawn = pace.series.times.length > 0
  return (
    <div className="scan-rate">
      <div className="scan-rate-head">
        <h3>Events completed per second</h3>
        {zoomed ? (
          <button type="button" className="small button" onClick={followAgain}>
            Follow
          </button>
        ) : (
          <span className="meta">{drawn ? "last 2 minutes" : "drawn from the first scan this page sees"}</span>
        )}
      </div>
      <div className="scan-rate-plot" role="img" aria-label="Events completed per second over the last two minutes">
        {drawn && (
          <Strip
            series={pace.series}
            group={group}
            wanted={roomOf(group)}
            range={range}
            version={version}
            height={150}
            timeAxis
            bands={noBands}
            onTime={() => undefined}
          />
        )}
      </div>
    </div>
  )
}

const StopScan = ({ onClose, progress }: { readonly progress: Progress; readonly onClose: () => void }) => (
  <Confirm
    title="Stop the scan?"
    action="Stop the scan"
    onClose={onClose}
    onConfirm={async () => {
      const answer = await ask(Effect.flatMap(IngestOperations, ({ stop }) => stop))
      return Either.isLeft(answer) ? answer.left.message : undefined
    }}
  >
    <p>
      Ends it with {count(progress.completed_events)} of {counted(progress.total_events, "event")} completed. The other{" "}
      {count(progress.total_events - progress.completed_events)} count as lost, and can&apos;t be had again; what is
      published and dumped so far stays. From a shell: <code>outpost ingest stop --url {location.origin}</code>.
    </p>
  </Confirm>
)
