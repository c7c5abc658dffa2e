/** The collector in four lines; nothing where the config gives it nothing to do. */
import * as Effect from "effect/Effect"
import type { ReactNode } from "react"
import { BackfillOperations } from "../../operations/BackfillOperations.js"
import { CollectorOperations } from "../../operations/CollectorOperations.js"
import { followLink } from "../live/Address.js"
import { usePolled } from "../live/Polled.js"
import { pathOf, type Area } from "../model/Address.js"
import { isUnderWay, windowsOf } from "../model/BackfillState.js"
import { count, counted, duration } from "../model/Quantity.js"
import { Ago } from "./Age.js"
import { Panel } from "./Panel.js"

const everyMillis = 5_000

export const CollectorPanel = ({ now }: { readonly now: number }) => {
  const [{ value }] = usePolled("collector", () => everything, everyMillis)
  if (value === undefined) return undefined
  const { backfills, scheduler, storage, streams } = value
  if (backfills.length + scheduler.jobs.length + streams.length + storage.remotes.length === 0) return undefined
  const running = backfills.filter(isUnderWay)
  const left = running.reduce((sum, record) => sum + windowsOf(record).total - windowsOf(record).done, 0)
  const live = streams.filter(({ state }) => state === "live").length
  const next = scheduler.jobs.flatMap(({ id, next_run }) => (next_run === null ? [] : [{ id, at: next_run * 1000 }]))
  const [first] = next.sort((a, b) => a.at - b.at)
  const last = storage.history[0]
  return (
    <Panel title="Collector">
      <ul className="collector-lines pad">
        <Line area="backfill" name="Backfills">
          {running.length === 0 ? "none running" : `${count(running.length)} running, ${counted(left, "window")} left`}
        </Line>
        <Line area="jobs" name="Streams">
          {streams.length === 0 ? "none" : `${count(live)} of ${count(streams.length)} live`}
        </Line>
        <Line area="jobs" name="Next schedule">
          {!scheduler.running
            ? "all at rest"
            : first === undefined
              ? "none"
              : `${first.id} in ${duration(Math.max(0, first.at - now))}`}
        </Line>
        <Line area="storage" name="Last sync">
          {last === undefined ? (
            storage.remotes.length === 0 ? (
              "no remote"
            ) : (
              "never"
            )
          ) : (
            <>
              {last.ok ? "" : "failed, "}
              <Ago at={last.finished_at * 1000} now={now} />
            </>
          )}
        </Line>
      </ul>
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const everything = Effect.all(
  {
    backfills: Effect.flatMap(BackfillOperations, (backfills) => backfills.list()),
    scheduler: Effect.flatMap(CollectorOperations, (collector) => collector.scheduler),
    streams: Effect.flatMap(CollectorOperations, (collector) => collector.streams),
    storage: Effect.flatMap(CollectorOperations, (collector) => collector.storage)
  },
  { concurrency: 2 }
)

const Line = ({
  area,
  children,
  name
}: {
  readonly area: Area
  readonly name: string
  readonly children: ReactNode
}) => (
  <li>
    <a href={pathOf(area)} onClick={followLink}>
      {name}
    </a>
    <span className="meta">{children}</span>
  </li>
)
