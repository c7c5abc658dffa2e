/** What runs by itself: when next, when last, and a way to hold it. */
import * as Effect from "effect/Effect"
import type { ScheduleEntry, Scheduler } from "../../domain/Collector.js"
import { CollectorOperations } from "../../operations/CollectorOperations.js"
import { useOrders } from "../live/Order.js"
import { usePolled } from "../live/Polled.js"
import { counted, duration } from "../model/Quantity.js"
import { Age, Time } from "./Age.js"
import { Mark } from "./Mark.js"
import { Empty, Panel, Problem } from "./Panel.js"

const everyMillis = 3_000

export const useScheduler = () =>
  usePolled("scheduler", () => Effect.flatMap(CollectorOperations, (collector) => collector.scheduler), everyMillis)

export const SchedulePanel = ({ now }: { readonly now: number }) => {
  const [{ problem, value }, again] = useScheduler()
  const { order, pending, problem: refused } = useOrders()
  const switchAll = (running: boolean) =>
    void order(
      "all",
      Effect.flatMap(CollectorOperations, (collector) => collector.setScheduler(running))
    ).then(again)
  const pause = ({ id, paused }: ScheduleEntry) =>
    void order(
      id,
      Effect.flatMap(CollectorOperations, (collector) => collector.setSchedulePaused(id, !paused))
    ).then(again)
  return (
    <Panel
      title="Schedules"
      className="schedule-panel"
      aside={value !== undefined && <Switch value={value} pending={pending} onSwitch={switchAll} />}
    >
      {problem !== undefined && <Problem onRetry={again}>{problem}</Problem>}
      {refused !== undefined && (
        <Problem>
          {refused.name === "all" ? "" : `${refused.name}: `}
          {refused.text}
        </Problem>
      )}
      {value === undefined ? (
        problem === undefined && <Empty>Asking the site…</Empty>
      ) : value.jobs.length === 0 ? (
        <Empty command="outpost schedule list">
          A job with <code>every: 1h</code> or <code>cron: "5 * * * *"</code> in the config is kept whole by itself, and
          stands here. None has one. The same in a shell:
        </Empty>
      ) : (
        <div className="table-scroll">
          <table className="schedules">
            <thead>
              <tr>
                <th scope="col">Schedule</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Next run
                </th>
                <th scope="col" className="number wide-only">
                  Last run
                </th>
                <th scope="col" className="wide-only">
                  Trigger
                </th>
                <th scope="col">
                  <span className="hidden-label">Orders</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {value.jobs.map((entry) => (
                <tr key={entry.id} data-schedule={entry.id}>
                  <td className="mono" title={entry.name}>
                    {entry.id}
                  </td>
                  <td>
                    <ScheduleMark entry={entry} running={value.running} />
                  </td>
                  <td className="number mono">
                    <Next entry={entry} now={now} />
                  </td>
                  <td className="number wide-only">
                    {entry.last_run === null ? (
                      <span className="meta">never</span>
                    ) : (
                      <Age at={entry.last_run * 1000} now={now} />
                    )}
                  </td>
                  <td className="mono wide-only">{entry.trigger}</td>
                  <td className="number">
                    <button
                      type="button"
                      className="small button"
                      disabled={pending !== undefined}
                      aria-label={`${entry.paused ? "Resume" : "Pause"} ${entry.id}`}
                      onClick={() => pause(entry)}
                    >
                      {pending === entry.id ? "Working…" : entry.paused ? "Resume" : "Pause"}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

interface SwitchProps {
  readonly value: Scheduler
  readonly pending: string | undefined
  readonly onSwitch: (running: boolean) => void
}

const Switch = ({ onSwitch, pending, value: { jobs, running } }: SwitchProps) => (
  <>
    <Mark
      shape={running ? "disc" : "square"}
      tone={running ? "good" : "rest"}
      word={running ? "running" : "all at rest"}
    />
    <button
      type="button"
      className="small button"
      disabled={pending !== undefined}
      title={`${running ? "Holds" : "Lets run"} ${counted(jobs.length, "schedule")}; a run under way is not stopped`}
      onClick={() => onSwitch(!running)}
    >
      {pending === "all" ? "Working…" : running ? "Stop scheduler" : "Start scheduler"}
    </button>
  </>
)

const ScheduleMark = ({ entry, running }: { readonly entry: ScheduleEntry; readonly running: boolean }) =>
  entry.running ? (
    <Mark shape="ring" tone="busy" word="running" />
  ) : entry.paused ? (
    <Mark shape="square" tone="rest" word="paused" />
  ) : running ? (
    <Mark shape="disc" tone="good" word="waiting" />
  ) : (
    <Mark shape="square" tone="rest" word="at rest" />
  )

const Next = ({ entry, now }: { readonly entry: ScheduleEntry; readonly now: number }) => {
  if (entry.running) return <span className="meta">now</span>
  if (entry.next_run === null) return <span className="meta">none</span>
  const at = entry.next_run * 1000
  return (
    <>
      in {duration(Math.round((at - now) / 1000) * 1000).replace(/^(\d)\.\d s$/, "$1 s")}{" "}
      <span className="meta wide-only">
        <Time at={at} />
      </span>
    </>
  )
}
