/** Questions to the collector as URL parameters, in both directions. Runs in a browser. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { DataFormat } from "../dataset/Dataset.js"
import { InvalidInput } from "../domain/Refusal.js"
import { LedgerStatus } from "../ledger/LedgerRow.js"
import type { ChunkQuery, CoverageQuery } from "../operations/BackfillOperations.js"
import type { DataRequest } from "../operations/CollectorOperations.js"
import type { LogFilter } from "../operations/SiteOperations.js"
import { aLogLevel, logLevel, ofTime, oneOf, type Params, reading, time, whole, yesOrNo } from "./QueryParams.js"

/** A switch such as `collect=true`; off where it is absent. */
export const flag = (params: Params, name: string): Effect.Effect<boolean, InvalidInput> =>
  reading(params, { [name]: "Input should be true or false" }, (read) => read(name, yesOrNo) ?? false)

export const chunks = (id: string, params: Params): Effect.Effect<ChunkQuery, InvalidInput> =>
  reading(params, { limit: "Input should be a whole number from 1", status: aChunkStatus }, (read) => {
    const limit = read("limit", whole(1, Number.MAX_SAFE_INTEGER))
    return {
      id,
      status: read("status", oneOf(LedgerStatus)),
      after: read("after", Option.some),
      limit: limit === undefined ? undefined : Math.min(limit, mostChunks)
    }
  })

export const ofChunks = ({ after, limit, status }: ChunkQuery) => ({ status, after, limit: written(limit) })

export const coverage = (params: Params): Effect.Effect<CoverageQuery, InvalidInput> =>
  reading(params, times, (read) => ({
    series: read("series", Option.some),
    start: read("start", time),
    end: read("end", time)
  }))

export const ofCoverage = ({ end, series, start }: CoverageQuery) => ({
  series,
  start: instant(start),
  end: instant(end)
})

export const data = (params: Params): Effect.Effect<DataRequest, InvalidInput> => {
  const messages = {
    ...times,
    limit: "Input should be a whole number from 0",
    order: "Input should be asc or desc",
    format: "Input should be json, ndjson, csv, arrow or parquet"
  }
  const parsed = reading(params, messages, (read) => ({
    series: read("series", Option.some) ?? "",
    format: read("format", oneOf(DataFormat)) ?? ("json" as const),
    start: read("start", time),
    end: read("end", time),
    limit: read("limit", whole(0, Number.MAX_SAFE_INTEGER)),
    columns: read("columns", (text) => Option.some(text.split(","))),
    order: read("order", (text) => Option.map(oneOf(Order)(text), (order) => orders[order]))
  }))
  return Effect.filterOrFail(
    parsed,
    ({ series }) => series !== "",
    () => missingSeries
  )
}

export const ofData = (request: DataRequest) => ({
  series: request.series,
  format: request.format,
  start: instant(request.start),
  end: instant(request.end),
  limit: written(request.limit),
  columns: request.columns?.join(","),
  order: request.order === "descending" ? "desc" : undefined
})

/** The daemon's question for log lines: 200 of them unless told otherwise, none for 0. */
export const logs = (params: Params): Effect.Effect<LogFilter, InvalidInput> =>
  reading(params, { tail: "Input should be a whole number from 0", since: times.since, level: aLogLevel }, (read) => ({
    tail: Math.min(read("tail", whole(0, Number.MAX_SAFE_INTEGER)) ?? 200, mostLines),
    level: read("level", logLevel),
    since: read("since", time),
    grep: read("grep", Option.some)
  }))

// ------------------------------------------------------------------------------------------------------------------

const aChunkStatus = `Input should be ${LedgerStatus.literals.join(", ")}`
const mostChunks = 10_000
const mostLines = 100_000

const aTime = "Input should be an ISO 8601 time or Unix seconds"
const times = { start: aTime, end: aTime, since: aTime }

const Order = Schema.Literal("asc", "desc")
const orders = { asc: "ascending", desc: "descending" } as const

const instant = (millis: number | undefined) => (millis === undefined ? undefined : ofTime(millis))
const written = (value: number | undefined) => (value === undefined ? undefined : String(value))

const missingSeries = new InvalidInput({
  problems: [{ type: "missing", loc: ["query", "series"], msg: "Field required", input: null }]
})
