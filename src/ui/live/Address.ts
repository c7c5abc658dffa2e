/** The address bar as a value: components read it, links and controls change it. */
import type { MouseEvent } from "react"
import { Cell, useChanging } from "./Changing.js"

const here = () => `${location.pathname}${location.search}`

const cell = new Cell(here())
addEventListener("popstate", () => cell.set(here()))

export const useAddress = (): URL => new URL(useChanging(cell), location.origin)

/** Goes to a path of the app. `replace` leaves no trace in the history. */
export const go = (to: string, options: { readonly replace?: boolean } = {}): void => {
  if (to === here()) return
  const before = location.pathname
  const url = new URL(to, location.origin)
  if (options.replace === true) history.replaceState(null, "", to)
  else history.pushState(null, "", to)
  cell.set(here())
  if (url.pathname !== before) scrollTo(0, 0)
}

/** Changes some of the query; undefined removes. */
export const setQuery = (
  changes: { readonly [name: string]: string | undefined },
  options: { readonly replace?: boolean } = {}
): void => {
  const url = new URL(here(), location.origin)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  go(`${url.pathname}${url.search}`, options)
}

/** For a link of the app: a plain click stays in the page, any other is the browser's. */
export const followLink = (event: MouseEvent<HTMLAnchorElement>): void => {
  if (event.defaultPrevented || event.button !== 0) return
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  go(`${event.currentTarget.pathname}${event.currentTarget.search}`)
}
