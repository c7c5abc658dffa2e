/**
 * Which conditions hold, told from what is known of the site. Pure. Where a value wanders about its limit, an alarm that is
 * raised stays until the value is clearly better.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { NodeStatus } from "../actor/NodeStatus.js"
import type { Condition } from "../domain/Alarm.js"
import type { UpdateOutcome } from "../domain/Update.js"
import type { AlarmSettings } from "./Settings.js"

/** Nodes that will not come back by themselves, and those that are silent for longer than their spec calls normal. */
export const ofTree = (nodes: ReadonlyArray<NodeStatus>): ReadonlyArray<Condition> =>
  nodes.flatMap((node): ReadonlyArray<Condition> => {
    const because = node.reason === undefined ? "" : ` (${node.reason})`
    const key = `actor:${node.path}`
    if (node.status === "quarantined" || node.status === "failed") {
      const cause = node.lastCause === undefined ? "" : `: ${firstLine(node.lastCause)}`
      return [{ key, severity: "error", summary: `${node.path} is ${node.status}${because}${cause}` }]
    }
    if (node.status !== "degraded" || node.kind === "supervisor") return []
    const last = node.lastProgress === undefined ? "" : ` since ${DateTime.formatIso(node.lastProgress)}`
    return [{ key, severity: "warning", summary: `${node.path} has made no progress${last}` }]
  })

/** Bytes. An alarm that is raised is over where there is a tenth more room than its limit. */
export const ofDisk = (
  { free, total }: { readonly free: number; readonly total: number },
  { disk }: AlarmSettings,
  isRaised: boolean
): ReadonlyArray<Condition> => {
  const limit = Math.max(disk.free_bytes, (total * disk.free_percent) / 100) * (isRaised ? 1.1 : 1)
  if (total === 0 || free >= limit) return []
  const share = ((100 * free) / total).toFixed(1)
  return [{ key: "disk", severity: "error", summary: `${megabytes(free)} (${share} %) left on the site's disk` }]
}

/** How far the clock was set, and when; both in ms. */
export interface Step {
  readonly by: number
  readonly at: number
}

/** For so long the last step is an alarm: times around it are doubtful. */
const stepHolds = Duration.hours(1)

export const ofClock = (
  step: Step | undefined,
  { clock_step }: AlarmSettings,
  now: number
): ReadonlyArray<Condition> =>
  step === undefined ||
  Math.abs(step.by) <= Duration.toMillis(clock_step) ||
  Math.abs(now - step.at) > Duration.toMillis(stepHolds)
    ? []
    : [{ key: "clock", severity: "warning", summary: `the clock was set by ${(step.by / 1000).toFixed(1)} s` }]

/** An uplink, and when the oldest message that waits for it was made (seconds since the epoch). */
export interface Queue {
  readonly name: string
  readonly oldest_at: number | null
}

export const ofQueues = (
  queues: ReadonlyArray<Queue>,
  { queue_age }: AlarmSettings,
  now: number
): ReadonlyArray<Condition> =>
  queues.flatMap(({ name, oldest_at }): ReadonlyArray<Condition> => {
    const age = oldest_at === null ? 0 : now - oldest_at * 1000
    if (age <= Duration.toMillis(queue_age)) return []
    const summary = `the oldest message for ${name} has waited ${Duration.format(Duration.seconds(Math.round(age / 1000)))}`
    return [{ key: `queue:${name}`, severity: "warning", summary }]
  })

/** What is known of the events that have to come. */
export interface Listening {
  /** When one of a type came last, in ms. */
  readonly lastOf: (type: string) => number | undefined
  /** When the watch began: one that has not come since counts from then. */
  readonly begin: number
  /** Keys that were raised when it began: a new beginning ends no silence. */
  readonly silent: ReadonlySet<string>
}

/** Types of events that have to come regularly. */
export const ofSilence = (
  { begin, lastOf, silent }: Listening,
  { silence }: AlarmSettings,
  now: number
): ReadonlyArray<Condition> =>
  Object.entries(silence).flatMap(([type, limit]): ReadonlyArray<Condition> => {
    const last = Math.max(begin, lastOf(type) ?? begin)
    const goesOn = last === begin && silent.has(`silence:${type}`)
    if (!goesOn && now - last <= Duration.toMillis(limit)) return []
    return [
      { key: `silence:${type}`, severity: "error", summary: `no event of type ${type} for ${Duration.format(limit)}` }
    ]
  })

/** An update that failed, until another one ends well. Taking the old version back by order is no failure. */
export const ofUpdate = (last: UpdateOutcome | null): ReadonlyArray<Condition> =>
  last === null || last.outcome === "healthy" || last.reason === "Operator"
    ? []
    : [
        {
          key: "update",
          severity: "warning",
          summary: `the update to ${last.to} ${last.outcome === "failed" ? "failed" : "was rolled back"}: ${firstLine(last.detail ?? last.reason ?? "")}`
        }
      ]

// -----------------------------------------------------------------------------

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? ""

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
