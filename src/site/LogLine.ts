/** A line of the site's daily log files: one JSON object. Also the order of levels, and which lines a filter keeps. */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

/** From the least to the gravest, as they stand in the file. */
export const levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const

export class LogLine extends Schema.Class<LogLine>("outpost/site/LogLine")({
  /** UTC, three decimals, `Z`. */
  ts: Schema.String,
  level: Schema.String,
  message: Schema.String,
  /** Path of the node of the supervision tree that logged. */
  child: Schema.optional(Schema.String),
  run: Schema.optional(Schema.String),
  source: Schema.optional(Schema.String),
  annotations: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  /** A failure, written out. */
  cause: Schema.optional(Schema.String)
}) {}

/** Which lines are wanted; what is absent keeps all. */
export interface LogFilter {
  /** The least level, by any of its names in any case (`warn`, `warning`, `WARN`). */
  readonly level?: string | undefined
  /** Unix milliseconds of the earliest line. */
  readonly since?: number | undefined
  /** A text that occurs in the line, in any case; or an expression. */
  readonly grep?: string | RegExp | undefined
}

/** The rank of a level name, or of INFO for a name that is none. */
export const rankOf = (name: string): number => ranks.get(name.toUpperCase()) ?? levels.indexOf("INFO")

/** Whether a text is the name of a level. */
export const isLevel = (name: string): boolean => ranks.has(name.toUpperCase())

/** The line of a text, or undefined where it is not one (a line that a power cut ended). */
export const parse = (text: string): LogLine | undefined => Either.getOrUndefined(decode(text))

/** Whether a filter keeps a line. */
export const matches = (filter: LogFilter): ((text: string) => boolean) => {
  const least = filter.level === undefined ? undefined : rankOf(filter.level)
  const found = finder(filter.grep)
  return (text) => {
    if (!found(text)) return false
    const line = parse(text)
    if (line === undefined) return false
    if (least !== undefined && rankOf(line.level) < least) return false
    return filter.since === undefined || Date.parse(line.ts) >= filter.since
  }
}

// ------------------------------------------------------------------------------------------------------------------

const ranks: ReadonlyMap<string, number> = new Map([
  ...levels.map((level, rank) => [level, rank] as const),
  ["WARNING", levels.indexOf("WARN")],
  ["NONE", levels.length],
  ["OFF", levels.length]
])

const decode = Schema.decodeEither(Schema.parseJson(LogLine))

const finder = (grep: string | RegExp | undefined): ((text: string) => boolean) => {
  if (grep === undefined || grep === "") return () => true
  if (typeof grep === "string") {
    const wanted = grep.toLowerCase()
    return (text) => text.toLowerCase().includes(wanted)
  }
  const expression = new RegExp(grep.source, grep.flags.replace(/[gy]/g, ""))
  return (text) => expression.test(text)
}
