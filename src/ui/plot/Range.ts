/** Which stretch of time the plots of a page show, as the address says: the last minutes, or a stretch that was zoomed to. */
import { useEffect, useMemo } from "react"
import { setQuery, useAddress } from "../live/Address.js"
import { horizons, reachBack } from "../live/EventFeed.js"

export interface Range {
  /** Unix milliseconds. */
  readonly from: number
  readonly to: number
  /** Minutes of the window. */
  readonly window: number
  /** Moves with the time. */
  readonly following: boolean
}

export const useRange = (now: number): Range => {
  const { searchParams } = useAddress()
  const asked = Number(searchParams.get("window") ?? "15")
  const window = horizons.find((minutes) => minutes === asked) ?? 15
  const from = Number(searchParams.get("from") ?? Number.NaN)
  const to = Number(searchParams.get("to") ?? Number.NaN)
  const zoomed = Number.isFinite(from) && Number.isFinite(to) && to > from
  const back = zoomed ? now - from : window * 60_000
  useEffect(() => reachBack(back), [Math.ceil(back / 60_000)])
  return useMemo(
    () =>
      zoomed
        ? { from, to, window, following: false }
        : { from: now - window * 60_000, to: now, window, following: true },
    [zoomed, from, to, window, now]
  )
}

export const zoomTo = (from: number, to: number): void =>
  setQuery({ from: String(Math.round(from)), to: String(Math.round(to)) })

export const followAgain = (): void => setQuery({ from: undefined, to: undefined })

export const setWindow = (minutes: number): void =>
  setQuery({ window: minutes === 15 ? undefined : String(minutes), from: undefined, to: undefined })
