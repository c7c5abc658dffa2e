/**
 * Files in a directory as a history: JSON, JSON lines or delimited text, whose rows are taken by their time, wherever they stand.
 * Where the names tell the time, a pattern such as `{start:%Y}/{start:%m}-{start:%d}.csv` with windows of a day reads each
 * file once.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { TimeRange } from "../../domain/TimeRange.js"
import * as History from "../../source/History.js"
import { SourceError } from "../../source/SourceError.js"
import { SeriesPart } from "../../domain/Series.js"
import { reasonOf } from "../../site/FileReason.js"
import { ByteCount, DurationText, setting } from "../../site/Setting.js"
import { Site } from "../../site/Site.js"
import * as documents from "./internal/documents.js"
import { nanosPerMilli } from "./internal/fields.js"
import { matcher } from "./internal/glob.js"
import { layoutOf, mappingFields, readerOf, unknownKeys } from "./internal/mapping.js"
import { expand, problemOf } from "./internal/template.js"

const name = "files"

const Settings = Schema.Struct({
  directory: Schema.NonEmptyString.annotations({ description: "Absolute, or inside the site" }),
  pattern: setting(
    Schema.NonEmptyString.pipe(Schema.filter((text) => problemOf(text) ?? true)),
    "**",
    "Which files: * and ? within a name, ** over directories, placeholders such as {pair} and {start:%Y}"
  ),
  types: setting(Schema.Array(SeriesPart), [], "Kinds of rows it has; empty for whatever a job names"),
  window: setting(DurationText, Duration.days(3650), "How much time is read at once"),
  align: setting(DurationText, Duration.millis(1), "Windows begin at multiples of it: 1d where files hold days"),
  settle: setting(DurationText, Duration.zero, "How long rows may still come"),
  max_bytes: setting(ByteCount, 256 * 1024 * 1024, "The longest file that is taken"),
  ...mappingFields
}).pipe(
  Schema.filter((settings) => {
    const [stray] = unknownKeys(settings)
    return stray === undefined || `key names ${stray}, which is no column`
  })
)
type Settings = typeof Settings.Type

export const FilesHistory = History.make({
  name,
  description: "Files of JSON, JSON lines or CSV in a directory, by the time in their rows",
  settings: Settings,
  capabilities: ({ types }) => ({ types, generic: true }),
  plan: (settings, request) => {
    const grid = Math.max(1, Duration.toMillis(settings.align))
    const window = Math.max(grid, Math.floor(Duration.toMillis(settings.window) / grid) * grid)
    const settle = Duration.toMillis(settings.settle)
    return Effect.as(known(settings, request), { layout: layoutOf(settings), window, grid, settle })
  },
  pages: (settings, request, window) =>
    Stream.fromEffect(known(settings, request)).pipe(
      Stream.zipRight(Stream.fromEffect(found(settings, request, window))),
      Stream.flatMap(Stream.fromIterable),
      Stream.mapEffect((path) => pageOf(settings, path, window))
    )
})

// ------------------------------------------------------------------------------------------------------------------

const fail = (reason: SourceError["reason"], detail: string) => new SourceError({ source: name, reason, detail })

const known = ({ types }: Settings, { type }: History.SeriesRequest): Effect.Effect<void, SourceError> =>
  types.length === 0 || types.includes(type)
    ? Effect.void
    : fail("Unsupported", `has no ${type}; it has ${types.join(", ")}`)

/** The files that may have rows of a window, in order of their names. */
const found = Effect.fnUntraced(function* (
  { directory, pattern }: Settings,
  { pair, span, type }: History.SeriesRequest,
  { end, start }: TimeRange
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const site = yield* Site
  const root = path.isAbsolute(directory)
    ? directory
    : yield* Effect.mapError(site.resolve(directory), ({ message }) => fail("Misconfigured", message))
  const values = { start, end, pair, type, span: Option.getOrUndefined(span), cursor: undefined, page: 1, offset: 0 }
  const matches = matcher(expand(pattern, values, (text) => text))
  // A directory that is not there may be a disk that is not plugged in: it is asked for again.
  const names = yield* Effect.mapError(fs.readDirectory(root, { recursive: true }), (error) =>
    fail("Disconnected", `${root}: ${reasonOf(error)}`)
  )
  return names
    .map((file) => file.replaceAll("\\", "/"))
    .filter(matches)
    .sort()
    .map((file) => path.join(root, file))
})

const pageOf = Effect.fnUntraced(function* (settings: Settings, path: string, { end, start }: TimeRange) {
  const fs = yield* FileSystem.FileSystem
  const broken = Effect.mapError((error: Parameters<typeof reasonOf>[0]) =>
    fail("Disconnected", `${path}: ${reasonOf(error)}`)
  )
  const { size, type } = yield* broken(fs.stat(path))
  if (type !== "File") return nothing
  if (size > BigInt(settings.max_bytes)) return yield* fail("Unsupported", `${path} is longer than settings.max_bytes`)
  const body = Buffer.from(yield* broken(fs.readFile(path)))
  const document = documents.open(settings, body)
  if (typeof document === "string") return yield* fail("Malformed", `${path} ${document}`)
  const read = document.items.map(readerOf(settings))
  const readable = read.filter((mapped) => mapped !== undefined)
  const from = BigInt(start) * nanosPerMilli
  const to = BigInt(end) * nanosPerMilli
  const rows = readable.filter(({ time }) => time >= from && time < to).map(({ row }) => row)
  const page: History.Page = {
    rows,
    bytes: body.byteLength,
    malformed: read.length - readable.length,
    readable: readable.length
  }
  return page
})

const nothing: History.Page = { rows: [], bytes: 0 }
