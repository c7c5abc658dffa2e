/** The log as it is written, with what to look for in the address. Follows the end unless a person scrolls up. */
import { useEffect, useLayoutEffect, useRef, useState } from "react"
import { setQuery, useAddress } from "../live/Address.js"
import { useLogs, type LogRow } from "../live/LogFeed.js"
import { useZone } from "../live/Preferences.js"
import { useSeen } from "../live/Seen.js"
import { count } from "../model/Quantity.js"
import { oneLine } from "../model/Shorten.js"
import * as WallClock from "../model/WallClock.js"
import { Mark, type Shape, type Tone } from "../parts/Mark.js"
import { Empty, Panel } from "../parts/Panel.js"

const levels = ["debug", "info", "warn", "error"] as const

export const Logs = () => {
  const { searchParams } = useAddress()
  const level = searchParams.get("level") ?? "info"
  const grep = searchParams.get("grep") ?? ""
  const wanted = useSettled(grep)
  const { rows, state } = useLogs(level, wanted, useSeen())
  const [following, setFollowing] = useState(true)
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (following && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [rows, following])
  return (
    <div className="stack fill">
      <h1>Logs</h1>
      <Panel
        title="Live"
        className="log-panel"
        aside={
          <>
            <span className="meta">{state === "lost" ? "reconnecting" : `${count(rows.length)} lines`}</span>
            {!following && (
              <button type="button" className="small button primary" onClick={() => setFollowing(true)}>
                Follow
              </button>
            )}
            <div className="switch" role="group" aria-label="Least level">
              {levels.map((name) => (
                <button
                  key={name}
                  type="button"
                  aria-pressed={level === name}
                  onClick={() => setQuery({ level: name === "info" ? undefined : name }, { replace: true })}
                >
                  {name}
                </button>
              ))}
            </div>
            <input
              type="search"
              className="filter"
              aria-label="Lines that contain"
              placeholder="Lines that contain"
              value={grep}
              onChange={(event) => setQuery({ grep: event.target.value }, { replace: true })}
            />
          </>
        }
      >
        <div
          className="log-lines"
          ref={box}
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label="Log lines"
          onScroll={({ currentTarget: { clientHeight, scrollHeight, scrollTop } }) =>
            setFollowing(scrollHeight - scrollTop - clientHeight < 24)
          }
        >
          {rows.length === 0 ? (
            <Empty command={`outpost logs --follow --level ${level} --url ${location.origin}`}>
              {state === "opening" ? "Opening the log…" : "No line of this level and content yet. The same in a shell:"}
            </Empty>
          ) : (
            <ol>
              {rows.map((row, index) => (
                <Line key={row.key} row={row} before={rows[index - 1]} />
              ))}
            </ol>
          )}
        </div>
      </Panel>
    </div>
  )
}

// ------------------------------------------------------------------------------------------------------------------

/** A text once it has not changed for a moment: each change opens another stream. */
const useSettled = (text: string): string => {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 300)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

const looks = (level: string): readonly [Shape, Tone] =>
  /^(ERROR|FATAL)/i.test(level)
    ? ["triangle", "bad"]
    : /^WARN/i.test(level)
      ? ["disc", "warn"]
      : /^(DEBUG|TRACE)/i.test(level)
        ? ["ring", "rest"]
        : ["square", "rest"]

const dayOf = (row: LogRow | undefined, zone: WallClock.Zone): string | undefined =>
  row === undefined || !Number.isFinite(Date.parse(row.ts))
    ? undefined
    : WallClock.dateTime(Date.parse(row.ts), zone).slice(0, 10)

const Line = ({ before, row }: { readonly row: LogRow; readonly before: LogRow | undefined }) => {
  const zone = useZone()
  const at = Date.parse(row.ts)
  const day = dayOf(row, zone)
  const [shape, tone] = looks(row.level)
  const notes = {
    ...(row.run === undefined ? {} : { run: row.run }),
    ...(row.source === undefined ? {} : { source: row.source }),
    ...row.annotations
  }
  return (
    <>
      {day !== dayOf(before, zone) && <li className="log-day mono">{day}</li>}
      <li className="log-line" data-tone={tone}>
        <time className="mono meta" dateTime={row.ts} title={row.ts}>
          {Number.isFinite(at) ? WallClock.time(at, zone) : row.ts}
        </time>
        <Mark shape={shape} tone={tone} word={row.level.toLowerCase()} />
        <span className="mono log-text">
          {row.child !== undefined && <span className="log-child">{row.child} </span>}
          {row.message}
          {Object.keys(notes).length > 0 && <span className="meta"> {oneLine(notes)}</span>}
          {row.cause !== undefined && <span className="log-cause">{`\n${row.cause}`}</span>}
        </span>
      </li>
    </>
  )
}
