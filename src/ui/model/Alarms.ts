/** What is wrong with the site now, each thing once, the gravest first. */
import * as DateTime from "effect/DateTime"
import type { NodeStatus } from "../../actor/NodeStatus.js"
import type { Alarm as Condition } from "../../domain/Alarm.js"
import type { SiteStatus } from "../../operations/SiteOperations.js"
import { pathOf } from "./Address.js"
import { isTrouble, word } from "./Tree.js"

export interface Alarm {
  readonly key: string
  readonly grave: boolean
  readonly title: string
  /** Why, in full. */
  readonly cause: string | undefined
  /** Unix milliseconds. */
  readonly since: number | undefined
  /** The address of the page that tells more. */
  readonly link: string | undefined
}

export const alarmsOf = (status: SiteStatus): ReadonlyArray<Alarm> => {
  const troubled = status.tree.filter((node) => node.path !== "" && isTrouble(node.status))
  const parents = new Set(troubled.map(({ path }) => path))
  const nodes = troubled.filter((node) => !isOnlyBecauseOfBelow(node, parents)).map(ofNode)
  const told = [
    ...(status.telemetry.failure === undefined
      ? []
      : [plain("telemetry", "Events can't be stored", status.telemetry.failure, true)]),
    ...(status.config.error === null
      ? []
      : [plain("config", "The config file is not valid; the last good one is in force", status.config.error, false)])
  ]
  const reasons = status.reasons
    .filter((reason) => !troubled.some(({ path }) => reason.includes(path)))
    .filter(
      (reason) => !told.some(({ cause }) => cause !== undefined && (reason.includes(cause) || cause.includes(reason)))
    )
    .map((reason) => plain(`reason:${reason}`, reason, undefined, !status.ready))
  // Those of the tree and of the config are told above, with what is known of them.
  const conditions = status.alarms.filter(({ key }) => !key.startsWith("actor:")).map(ofCondition)
  return [...told, ...reasons, ...conditions, ...nodes].sort((a, b) => Number(b.grave) - Number(a.grave))
}

// ------------------------------------------------------------------------------------------------------------------

const plain = (key: string, title: string, cause: string | undefined, grave: boolean): Alarm => ({
  key,
  grave,
  title,
  cause,
  since: undefined,
  link: undefined
})

const ofCondition = ({ key, severity, since, summary }: Condition): Alarm => ({
  key,
  grave: severity === "error",
  title: summary,
  cause: undefined,
  since,
  link: linkOf(key)
})

/** Of a condition such as `queue:office`. */
const linkOf = (key: string): string | undefined => {
  const [, kind, name = ""] = /^([^:]*):?(.*)$/s.exec(key) ?? []
  if (kind === "update") return pathOf("updates")
  if (kind === "queue") return `${pathOf("outbox")}?${new URLSearchParams({ uplink: name })}`
  return kind === "silence" ? pathOf("telemetry", name) : undefined
}

const ofNode = (node: NodeStatus): Alarm => ({
  key: `node:${node.path}`,
  grave: node.status === "failed" || node.status === "quarantined",
  title: `${node.path} is ${word(node.status)}${node.reason === undefined ? "" : ` (${node.reason})`}`,
  cause: node.lastCause,
  since: DateTime.toEpochMillis(node.since),
  link: pathOf("system", node.path)
})

/** A supervisor that is degraded by its child says nothing that the child does not. */
const isOnlyBecauseOfBelow = (node: NodeStatus, troubled: ReadonlySet<string>): boolean =>
  node.kind === "supervisor" &&
  node.status === "degraded" &&
  Array.from(troubled).some((path) => path.startsWith(`${node.path}/`))
