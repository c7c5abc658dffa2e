/** Questions to the outbox as URL parameters, in both directions. Runs in a browser. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Priority } from "../domain/Message.js"
import { type ArchiveRange, maximumLimit, MessageId, type OutboxQuery, type ReceiptQuery } from "../domain/Outbox.js"
import type { InvalidInput } from "../domain/Refusal.js"
import { ArchiveFormat } from "../operations/OutboxOperations.js"
import { ofTime, oneOf, type Params, reading, time, whole, yesOrNo } from "./QueryParams.js"

export const list = (params: Params): Effect.Effect<OutboxQuery, InvalidInput> =>
  reading(params, messages, (read) => ({
    uplink: read("uplink", Option.some),
    priority: read("priority", oneOf(Priority)),
    setAside: read("set_aside", yesOrNo),
    after: read("after", whole(0, Number.MAX_SAFE_INTEGER)),
    limit: read("limit", limit)
  }))

export const ofList = ({ after, limit, priority, setAside, uplink }: OutboxQuery) => ({
  uplink,
  priority,
  set_aside: written(setAside),
  after: written(after),
  limit: written(limit)
})

export const receipts = (params: Params): Effect.Effect<ReceiptQuery, InvalidInput> =>
  reading(params, messages, (read) => ({
    uplink: read("uplink", Option.some),
    id: read("id", (text) => Option.map(whole(1, Number.MAX_SAFE_INTEGER)(text), (id) => MessageId.make(id))),
    limit: read("limit", limit)
  }))

export const ofReceipts = ({ id, limit, uplink }: ReceiptQuery) => ({ uplink, id: written(id), limit: written(limit) })

export interface ExportRequest extends ArchiveRange {
  readonly format: ArchiveFormat
}

export const archive = (params: Params): Effect.Effect<ExportRequest, InvalidInput> =>
  reading(params, messages, (read) => ({
    format: read("format", oneOf(ArchiveFormat)) ?? ("ndjson" as const),
    since: read("since", time),
    until: read("until", time)
  }))

export const ofArchive = ({ format, since, until }: ExportRequest) => ({
  format,
  since: since === undefined ? undefined : ofTime(since),
  until: until === undefined ? undefined : ofTime(until)
})

// ------------------------------------------------------------------------------------------------------------------

const limit = whole(1, maximumLimit)

const written = (value: number | boolean | undefined) => (value === undefined ? undefined : String(value))

const aTime = "Input should be an ISO 8601 time or Unix seconds"

const messages = {
  priority: "Input should be urgent, normal or bulk",
  set_aside: "Input should be true or false",
  after: "Input should be the number of a message",
  id: "Input should be the number of a message",
  limit: `Input should be a whole number from 1 to ${maximumLimit}`,
  format: "Input should be ndjson or csv",
  since: aTime,
  until: aTime
}
