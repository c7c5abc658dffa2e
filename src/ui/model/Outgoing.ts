/** Messages for the outside as people read them, and what of them wants a person's eye. */
import type { OutboxEntry, OutboxStats, UplinkStats } from "../../domain/Outbox.js"
import { bytes, count, counted } from "./Quantity.js"
import { oneLine } from "./Shorten.js"

/** `data`, `log` or `config`; a body of another shape can't be read. */
export const kindOf = ({ body }: Pick<OutboxEntry, "body">): string => {
  const variant = fieldOf(body, "variant")
  return typeof variant === "string" ? variant : "unreadable"
}

/** What a message says, on one line. */
export const excerpt = ({ body }: Pick<OutboxEntry, "body">): string => {
  switch (fieldOf(body, "variant")) {
    case "data":
      return oneLine(fieldOf(body, "data"))
    case "log":
      return oneLine(fieldOf(body, "subject"))
    case "config":
      return `${oneLine(fieldOf(body, "status"))}: ${sections(fieldOf(body, "config"))}`
    default:
      return oneLine(body)
  }
}

/** How many were set aside by the uplink of this name, or by all. */
export const setAsideOf = (stats: OutboxStats, uplink: string | undefined): number =>
  of(stats, uplink).reduce((sum, { set_aside }) => sum + set_aside, 0)

/** How many were delivered since the uplinks were registered. */
export const deliveredOf = (stats: OutboxStats, uplink: string | undefined): number =>
  of(stats, uplink).reduce((sum, { delivered }) => sum + delivered, 0)

/** When the oldest message was made that some uplink has yet to deliver: Unix milliseconds. */
export const oldestOf = ({ oldest_at }: Pick<OutboxStats, "oldest_at">): number | undefined =>
  oldest_at === null ? undefined : oldest_at * 1000

/** What stands in the queue, in a few words. */
export const queueWords = ({ bytes: size, messages, oldest_at, stopped, uplinks }: OutboxStats): string => {
  if (messages === 0) return uplinks.length === 0 ? "no uplink" : "nothing waits"
  if (oldest_at === null) return `${count(messages)} set aside`
  return `${counted(messages, "message")}, ${bytes(size)}${stopped ? ", stopped" : ""}`
}

/** Between 0 and 1: how much of the room for waiting messages is taken. */
export const fullness = ({ bytes, max_bytes, max_messages, messages }: OutboxStats): number =>
  Math.min(1, Math.max(max_messages > 0 ? messages / max_messages : 0, max_bytes > 0 ? bytes / max_bytes : 0))

// ------------------------------------------------------------------------------------------------------------------

const of = ({ uplinks }: OutboxStats, uplink: string | undefined): ReadonlyArray<UplinkStats> =>
  uplink === undefined ? uplinks : uplinks.filter(({ name }) => name === uplink)

const fieldOf = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined

const sections = (config: unknown): string =>
  typeof config === "object" && config !== null ? Object.keys(config).join(", ") : ""
