/** How an uplink stands, since when, and when it is tried again; a link to its place in the tree. */
import * as DateTime from "effect/DateTime"
import { followLink } from "../live/Address.js"
import { pathOf } from "../model/Address.js"
import { counted } from "../model/Quantity.js"
import { nextTry, standingOf, type Standing, type Uplink } from "../model/Uplinks.js"
import { Age } from "./Age.js"
import { Mark, StateMark, type Shape, type Tone } from "./Mark.js"

export const UplinkMark = ({ now, uplink }: { readonly uplink: Uplink; readonly now: number }) => {
  const { node } = uplink
  const standing = standingOf(uplink)
  if (node === undefined || standing.of === "nothing") return <Mark shape="square" tone="rest" word="switched off" />
  return (
    <>
      <a href={pathOf("system", node.path)} onClick={followLink}>
        {standing.of === "link" ? <LinkMark state={standing.state} /> : <StateMark state={standing.state} />}
      </a>
      <span className="meta note">
        {standing.of === "node" ? (
          <>
            for <Age at={DateTime.toEpochMillis(node.since)} now={now} />
          </>
        ) : (
          <LinkNote uplink={uplink} now={now} />
        )}
      </span>
    </>
  )
}

// ------------------------------------------------------------------------------------------------------------------

type LinkState = Extract<Standing, { readonly of: "link" }>["state"]

const looks: Readonly<Record<LinkState, readonly [Shape, Tone]>> = {
  connected: ["disc", "good"],
  connecting: ["ring", "busy"],
  waiting: ["half", "warn"]
}

const LinkMark = ({ state }: { readonly state: LinkState }) => {
  const [shape, tone] = looks[state]
  return <Mark shape={shape} tone={tone} word={state} />
}

const LinkNote = ({ now, uplink }: { readonly uplink: Uplink; readonly now: number }) => {
  const { connected_since = null, connections = 0 } = uplink.status ?? {}
  return connected_since === null ? (
    nextTry(uplink, now)
  ) : (
    <span title={`${counted(connections, "connection")} since the site was started`}>
      for <Age at={connected_since * 1000} now={now} />
    </span>
  )
}
