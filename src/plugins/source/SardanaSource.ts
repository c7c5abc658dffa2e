/**
 * Scans of Sardana, posted over HTTP as its recorder does: description, records, end. Each becomes one frame of compact JSON that
 * says first what it is; numbers keep their spelling. Posts wait from the opening on; where too much waits, they are answered 503.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { FrameIntake } from "../../source/FrameIntake.js"
import { type Classify, end, FrameSeries, malformed, start, type Verdict } from "../../source/FrameSeries.js"
import * as Source from "../../source/Source.js"
import { headerOf, textOf } from "./internal/header.js"
import { postSettings, type Reply, serve } from "./internal/httpPosts.js"
import * as JsonText from "./internal/jsonText.js"

const name = "sardana"

interface Kind {
  readonly type: string
  readonly verdict: Verdict
  /** What must be in it, and how. */
  readonly required: Readonly<Record<string, (value: unknown) => boolean>>
}

const isText = (value: unknown) => typeof value === "string"

const kinds: Readonly<Record<string, Kind>> = {
  "/v1/data_desc": {
    type: "DataDescription",
    verdict: start,
    required: { serialno: Number.isSafeInteger, scandir: isText, title: isText }
  },
  "/v1/record_data": {
    type: "RecordData",
    verdict: { _tag: "Image" },
    required: { timestamp: (value) => typeof value === "number" }
  },
  "/v1/record_end": { type: "RecordEnd", verdict: end, required: {} }
}

/** Answered and dropped, as the original does. */
const ignored = "/v1/custom_data"

/** The frame of a post, or what is wrong with it. */
export const frameOf = (path: string, body: Uint8Array): Either.Either<Uint8Array, string> => {
  const kind = kindOf(path)
  const posted = headerOf(body)
  if (kind === undefined) return Either.left("no such path")
  if (posted === undefined) return Either.left("no JSON object")
  const wrong = Object.entries(kind.required).find(([field, holds]) => !holds(posted[field]))
  if (wrong !== undefined) return Either.left(`${wrong[0]} is missing or of another type`)
  const members = JsonText.members(JsonText.compact(JsonText.withoutBareWords(textOf(body) ?? "{}")))
  const rest = [...members].filter(([field]) => field !== "type")
  return Either.right(Buffer.from(JsonText.object([["type", JSON.stringify(kind.type)], ...rest])))
}

/** Of what `frameOf` makes. */
export const classify: Classify = (message) => {
  const type = headerOf(message[0])?.["type"]
  return Object.values(kinds).find((kind) => kind.type === type)?.verdict ?? malformed("no record of a scan")
}

export const SardanaSource = Source.make({
  name,
  description: "Scans that Sardana posts over HTTP",
  typ: "sardana",
  settings: postSettings({}),
  open: Effect.fnUntraced(function* (settings) {
    const intake = new FrameIntake(name, settings.buffer)
    const series = new FrameSeries(classify, intake)
    yield* serve(settings, {
      source: name,
      has: (path) => path === ignored || kindOf(path) !== undefined,
      isFull: () => intake.isFull,
      post: (path, body) => {
        if (path === ignored) return taken
        return Either.match(frameOf(path, body), {
          onLeft: (detail): Reply => ({ status: 422, body: { detail } }),
          onRight: (frame) => {
            series.read([frame])
            intake.announce()
            return taken
          }
        })
      }
    })
    return series.reader
  })
})

// ---------------------------------------------------------------------------------------------------------------------

const taken: Reply = { status: 200, body: null }

const kindOf = (path: string): Kind | undefined => (Object.hasOwn(kinds, path) ? kinds[path] : undefined)
