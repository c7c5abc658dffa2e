/** What the state of a procedure means to a person, and what can be done with it. */
import type { ProcedureStatus } from "../../operations/ProcedureOperations.js"
import { counted } from "./Quantity.js"
import type { Timing } from "./ScheduleWords.js"

export type Action = "start" | "stop" | "restart"

/** What can be ordered of it as it stands. */
export const actionsOf = ({ status }: Pick<ProcedureStatus, "status">): ReadonlyArray<Action> =>
  status === "stopped" || status === "failed" || status === "quarantined" ? ["start"] : ["restart", "stop"]

/** `code 3`, `SIGKILL`; undefined where no process has ended. */
export const exitWords = ({ exit }: Pick<ProcedureStatus, "exit">): string | undefined =>
  exit === null ? undefined : (exit.signal ?? (exit.code === null ? undefined : `code ${exit.code}`))

/** Whether its last process ended as it should not. */
export const endedBadly = ({ exit }: Pick<ProcedureStatus, "exit">): boolean => exit !== null && exit.code !== 0

/** Why it does not run though it should, and what brings it back; undefined where nothing has to be done. */
export const wayOut = ({ name, reason, restarts, status }: ProcedureStatus): string | undefined => {
  if (status === "quarantined") {
    return (
      `It crashed too often (${counted(restarts, "restart")}) and is left alone. Mend what the error says, then start ` +
      `it: that forgets earlier crashes. A change of its entry in the config starts it too.`
    )
  }
  if (status !== "failed") return undefined
  return reason === "misconfigured"
    ? `It can't work with what the config says, so it is not tried again. Change procedures.${name} in the config: it starts by itself.`
    : "It ended with an error that a restart would not mend. Start it once the cause is gone, or change its entry in the config."
}

/** Its entry in a config document with all defaults; undefined where it has none. */
export const entryOf = (document: object, name: string): Readonly<Record<string, unknown>> | undefined => {
  const section = "procedures" in document ? document.procedures : undefined
  return isRecord(section) && isRecord(section[name]) ? section[name] : undefined
}

/** When it runs, as its entry says; without one as it says itself. */
export const timingOf = (status: ProcedureStatus, entry: Readonly<Record<string, unknown>> | undefined): Timing => {
  const interval = /^every (.+)$/.exec(status.trigger)?.[1]
  return {
    ...(interval !== undefined ? { every: interval } : status.trigger === "endless" ? {} : { cron: status.trigger }),
    timezone: textOf(entry?.["timezone"]),
    overlap: textOf(entry?.["overlap"]),
    missed: textOf(entry?.["missed"]),
    restart: textOf(entry?.["restart"])
  }
}

/** The keys of an entry that say more than its schedule does: what is empty is left out. */
export const settledBy = (entry: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(entry).filter(([key, value]) => !told.has(key) && !isEmpty(value)))

// ------------------------------------------------------------------------------------------------------------------

const told: ReadonlySet<string> = new Set([
  "enabled",
  "use",
  "command",
  "module",
  "every",
  "cron",
  "timezone",
  "overlap",
  "missed",
  "restart"
])

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isEmpty = (value: unknown): boolean =>
  value === false || (typeof value === "object" && value !== null && Object.keys(value).length === 0)

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)
