/** What the reducer publishes, as it comes: numbers as figures, arrays as lines, tables of numbers as pictures. */
import { useMemo, useState } from "react"
import { usePublished, useNumbers } from "../live/PublishedFeed.js"
import { viewOf, type ArrayShown, type Figure } from "../model/PublishedView.js"
import { count, measured } from "../model/Quantity.js"
import { ArrayPlot } from "../plot/ArrayPlot.js"
import { frameOf, PicturePlot } from "../plot/PicturePlot.js"
import { Age } from "./Age.js"
import { Json } from "./Json.js"
import { Empty, Panel } from "./Panel.js"

export interface PublishedPanelProps {
  /** Whether the reducer runs here. */
  readonly here: boolean
  readonly now: number
}

export const PublishedPanel = ({ here, now }: PublishedPanelProps) => {
  const { at, tail, values } = usePublished(here)
  const view = useMemo(() => viewOf(values ?? {}), [values])
  const nothing = Object.keys(values ?? {}).length === 0
  return (
    <Panel
      title="Published"
      className="published-panel"
      aside={
        <span className="meta">
          {tail === "lost" ? "reconnecting" : at === undefined ? "" : "changed "}
          {tail !== "lost" && at !== undefined && <Age at={at} now={now} />}
        </span>
      }
    >
      {!here ? (
        <Empty command={`curl ${location.origin}/reducer/published`}>
          What the reducer makes of all results is shown here once it runs on this site: <code>ingest.reducer</code> in
          the config. Programs read the same:
        </Empty>
      ) : values === undefined ? (
        <Empty>Asking the reducer…</Empty>
      ) : nothing ? (
        <Empty>
          Whatever the reducer&apos;s module returns from <code>publish</code> is shown here. It has published nothing
          yet.
        </Empty>
      ) : (
        <div className="published">
          {view.figures.length > 0 && <Figures figures={view.figures} />}
          {view.pictures.map((picture) => (
            <PictureFigure key={picture.name} array={picture} version={at} />
          ))}
          {view.lines.map((line) => (
            <LineFigure key={line.name} array={line} version={at} />
          ))}
          {view.others.map(({ name, value }) => (
            <figure key={name} className="published-figure">
              <figcaption className="mono">{name}</figcaption>
              <Json value={value} />
            </figure>
          ))}
        </div>
      )}
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const Figures = ({ figures }: { readonly figures: ReadonlyArray<Figure> }) => (
  <dl className="figures">
    {figures.map(({ name, value }) => (
      <div key={name} className="figure-cell" data-figure={name}>
        <dt className="meta mono">{name}</dt>
        <dd>
          <span className="figure-value mono">{inFigures(value)}</span>
        </dd>
      </div>
    ))}
  </dl>
)

const inFigures = (value: Figure["value"]): string =>
  typeof value !== "number"
    ? value === null
      ? "–"
      : String(value)
    : Number.isInteger(value)
      ? count(value)
      : measured(value)

interface ArrayFigureProps {
  readonly array: ArrayShown
  readonly version: number | undefined
}

const LineFigure = ({ array, version }: ArrayFigureProps) => {
  const { problem, values } = useNumbers(array, version)
  const [place, setPlace] = useState<number | undefined>(undefined)
  const value = place === undefined ? undefined : values?.[place]
  return (
    <figure className="published-figure" data-published={array.name}>
      <figcaption>
        <span className="mono figure-name">{array.name}</span>
        <span className="meta">{array.note}</span>
        <span className="meta mono plot-time">
          {place === undefined || value === undefined
            ? `${count(array.shape[0] ?? 0)}`
            : `[${place}] ${measured(value)}`}
        </span>
      </figcaption>
      {problem !== undefined && <p className="field-problem">{problem}</p>}
      <div className="array-plot" role="img" aria-label={`${array.name}: ${count(array.shape[0] ?? 0)} numbers`}>
        {values !== undefined && <ArrayPlot values={values} height={plotHeight} onPlace={setPlace} />}
      </div>
    </figure>
  )
}

const plotHeight = 130

const PictureFigure = ({ array, version }: ArrayFigureProps) => {
  const { problem, values } = useNumbers(array, version)
  return (
    <figure className="published-figure" data-published={array.name}>
      <figcaption>
        <span className="mono figure-name">{array.name}</span>
        <span className="meta">{array.note}</span>
      </figcaption>
      {problem !== undefined && <p className="field-problem">{problem}</p>}
      {values === undefined ? (
        <div className="picture waiting" style={frameOf(array.shape)} />
      ) : (
        <PicturePlot name={array.name} values={values} shape={array.shape} />
      )}
    </figure>
  )
}
