/** Where the app stands, as its address says: every view can be linked and reloaded. */

export type Area =
  | "overview"
  | "telemetry"
  | "runs"
  | "ensemble"
  | "backfill"
  | "inventory"
  | "jobs"
  | "procedures"
  | "outbox"
  | "storage"
  | "logs"
  | "system"
  | "config"
  | "updates"

export interface Address {
  readonly area: Area | undefined
  /** The chosen thing: an event type, a run, a backfill, a series, a procedure, a message, a node of the tree, a version. */
  readonly chosen: string | undefined
}

export const areas: ReadonlyArray<{ readonly area: Area; readonly name: string; readonly path: string }> = [
  { area: "overview", name: "Overview", path: "/" },
  { area: "telemetry", name: "Telemetry", path: "/app/telemetry" },
  { area: "runs", name: "Runs", path: "/app/runs" },
  { area: "ensemble", name: "Ensemble", path: "/app/ensemble" },
  { area: "backfill", name: "Backfill", path: "/app/backfill" },
  { area: "inventory", name: "Inventory", path: "/inventory" },
  { area: "jobs", name: "Jobs", path: "/jobs" },
  { area: "procedures", name: "Procedures", path: "/app/procedures" },
  { area: "outbox", name: "Outbox", path: "/app/outbox" },
  { area: "storage", name: "Storage", path: "/storage" },
  { area: "logs", name: "Logs", path: "/logs" },
  { area: "system", name: "System", path: "/app/system" },
  { area: "config", name: "Config", path: "/config" },
  { area: "updates", name: "Updates", path: "/app/updates" }
]

/** The parameter that names the chosen thing. A path could not: its segments may not hold every text. */
const choosing: { readonly [area in Area]?: string } = {
  telemetry: "type",
  runs: "run",
  backfill: "id",
  inventory: "series",
  procedures: "name",
  outbox: "message",
  system: "node",
  updates: "version"
}

/** The address of a path and its query; `area` is undefined where there is no such page. */
export const parse = (pathname: string, query: URLSearchParams): Address => {
  const path = pathname.length > 1 && pathname.endsWith("/") ? pathname.slice(0, -1) : pathname
  const area = path === "/app" ? "overview" : areas.find((entry) => entry.path === path)?.area
  const name = area === undefined ? undefined : choosing[area]
  return { area, chosen: name === undefined ? undefined : (query.get(name) ?? undefined) }
}

/** The address of an area, or of something chosen in it. */
export const pathOf = (area: Area, chosen?: string): string => {
  const path = areas.find((entry) => entry.area === area)?.path ?? "/"
  const name = choosing[area]
  return chosen === undefined || name === undefined ? path : `${path}?${new URLSearchParams({ [name]: chosen })}`
}
