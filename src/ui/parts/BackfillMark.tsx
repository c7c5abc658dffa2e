/** How a backfill stands, in a word with its shape, and how far it is, as a bar. */
import type { BackfillRecord, SeriesProgress } from "../../domain/Backfill.js"
import { shareOf, stateOf, windowsOf, type BackfillState } from "../model/BackfillState.js"
import { count, counted } from "../model/Quantity.js"
import { Mark, type Shape, type Tone } from "./Mark.js"

const looks: Readonly<Record<BackfillState, readonly [Shape, Tone, string]>> = {
  running: ["ring", "busy", "running"],
  cancelling: ["ring", "busy", "cancelling"],
  paused: ["square", "rest", "paused"],
  interrupted: ["half", "warn", "interrupted"],
  done: ["disc", "good", "done"],
  incomplete: ["disc", "warn", "incomplete"],
  error: ["triangle", "bad", "failed"],
  cancelled: ["square", "rest", "cancelled"]
}

export const BackfillMark = ({ record }: { readonly record: BackfillRecord }) => {
  const [shape, tone, word] = looks[stateOf(record)]
  return <Mark shape={shape} tone={tone} word={word} />
}

export const BackfillBar = ({ record }: { readonly record: BackfillRecord }) => {
  const { done, total, unplanned } = windowsOf(record)
  const plan = unplanned === 0 ? "" : `, ${count(unplanned)} series not planned yet`
  return (
    <Bar
      share={shareOf(record)}
      failed={record.failed > 0}
      label={`${count(done)} of ${counted(total, "window")}${plan}`}
    />
  )
}

export const SeriesBar = ({ series }: { readonly series: SeriesProgress }) => (
  <Bar
    share={series.total > 0 ? series.done / series.total : series.state === "done" ? 1 : 0}
    failed={series.failed > 0 || series.state === "error"}
    label={
      series.state === "waiting"
        ? "waiting for its turn"
        : `${count(series.done)} of ${counted(series.total, "window")}`
    }
  />
)

/** How much of something is done. */
export const Bar = ({
  failed,
  label,
  share
}: {
  readonly share: number
  readonly failed: boolean
  readonly label: string
}) => {
  const percent = Math.floor(100 * share)
  return (
    <span className="progress" title={label} data-failed={failed}>
      <span
        className="progress-track"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <span className="progress-fill" style={{ width: `${100 * share}%` }} />
      </span>
      <span className="mono">{percent} %</span>
    </span>
  )
}
