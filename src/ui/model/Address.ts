/** Where the app stands, as its address says: every view can be linked and reloaded. */

export type Area = "overview" | "telemetry" | "runs" | "logs" | "config" | "system"

export interface Address {
  readonly area: Area | undefined
  /** The chosen thing: an event type, a run, a node of the tree. */
  readonly chosen: string | undefined
}

export const areas: ReadonlyArray<{ readonly area: Area; readonly name: string; readonly path: string }> = [
  { area: "overview", name: "Overview", path: "/" },
  { area: "telemetry", name: "Telemetry", path: "/app/telemetry" },
  { area: "runs", name: "Runs", path: "/app/runs" },
  { area: "logs", name: "Logs", path: "/logs" },
  { area: "system", name: "System", path: "/app/system" },
  { area: "config", name: "Config", path: "/config" }
]

/** The address of a path; `area` is undefined where there is no such page. */
export const parse = (pathname: string): Address => {
  if (pathname === "/app" || pathname === "/app/") return { area: "overview", chosen: undefined }
  for (const { area, path } of areas) {
    if (pathname === path || (path !== "/" && pathname === `${path}/`)) return { area, chosen: undefined }
    if (path !== "/" && path.startsWith("/app/") && pathname.startsWith(`${path}/`)) {
      return { area, chosen: decode(pathname.slice(path.length + 1)) }
    }
  }
  return { area: undefined, chosen: undefined }
}

/** The path of an area, or of something chosen in it. */
export const pathOf = (area: Area, chosen?: string): string => {
  const path = areas.find((entry) => entry.area === area)?.path ?? "/"
  return chosen === undefined ? path : `${path}/${encodeURIComponent(chosen)}`
}

// ------------------------------------------------------------------------------------------------------------------

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
