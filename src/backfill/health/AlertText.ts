/** What people read: which site, what fails and since when, or what works again. Pure. */
import * as Duration from "effect/Duration"
import type { HealthRecord } from "./HealthRecord.js"

export interface News {
  readonly record: HealthRecord
  readonly what: "alert" | "recovery"
}

/** One line for each origin, under one heading. */
export const message = (site: string, news: ReadonlyArray<News>, now: number): string =>
  news.length === 1
    ? news.map((one) => `${site}: ${lineOf(one, now)}`).join("")
    : [`${site}:`, ...news.map((one) => `- ${lineOf(one, now)}`)].join("\n")

// -----------------------------------------------------------------------------

const lineOf = ({ record, what }: News, now: number): string => {
  const { detail, exchange, failingSince, failures, kind, lastSuccessAt, name, pair } = record
  const who = `${exchange} ${pair} (${kind} ${name})`
  if (what === "recovery") {
    const lasted = failingSince === null ? "" : ` in ${span((lastSuccessAt ?? now) - failingSince)}`
    return `${who} works again after ${times(failures)}${lasted}`
  }
  const since = failingSince === null ? "" : ` since ${new Date(failingSince).toISOString().slice(0, 16)}Z`
  return `${who} fails: ${times(failures)} in a row${since}: ${detail}`
}

const times = (count: number): string => `${count} ${count === 1 ? "failure" : "failures"}`

/** The two largest units. */
const span = (millis: number): string =>
  Duration.format(Duration.seconds(Math.max(1, Math.round(millis / 1000))))
    .split(" ")
    .slice(0, 2)
    .join(" ")
