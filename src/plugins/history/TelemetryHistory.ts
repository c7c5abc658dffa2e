/**
 * The station's own events as rows: `pair` is the type of the events, such as `system.load`. Without `columns`, every number
 * that the newest event of the type has becomes one, named by its path (`cpu.user` is `cpu_user`).
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { Cell, Row, RowLayout } from "../../domain/RowLayout.js"
import * as History from "../../source/History.js"
import { type RecordedEvent, RecordedEvents } from "../../source/RecordedEvents.js"
import { SourceError } from "../../source/SourceError.js"
import { optionalSetting, setting } from "../../site/Setting.js"
import { instantOf } from "./internal/fields.js"
import { follow } from "./internal/jsonPath.js"
import { PathText } from "./internal/mapping.js"

const name = "telemetry"
const type = "telemetry"

const Settings = Schema.Struct({
  columns: optionalSetting(
    Schema.Record({ key: Schema.NonEmptyString, value: PathText }),
    "Columns and their paths in an event's data; default every number of the newest event"
  ),
  period: setting(Schema.Literal("year", "month", "day"), "day", "How much time one file holds")
})
type Settings = typeof Settings.Type

export const TelemetryHistory = History.make({
  name,
  description: "The station's own events, numbers as columns; the pair is the type of the events",
  settings: Settings,
  capabilities: () => ({ types: [type] }),
  plan: (settings, request) =>
    Effect.map(columnsOf(settings, request), (columns) => ({
      layout: layoutOf(settings, columns),
      window: 86_400_000,
      grid: 1,
      // Events of this moment may be on their way to the disk.
      settle: 5_000
    })),
  pages: (settings, request, window) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const columns = yield* columnsOf(settings, request)
        const recorded = yield* RecordedEvents
        return recorded.between(request.pair, window).pipe(
          Stream.mapError(disconnected),
          Stream.grouped(eventsPerPage),
          Stream.map((events) => pageOf(Chunk.toReadonlyArray(events), columns))
        )
      })
    )
})

// ------------------------------------------------------------------------------------------------------------------

const eventsPerPage = 5_000

type Columns = ReadonlyArray<readonly [column: string, path: string]>

const disconnected = ({ message }: StorageFailed) =>
  new SourceError({ source: name, reason: "Disconnected", detail: message })

const unsupported = (detail: string) => new SourceError({ source: name, reason: "Unsupported", detail })

const columnsOf = (
  settings: Settings,
  request: History.SeriesRequest
): Effect.Effect<Columns, SourceError, RecordedEvents> => {
  if (request.type !== type) return unsupported(`has no ${request.type}; it has ${type}`)
  if (Option.isSome(settings.columns)) return Effect.succeed(Object.entries(settings.columns.value))
  return Effect.gen(function* () {
    const newest = yield* Effect.mapError((yield* RecordedEvents).newest(request.pair), disconnected)
    const columns = Option.match(newest, { onNone: () => [], onSome: ({ data }) => numbersOf(data, "") })
    if (columns.length === 0)
      return yield* unsupported(
        `there is no event ${request.pair} with a number in it yet; settings.columns names some`
      )
    return columns
  })
}

/** Paths to the numbers of a value, in its order. */
const numbersOf = (value: unknown, path: string): Columns => {
  if (typeof value === "number") return [[path === "" ? "value" : path.replaceAll(/[^A-Za-z0-9]+/g, "_"), path]]
  if (typeof value !== "object" || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    /[.[\]]/.test(key) ? [] : numbersOf(inner, path === "" ? key : `${path}.${key}`)
  )
}

const layoutOf = ({ period }: Settings, columns: Columns): RowLayout => ({
  time: { name: "TS", field: "TS", unit: "us", type: "int64" },
  columns: [
    ...columns.map(([column]) => ({ name: column, type: "double" as const, field: column })),
    { name: "seq", type: "int64", field: "seq" },
    { name: "stream", type: "text", field: "stream" }
  ],
  key: ["TS", "seq", "stream"],
  period
})

const pageOf = (events: ReadonlyArray<RecordedEvent>, columns: Columns): History.Page => {
  const rows = events.map((event) => rowOf(event, columns)).filter((row) => row !== undefined)
  return { rows, bytes: rows.length * 100, malformed: events.length - rows.length, readable: events.length }
}

/** Undefined where the event's own time is none: a client may send any text. */
const rowOf = ({ data, seq, stream, ts }: RecordedEvent, columns: Columns): Row | undefined => {
  const TS = instantOf(ts, "iso")
  if (TS === undefined) return undefined
  const row: Record<string, Cell> = { TS, seq, stream }
  for (const [column, path] of columns) {
    const value = follow(data, path)
    row[column] = typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : null
  }
  return row
}
