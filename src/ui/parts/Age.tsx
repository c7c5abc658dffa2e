/** How long ago, with the time itself where it is pointed at. */
import { useZone } from "../live/Preferences.js"
import { age } from "../model/Quantity.js"
import * as WallClock from "../model/WallClock.js"

interface AgeProps {
  readonly at: number
  readonly now: number
}

export const Age = ({ at, now }: AgeProps) => {
  const zone = useZone()
  return (
    <time className="mono" dateTime={new Date(at).toISOString()} title={WallClock.full(at, zone)}>
      {age(now - at)}
    </time>
  )
}

/** The same as a word of a sentence: `12 s ago`, `now`. */
export const Ago = (props: AgeProps) => (
  <>
    <Age {...props} />
    {props.now - props.at < 1_000 ? "" : " ago"}
  </>
)

export const Time = ({ at }: { readonly at: number }) => {
  const zone = useZone()
  return (
    <time className="mono" dateTime={new Date(at).toISOString()} title={WallClock.full(at, zone)}>
      {WallClock.dateTime(at, zone)}
    </time>
  )
}
