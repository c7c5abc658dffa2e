/** The newest rows of a series on disk, one column over time. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { useMemo, useState } from "react"
import { CollectorOperations } from "../../operations/CollectorOperations.js"
import { setQuery, useAddress } from "../live/Address.js"
import { useAsked } from "../live/Asked.js"
import { useZone } from "../live/Preferences.js"
import { count } from "../model/Quantity.js"
import { seriesOf, spanMillis, valueColumns } from "../model/SeriesRows.js"
import * as WallClock from "../model/WallClock.js"
import { Empty, Problem } from "../parts/Panel.js"
import { roomOf, Strip } from "./Strip.js"

const mostRows = 1_000
const height = 240

export interface SeriesPlotProps {
  readonly series: string
  readonly span: string
  /** Changes when there is more to read. */
  readonly version: string
}

export const SeriesPlot = ({ series, span, version }: SeriesPlotProps) => {
  const zone = useZone()
  const { searchParams } = useAddress()
  const [pointed, setPointed] = useState<number | undefined>(undefined)
  const [answer, again] = useAsked(`rows of ${series} ${version}`, () => newestRows(series))
  const rows = answer.state === "here" ? answer.value : noRows
  const columns = useMemo(() => valueColumns(rows), [rows])
  const wanted = searchParams.get("column")
  const column = columns.find((name) => name === wanted) ?? columns[0]
  const drawn = useMemo(
    () => (column === undefined ? undefined : seriesOf(series, rows, column, spanMillis(span))),
    [rows, column, series, span]
  )
  const first = drawn?.times[0]
  const last = drawn?.lastAt
  const [from, to] = [Number(searchParams.get("from") ?? first), Number(searchParams.get("to") ?? last)]
  const range = useMemo(() => ({ from, to: Math.max(to, from + 1_000), window: 0, following: false }), [from, to])
  const group = { paths: column === undefined ? [] : [column], unit: "none" } as const
  return (
    <div className="row-plot">
      <div className="row-plot-host">
        {answer.state === "waiting" && <Empty>Reading the newest rows…</Empty>}
        {answer.state === "failed" && <Problem onRetry={again}>{answer.problem}</Problem>}
        {answer.state === "here" && drawn === undefined && <Empty>No column of its rows holds numbers.</Empty>}
        {drawn !== undefined && first !== undefined && (
          <>
            <div className="calendar-foot">
              <div className="switch" role="group" aria-label="Column">
                {columns.slice(0, 10).map((name) => (
                  <button
                    key={name}
                    type="button"
                    className="mono"
                    aria-pressed={name === column}
                    onClick={() => setQuery({ column: name }, { replace: true })}
                  >
                    {name}
                  </button>
                ))}
              </div>
              <span className="meta mono">
                {pointed === undefined ? `newest ${count(rows.length)} rows` : WallClock.full(pointed, zone)}
              </span>
            </div>
            <div role="img" aria-label={`${column ?? ""} of the newest ${count(rows.length)} rows of ${series}`}>
              <Strip
                series={drawn}
                group={group}
                wanted={roomOf(group)}
                range={range}
                version={drawn.times.length}
                height={height}
                timeAxis
                bands={noBands}
                onTime={setPointed}
              />
            </div>
          </>
        )}
      </div>
    </div>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const noRows: ReadonlyArray<{ readonly [column: string]: unknown }> = []
const noBands: ReadonlyArray<never> = []

const decodeRows = Schema.decode(
  Schema.parseJson(Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })))
)

const newestRows = (series: string) =>
  Effect.flatMap(CollectorOperations, (collector) =>
    collector.data({ series, format: "json", limit: mostRows, order: "descending" })
  ).pipe(
    Effect.flatMap((bytes) => Stream.mkString(Stream.decodeText(bytes))),
    Effect.flatMap(decodeRows)
  )
