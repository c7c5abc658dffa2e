/** Ctrl-K: go to anything by its name. */
import { useMemo, useState, type KeyboardEvent } from "react"
import { go } from "../live/Address.js"
import type { Feed } from "../live/EventFeed.js"
import { setTheme, setZone } from "../live/Preferences.js"
import { useRuns, type Sample } from "../live/SiteFeed.js"
import { areas, pathOf } from "../model/Address.js"
import { Dialog } from "./Dialog.js"

interface Target {
  readonly kind: string
  readonly name: string
  readonly act: () => void
}

export interface PaletteProps {
  readonly sample: Sample | undefined
  readonly feed: Feed
  readonly onClose: () => void
}

const most = 12

export const Palette = ({ feed, onClose, sample }: PaletteProps) => {
  const runs = useRuns()
  const [text, setText] = useState("")
  const [at, setAt] = useState(0)
  const targets = useMemo(
    (): ReadonlyArray<Target> => [
      ...areas.map(({ name, path }) => ({ kind: "page", name, act: () => go(path) })),
      ...((sample?.status.tree ?? []).some(({ path }) => path === "ensemble/controller")
        ? [{ kind: "scan", name: "begin a scan", act: () => go(`${pathOf("ensemble")}?ask=begin`) }]
        : []),
      ...below(sample, "procedures/").map((name) => ({
        kind: "procedure",
        name,
        act: () => go(pathOf("procedures", name))
      })),
      ...below(sample, "uplinks/").map((name) => ({
        kind: "uplink",
        name,
        act: () => go(`${pathOf("outbox")}?${new URLSearchParams({ uplink: name })}`)
      })),
      { kind: "outbox", name: "what was set aside", act: () => go(`${pathOf("outbox")}?aside=1`) },
      ...feed.store.plotted.map(({ type }) => ({
        kind: "events",
        name: type,
        act: () => go(pathOf("telemetry", type))
      })),
      ...(sample?.status.tree ?? [])
        .filter(({ path }) => path !== "")
        .map(({ path }) => ({ kind: "node", name: path, act: () => go(pathOf("system", path)) })),
      ...(runs ?? []).map(({ run_id }) => ({ kind: "run", name: run_id, act: () => go(pathOf("runs", run_id)) })),
      ...(["light", "dark", "system"] as const).map((theme) => ({
        kind: "theme",
        name: `${theme} theme`,
        act: () => setTheme(theme)
      })),
      { kind: "time", name: "times in UTC", act: () => setZone("utc") },
      { kind: "time", name: "times in local zone", act: () => setZone("local") }
    ],
    [feed.store, sample?.status.tree.length, runs]
  )
  const wanted = text.toLowerCase().split(/\s+/)
  const found = targets
    .filter(({ kind, name }) => wanted.every((piece) => `${kind} ${name}`.toLowerCase().includes(piece)))
    .slice(0, most)
  const index = Math.min(at, Math.max(0, found.length - 1))
  const choose = (target: Target | undefined) => {
    if (target === undefined) return
    onClose()
    target.act()
  }
  const press = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      setAt((index + step + found.length) % Math.max(1, found.length))
    } else if (event.key === "Enter") {
      event.preventDefault()
      choose(found[index])
    }
  }
  return (
    <Dialog title="Go to" kind="card" onClose={onClose}>
      <input
        className="palette-input"
        data-first
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-found"
        aria-activedescendant={`palette-${index}`}
        aria-label="Go to"
        placeholder="A page, an event type, a procedure, a node, a run"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={press}
      />
      <ul className="palette" id="palette-found" role="listbox">
        {found.map((target, place) => (
          <li
            key={`${target.kind} ${target.name}`}
            id={`palette-${place}`}
            role="option"
            aria-selected={place === index}
            onPointerMove={() => setAt(place)}
            onClick={() => choose(target)}
          >
            <span>{target.name}</span> <span className="meta">{target.kind}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="meta">Nothing by that name.</p>}
    </Dialog>
  )
}

// ------------------------------------------------------------------------------------------------------------------

/** Names of the nodes right below a branch of the tree. */
const below = (sample: Sample | undefined, branch: string): ReadonlyArray<string> =>
  (sample?.status.tree ?? []).flatMap(({ path }) =>
    path.startsWith(branch) && !path.includes("/", branch.length) ? [path.slice(branch.length)] : []
  )
