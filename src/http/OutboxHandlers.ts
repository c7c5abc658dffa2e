/** The routes of the outbox. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { OutboxStats } from "../domain/Outbox.js"
import { type ArchiveFormat, OutboxOperations } from "../operations/OutboxOperations.js"
import * as Schema from "effect/Schema"
import { Api } from "./Api.js"
import { RetryBody, StopBody } from "./ApiOutbox.js"
import * as OutboxParams from "./OutboxParams.js"
import { bytes, jsonText, jsonValue, local } from "./Rendering.js"
import * as RequestJson from "./RequestJson.js"

const readRetry = RequestJson.decode(RetryBody)
const readStop = RequestJson.decode(StopBody)
const statsText = Schema.encodeSync(Schema.parseJson(OutboxStats))

export const layer = HttpApiBuilder.group(Api, "outbox", (handlers) =>
  Effect.gen(function* () {
    const outbox = yield* OutboxOperations
    return handlers
      .handle("stats", () => local(outbox.stats))
      .handle("uplinks", () => Effect.map(local(outbox.uplinks), (uplinks) => ({ uplinks })))
      .handle("list", ({ urlParams }) =>
        Effect.flatMap(OutboxParams.list(urlParams), (query) => local(outbox.list(query)))
      )
      .handle("receipts", ({ urlParams }) =>
        OutboxParams.receipts(urlParams).pipe(
          Effect.flatMap((query) => local(outbox.receipts(query))),
          Effect.map((receipts) => ({ receipts }))
        )
      )
      .handleRaw("export", ({ request, urlParams }) =>
        Effect.gen(function* () {
          const { format, ...range } = yield* OutboxParams.archive(urlParams)
          const lines = yield* local(outbox.export(format, range))
          return yield* local(
            bytes(request, lines, {
              contentType: mediaTypes[format],
              headers: { "content-disposition": `attachment; filename="messages.${format}"` }
            })
          )
        })
      )
      .handleRaw("retry", ({ request }) =>
        readRetry(request).pipe(
          Effect.flatMap((selection) => local(outbox.retry(selection))),
          Effect.map((messages) => jsonValue({ messages }))
        )
      )
      .handleRaw("stop", ({ request }) =>
        readStop(request).pipe(
          Effect.flatMap(({ limit }) => local(outbox.stop(Duration.seconds(limit)))),
          Effect.map((left) => jsonText(statsText(left)))
        )
      )
      .handle("start", () => Effect.as(local(outbox.start), { started: true }))
  })
)

// ------------------------------------------------------------------------------------------------------------------

const mediaTypes: Readonly<Record<ArchiveFormat, string>> = {
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8"
}
