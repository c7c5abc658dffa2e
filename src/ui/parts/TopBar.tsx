/** Which site this is, whether what is shown is true, what time it is, and how it looks. */
import { followLink } from "../live/Address.js"
import { setTheme, setZone, useTheme, useZone, type Theme } from "../live/Preferences.js"
import type { Connection } from "../live/SiteFeed.js"
import { duration } from "../model/Quantity.js"
import * as WallClock from "../model/WallClock.js"
import { Icon, type IconName } from "./Icon.js"
import { Mark } from "./Mark.js"

export interface TopBarProps {
  readonly name: string | undefined
  readonly directory: string | undefined
  readonly connection: Connection
  readonly now: number
  readonly onSearch: () => void
}

export const TopBar = ({ connection, directory, name, now, onSearch }: TopBarProps) => {
  const zone = useZone()
  return (
    <header className="top">
      <a className="site-name" href="/" onClick={followLink} title={directory}>
        <img src="/favicon.svg" alt="" width="20" height="20" />
        <strong>{name ?? "Outpost"}</strong>
      </a>
      <div className="top-right">
        <ConnectionMark connection={connection} now={now} />
        <button type="button" className="quiet search-button" onClick={onSearch} title="Go to anything (Ctrl-K)">
          <span>Go to</span>
          <kbd>Ctrl K</kbd>
        </button>
        <button
          type="button"
          className="quiet clock"
          onClick={() => setZone(zone === "utc" ? "local" : "utc")}
          title={`${WallClock.dateTime(now, zone)}. Times are shown in ${
            zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone
          }; press to change.`}
        >
          <span className="mono">{WallClock.time(now, zone)}</span>{" "}
          <span className="meta">{WallClock.zoneName(now, zone)}</span>
        </button>
        <ThemeSwitch />
      </div>
    </header>
  )
}

const ConnectionMark = ({ connection, now }: { readonly connection: Connection; readonly now: number }) => {
  const zone = useZone()
  return (
    <span className="connection" role="status" title={"problem" in connection ? connection.problem : undefined}>
      {connection.state === "live" && <Mark shape="disc" tone="good" word="live" />}
      {connection.state === "connecting" && <Mark shape="ring" tone="busy" word="connecting" />}
      {connection.state === "reconnecting" && <Mark shape="half" tone="warn" word="reconnecting" />}
      {connection.state === "stale" && (
        <Mark
          shape="triangle"
          tone="bad"
          word={
            connection.since === undefined
              ? "not reached"
              : `stale since ${WallClock.time(connection.since, zone)} (${duration(now - connection.since)})`
          }
        />
      )}
    </span>
  )
}

type Choice = readonly [Theme, IconName, string]

const themes: readonly [Choice, Choice, Choice] = [
  ["light", "light", "Light theme"],
  ["dark", "dark", "Dark theme"],
  ["system", "auto", "The system's theme"]
]

/** Three buttons, or one that goes round where there is little room. */
const ThemeSwitch = () => {
  const theme = useTheme()
  const place = themes.findIndex(([value]) => value === theme)
  const [next, , nextName] = themes[(place + 1) % themes.length] ?? themes[0]
  return (
    <>
      <button
        type="button"
        className="quiet square-button theme-round"
        aria-label={`Change to: ${nextName}`}
        onClick={() => setTheme(next)}
      >
        <Icon name={themes[place]?.[1] ?? "auto"} />
      </button>
      <div className="switch" role="group" aria-label="Theme">
        {themes.map(([value, icon, label]) => (
          <button
            key={value}
            type="button"
            aria-pressed={theme === value}
            aria-label={label}
            title={label}
            onClick={() => setTheme(value)}
          >
            <Icon name={icon} />
          </button>
        ))}
      </div>
    </>
  )
}
