/** The verbs of the outbox in this process. What an operator did is recorded in the system stream. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as ArchiveLine from "../outbox/ArchiveLine.js"
import { Outbox } from "../outbox/Outbox.js"
import { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { Uplinks } from "../uplink/Uplinks.js"
import { type ArchiveFormat, OutboxOperations } from "./OutboxOperations.js"

export const layer: Layer.Layer<OutboxOperations, never, Outbox | Uplinks | TelemetryStore> = Layer.effect(
  OutboxOperations,
  Effect.gen(function* () {
    const outbox = yield* Outbox
    const store = yield* TelemetryStore
    const uplinks = yield* Uplinks
    const audited = (action: string, facts: object = {}) =>
      Effect.ignore(store.postSystem("operator", { action, ...facts }))
    return OutboxOperations.of({
      list: outbox.list,
      receipts: outbox.receipts,
      stats: outbox.stats,
      uplinks: uplinks.status,
      retry: (selection) =>
        Effect.tap(outbox.retry(selection), (messages) => audited("outbox.retry", { ...selection, messages })),
      export: (format, range) => Effect.succeed(encoded(format, outbox.archived(range))),
      stop: (limit) => Effect.tap(outbox.stop(limit), ({ messages }) => audited("outbox.stop", { left: messages })),
      start: Effect.zipRight(outbox.start, audited("outbox.start"))
    })
  })
)

// ------------------------------------------------------------------------------------------------------------------

const headers: Readonly<Record<ArchiveFormat, string>> = { csv: ArchiveLine.header, ndjson: "" }

const lineOf: Readonly<Record<ArchiveFormat, (line: ArchiveLine.ArchivedLine) => string>> = {
  csv: ({ text, timestamp }) => ArchiveLine.encode(timestamp, text),
  ndjson: ({ text, timestamp }) => `{"timestamp":${timestamp},"message_body":${text}}\n`
}

const encoded = <E>(
  format: ArchiveFormat,
  lines: Stream.Stream<ArchiveLine.ArchivedLine, E>
): Stream.Stream<Uint8Array, E> =>
  Stream.concat(Stream.make(headers[format]), Stream.map(lines, lineOf[format])).pipe(
    Stream.filter((text) => text !== ""),
    Stream.encodeText
  )
