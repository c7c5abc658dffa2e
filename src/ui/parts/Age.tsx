/** How long ago, with the time itself where it is pointed at. */
import { useZone } from "../live/Preferences.js"
import { age } from "../model/Quantity.js"
import * as WallClock from "../model/WallClock.js"

export const Age = ({ at, now }: { readonly at: number; readonly now: number }) => {
  const zone = useZone()
  return (
    <time className="mono" dateTime={new Date(at).toISOString()} title={WallClock.full(at, zone)}>
      {age(now - at)}
    </time>
  )
}

export const Time = ({ at }: { readonly at: number }) => {
  const zone = useZone()
  return (
    <time className="mono" dateTime={new Date(at).toISOString()} title={WallClock.full(at, zone)}>
      {WallClock.dateTime(at, zone)}
    </time>
  )
}
