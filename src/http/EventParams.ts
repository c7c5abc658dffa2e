/**
 * Event filters and queries as URL parameters, in both directions. Times are ISO 8601 (UTC where no zone is written) or Unix
 * seconds; `type` may be repeated; every parameter that can't be understood is named, all at once.
 */
import * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Cursor from "../domain/Cursor.js"
import { EventFilter, EventQuery, maximumLimit } from "../domain/EventQuery.js"
import { InvalidInput } from "../domain/Refusal.js"
import { StreamName } from "../domain/StreamName.js"
import { ExportFormat } from "../operations/TelemetryOperations.js"
import type { LogFilter } from "../operations/SiteOperations.js"
import {
  aLogLevel,
  logLevel,
  ofTime,
  oneOf,
  type Params,
  type Read,
  reading as readingWith,
  time,
  whole
} from "./QueryParams.js"

export const filter = (params: Params): Effect.Effect<EventFilter, InvalidInput> =>
  reading(params, (read) => readFilter(params, read))

export const query = (params: Params, pageRows = maximumLimit): Effect.Effect<EventQuery, InvalidInput> =>
  reading(params, (read) => {
    const limit = read("limit", whole(1, Math.min(pageRows, maximumLimit)))
    const cursor = read("cursor", place)
    return new EventQuery({
      filter: readFilter(params, read),
      ...(limit === undefined ? {} : { limit }),
      descending: read("order", oneOf(Schema.Literal("asc", "desc"))) === "desc",
      ...(cursor === undefined ? {} : { cursor })
    })
  })

/** A filter and where to begin; `lastEventId` is what a client that was cut off says it has seen. */
export const tail = (
  params: Params,
  lastEventId: string | undefined
): Effect.Effect<{ readonly filter: EventFilter; readonly from: Cursor.Cursor | undefined }, InvalidInput> =>
  reading({ ...params, ...(lastEventId === undefined ? {} : { cursor: lastEventId }) }, (read) => ({
    filter: readFilter(params, read),
    from: read("cursor", place)
  }))

/** A cursor that speaks of numbers behind the last ones. */
export const aheadOfLog = (cursor: Cursor.Cursor, last: Cursor.Cursor): Effect.Effect<never, InvalidInput> => {
  const msg = `Input is ahead of the log, which ends at ${Cursor.format(last)}`
  const input = Cursor.format(cursor)
  return Effect.fail(new InvalidInput({ problems: [{ type: "value_error", loc: ["query", "cursor"], msg, input }] }))
}

export const format = (params: Params): Effect.Effect<ExportFormat, InvalidInput> =>
  reading(params, (read) => read("format", oneOf(ExportFormat)) ?? "ndjson")

export const logs = (params: Params): Effect.Effect<LogFilter, InvalidInput> =>
  reading(params, (read) => ({
    tail: read("tail", whole(0, 100_000)),
    level: read("level", logLevel),
    since: read("since", time),
    grep: read("grep", Option.some)
  }))

export const ofFilter = (filter: EventFilter): UrlParams.UrlParams =>
  UrlParams.fromInput([
    ...(filter.stream === undefined ? [] : [["stream", filter.stream] as const]),
    ...(filter.run === undefined ? [] : [["run", filter.run] as const]),
    ...filter.types.map((type) => ["type", type] as const),
    ...(filter.since === undefined ? [] : [["since", ofTime(filter.since)] as const]),
    ...(filter.until === undefined ? [] : [["until", ofTime(filter.until)] as const]),
    ...(filter.afterSeq === undefined ? [] : [["after_seq", String(filter.afterSeq)] as const])
  ])

export const ofQuery = (query: EventQuery): UrlParams.UrlParams =>
  UrlParams.appendAll(ofFilter(query.filter), [
    ["limit", String(query.limit)],
    ...(query.descending ? [["order", "desc"] as const] : []),
    ...(query.cursor === undefined ? [] : [["cursor", Cursor.format(query.cursor)] as const])
  ])

export const ofLogs = (filter: LogFilter): UrlParams.UrlParams =>
  UrlParams.fromInput({
    tail: filter.tail,
    level: filter.level,
    since: filter.since === undefined ? undefined : ofTime(filter.since),
    grep: filter.grep
  })

// ------------------------------------------------------------------------------------------------------------------

const messages: Readonly<Record<string, string>> = {
  stream: "Input should be site, run or system",
  since: "Input should be an ISO 8601 time or Unix seconds",
  until: "Input should be an ISO 8601 time or Unix seconds",
  after_seq: "Input should be a whole number",
  limit: "Input should be a whole number from 1 to the largest page",
  order: "Input should be asc or desc",
  cursor: "Input should be a cursor such as site.12-run.5",
  format: "Input should be ndjson, csv or parquet",
  tail: "Input should be a whole number",
  level: aLogLevel
}

/** An empty cursor is the beginning of all streams. */
const reading = <A>(params: Params, build: (read: Read) => A) => readingWith(params, messages, build, ["cursor"])

const readFilter = (params: Params, read: Read): EventFilter => {
  const type = params["type"]
  const stream = read("stream", oneOf(StreamName))
  const run = read("run", Option.some)
  const since = read("since", time)
  const until = read("until", time)
  const afterSeq = read("after_seq", whole(0, Number.MAX_SAFE_INTEGER))
  return new EventFilter({
    ...(stream === undefined ? {} : { stream }),
    ...(run === undefined ? {} : { run }),
    types: type === undefined ? [] : typeof type === "string" ? [type] : type,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(afterSeq === undefined ? {} : { afterSeq })
  })
}

const place = Cursor.parse
