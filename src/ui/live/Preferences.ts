/** What this browser remembers: theme and time zone. */
import type { Zone } from "../model/WallClock.js"
import { Cell, useChanging } from "./Changing.js"

export type Theme = "light" | "dark" | "system"

const stored = (key: string): string | null => {
  try {
    return localStorage.getItem(`outpost.${key}`)
  } catch {
    return null
  }
}

export const remember = (key: string, value: string): void => {
  try {
    localStorage.setItem(`outpost.${key}`, value)
  } catch {
    // Storage may be forbidden: the choice then lasts as long as the page.
  }
}

const themeText = stored("theme")
const themeCell = new Cell<Theme>(themeText === "light" || themeText === "dark" ? themeText : "system")
const zoneCell = new Cell<Zone>(stored("zone") === "utc" ? "utc" : "local")

export const setTheme = (theme: Theme): void => {
  remember("theme", theme)
  themeCell.set(theme)
  dispatchEvent(new Event("outpost:theme"))
}

export const setZone = (zone: Zone): void => {
  remember("zone", zone)
  zoneCell.set(zone)
}

export const useTheme = (): Theme => useChanging(themeCell)
export const useZone = (): Zone => useChanging(zoneCell)

/** When this browser last looked, before now: Unix milliseconds. */
export const lastVisit: number | undefined = (() => {
  const at = Number(stored("visit"))
  return Number.isFinite(at) && at > 0 ? at : undefined
})()
