/** The newest lines of the log that are a procedure's own. */
import { followLink } from "../live/Address.js"
import { useLogs, type LogRow } from "../live/LogFeed.js"
import { useZone } from "../live/Preferences.js"
import { useSeen } from "../live/Seen.js"
import * as WallClock from "../model/WallClock.js"
import { LogTail } from "./LogTail.js"

export const ProcedureLog = ({ name }: { readonly name: string }) => {
  const child = `procedures/${name}`
  const { rows, state } = useLogs("debug", `"child":"${child}"`, useSeen(), most)
  const own = rows.filter((row) => row.child === child).slice(-most)
  return (
    <>
      <div className="log-tail-head">
        <h3>Log</h3>
        <a className="meta" href={`/logs?level=debug&grep=${encodeURIComponent(child)}`} onClick={followLink}>
          all lines
        </a>
      </div>
      <LogTail label={`Log of ${name}`} of={rows}>
        {own.length === 0 ? (
          <span>{state === "opening" ? "Opening the log…" : "It has said nothing of late."}</span>
        ) : (
          <ol>
            {own.map((row) => (
              <Line key={row.key} row={row} />
            ))}
          </ol>
        )}
      </LogTail>
    </>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const most = 100

const Line = ({ row: { cause, level, message, ts } }: { readonly row: LogRow }) => {
  const zone = useZone()
  const at = Date.parse(ts)
  return (
    <li data-level={level.toLowerCase()}>
      <time dateTime={ts} title={ts}>
        {Number.isFinite(at) ? WallClock.time(at, zone) : ts}
      </time>{" "}
      {level.toLowerCase()} <span className="log-said">{message}</span>
      {cause === undefined ? "" : `\n${cause}`}
    </li>
  )
}
