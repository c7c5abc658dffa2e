/** Every event type as a plot, and the events themselves; or one type, large. */
import { followLink } from "../live/Address.js"
import { pathOf } from "../model/Address.js"
import { EventTable } from "../parts/EventTable.js"
import { Plots } from "../parts/Plots.js"
import type { PageProps } from "./Overview.js"

export const Telemetry = ({ chosen, feed, now }: PageProps & { readonly chosen: string | undefined }) => (
  <div className="stack">
    <h1>
      {chosen === undefined ? (
        "Telemetry"
      ) : (
        <>
          <a href={pathOf("telemetry")} onClick={followLink}>
            Telemetry
          </a>{" "}
          <span className="mono">{chosen}</span>
        </>
      )}
    </h1>
    <Plots
      feed={feed}
      now={now}
      title={chosen === undefined ? "Event types" : "Over time"}
      {...(chosen === undefined ? {} : { type: chosen })}
    />
    <EventTable feed={feed} now={now} rows={200} type={chosen} />
  </div>
)
