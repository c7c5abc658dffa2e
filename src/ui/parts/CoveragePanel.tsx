/** What is known of a series over all its time, day by day, and a way to fetch what is not. */
import * as Effect from "effect/Effect"
import { useMemo, useState } from "react"
import { BackfillOperations } from "../../operations/BackfillOperations.js"
import { ConfigOperations } from "../../operations/ConfigOperations.js"
import { setQuery, useAddress } from "../live/Address.js"
import { useAsked } from "../live/Asked.js"
import { usePolled } from "../live/Polled.js"
import { dateOf, dayMillis, yearsOf, type Day } from "../model/CoverageCalendar.js"
import { jobNames } from "../model/JobNames.js"
import { Calendar } from "./Calendar.js"
import { NewBackfill } from "./NewBackfill.js"
import { Empty, Panel, Problem } from "./Panel.js"

const everyMillis = 5_000

/** `wanted` is the series to show where the address names none; `version` rises when the list of series may have changed. */
export const CoveragePanel = ({
  version,
  wanted
}: {
  readonly version: string
  readonly wanted: string | undefined
}) => {
  const asked = useAddress().searchParams.get("series")
  const [all, again] = useAsked(`coverage ${version}`, () => everySeries)
  const series = all.state === "here" ? all.value.map((each) => each.series) : []
  const chosen = [asked, wanted].find((name) => name != null && series.includes(name)) ?? series[0]
  const [{ value }] = usePolled(
    `coverage of ${chosen ?? ""}`,
    () => (chosen === undefined ? Effect.succeed([]) : coverageOf(chosen)),
    everyMillis
  )
  const coverage =
    value?.find((each) => each.series === chosen) ??
    (all.state === "here" ? all.value.find((each) => each.series === chosen) : undefined)
  const years = useMemo(() => (coverage === undefined ? [] : yearsOf(coverage)), [coverage])
  const [filling, setFilling] = useState<Day | undefined>(undefined)
  return (
    <Panel
      title="Coverage"
      className="coverage-panel"
      aside={
        series.length > 0 && (
          <select
            className="mono"
            aria-label="Series"
            value={chosen}
            onChange={(event) => setQuery({ series: event.target.value }, { replace: true })}
          >
            {series.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )
      }
    >
      {all.state === "waiting" && <Empty>Asking the site…</Empty>}
      {all.state === "failed" && <Problem onRetry={again}>{all.problem}</Problem>}
      {all.state === "here" && chosen === undefined && (
        <Empty command="outpost coverage">
          Of every day of a series: is it fetched, confirmed empty, failed, or unknown? There is no series yet: the jobs
          in the config name them. The same in a shell:
        </Empty>
      )}
      {years.length > 0 && (
        <div className="pad">
          <Calendar
            key={chosen}
            years={years}
            onDay={(day) => (
              <button type="button" className="small button" onClick={() => setFilling(day)}>
                Backfill {dateOf(day.at)}…
              </button>
            )}
          />
        </div>
      )}
      {filling !== undefined && chosen !== undefined && (
        <NewBackfill
          preset={{
            series: [chosen],
            start: `${dateOf(filling.at)}T00:00:00Z`,
            end: `${dateOf(filling.at + dayMillis)}T00:00:00Z`
          }}
          onClose={() => setFilling(undefined)}
        />
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const coverageOf = (series: string | undefined) =>
  Effect.flatMap(BackfillOperations, (backfills) => backfills.coverage({ series }))

/** A site without a job has no series to ask about. */
const everySeries = Effect.flatMap(ConfigOperations, (config) => config.show).pipe(
  Effect.flatMap((document) => (jobNames(document).length === 0 ? Effect.succeed([]) : coverageOf(undefined)))
)
