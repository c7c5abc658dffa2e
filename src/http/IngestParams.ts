/** Questions to a controller as URL parameters, in both directions. Runs in a browser. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { EnsembleLogLevel } from "../assignment/EnsembleLog.js"
import { InvalidInput } from "../domain/Refusal.js"
import type { TriggerMap } from "../ingest/controller/TriggerMap.js"
import type { ToldMap } from "./ApiIngest.js"
import { oneOf, type Params, reading, whole, yesOrNo } from "./QueryParams.js"

/** How a scan is begun, besides its map. */
export interface Wrap {
  readonly allWrap?: boolean | undefined
  readonly onWorkerLoss?: "reassign" | "lose" | undefined
}

export const wrap = (params: Params): Effect.Effect<Wrap, InvalidInput> =>
  reading(
    params,
    { all_wrap: "Input should be true or false", on_worker_loss: "Input should be reassign or lose" },
    (read) => ({ allWrap: read("all_wrap", pythonFlag), onWorkerLoss: read("on_worker_loss", oneOf(Loss)) })
  )

export const ofWrap = ({ allWrap, onWorkerLoss }: Wrap) => ({
  all_wrap: allWrap === undefined ? undefined : String(allWrap),
  on_worker_loss: onWorkerLoss
})

/** `intervals=1&intervals=10&scan=true`, which is also the default; `intervals=` asks for none. */
export const load = (
  params: Params
): Effect.Effect<{ readonly intervals: ReadonlyArray<number>; readonly scan: boolean }, InvalidInput> => {
  const given = params["intervals"]
  const all = given === undefined ? ["1", "10"] : typeof given === "string" ? [given] : given
  const texts = all.filter((text) => text !== "")
  const intervals = texts.map((text) => Option.getOrUndefined(whole(0, Number.MAX_SAFE_INTEGER)(text)))
  const wrong = intervals.indexOf(undefined)
  if (wrong >= 0) {
    const loc = ["query", "intervals", wrong]
    const msg = "Input should be a whole number of events"
    return Effect.fail(
      new InvalidInput({ problems: [{ type: "int_parsing", loc, msg, input: (texts[wrong] ?? "").slice(0, 200) }] })
    )
  }
  return reading(params, { scan: "Input should be true or false" }, (read) => ({
    intervals: intervals.filter((interval) => interval !== undefined),
    scan: read("scan", pythonFlag) ?? true
  }))
}

/** The largest array that is told among what is published. */
export const published = (params: Params): Effect.Effect<{ readonly largest?: number | undefined }, InvalidInput> =>
  reading(params, { largest: "Input should be a whole number" }, (read) => ({
    largest: read("largest", whole(0, Number.MAX_SAFE_INTEGER))
  }))

/** `level=INFO`, which is also the default. */
export const logLevel = (params: Params): Effect.Effect<EnsembleLogLevel, InvalidInput> =>
  reading(
    params,
    { level: `Input should be ${EnsembleLogLevel.literals.join(", ")}` },
    (read) => read("level", (text) => oneOf(EnsembleLogLevel)(text.toUpperCase())) ?? "INFO"
  )

/** The map as it is told, which is one level deeper, back as it is given. */
export const mapOf = ({ parts, sequence }: ToldMap): TriggerMap => ({
  parts: Object.fromEntries(Object.entries(parts).map(([name, { mapping }]) => [name, mapping])),
  sequence
})

export const toldMap = ({ parts, sequence }: TriggerMap): ToldMap => ({
  parts: Object.fromEntries(Object.entries(parts).map(([name, mapping]) => [name, { mapping }])),
  sequence
})

export const ofLoad = (query: { readonly intervals: ReadonlyArray<number>; readonly scan: boolean }) => ({
  intervals: query.intervals.length === 0 ? [""] : query.intervals.map(String),
  scan: String(query.scan)
})

/** One event for each point, each with a constraint of its own. */
export const uniform = (streams: ReadonlyArray<string>, points: number): TriggerMap => {
  const tags = ["generic"]
  const entries = Array.from({ length: points }, (_, point) => [{ tags, constraint: point }])
  return { parts: { main: Object.fromEntries(streams.map((stream) => [stream, entries])) }, sequence: ["main"] }
}

// -----------------------------------------------------------------------------

const Loss = Schema.Literal("reassign", "lose")

/** Python's clients write `True` and `False`. */
const pythonFlag = (text: string) => yesOrNo(text.toLowerCase())
