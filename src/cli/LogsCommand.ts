/** `logs`: what the site itself has to say. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Options from "@effect/cli/Options"
import * as Stream from "effect/Stream"
import { type LogFilter, SiteOperations } from "../operations/SiteOperations.js"
import * as LogLine from "../site/LogLine.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import { Globals } from "./Globals.js"
import * as Instant from "./Instant.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"
import { StandardIo } from "./StandardIo.js"

/** So many lines are printed where nothing says how many. */
const usualTail = 100

export const logs = CommandSpec.make(
  "logs",
  {
    summary: "The site's log lines; live with --follow",
    about: [
      `Without --tail, --since or --grep the last ${usualTail} lines. With --json, or into a pipe, one JSON object a line.`
    ],
    examples: [
      ["outpost logs --level warning --since yesterday", "what went wrong"],
      ["outpost logs --follow --grep procedures/", "live, until interrupted"]
    ]
  },
  {
    follow: Flags.flag("follow", "Go on with the lines that come"),
    level: Flags.choice(
      "level",
      ["trace", "debug", "info", "warning", "error", "fatal"],
      "Only lines of this level and above"
    ).pipe(Options.optional),
    since: Flags.text("since", "TIME", `From this moment on: ${Instant.spellings}`),
    grep: Flags.text("grep", "REGEX", "Only lines that match"),
    tail: Flags.integer("tail", { least: 0 }, "Only the last so many")
  },
  ({ follow, grep, level, since, tail }) =>
    Effect.gen(function* () {
      const narrowed = Option.isSome(since) || Option.isSome(grep)
      const filter: LogFilter = {
        level: Option.getOrUndefined(level),
        since: yield* Instant.option("since", since),
        grep: yield* Effect.transposeMapOption(grep, expression).pipe(Effect.map(Option.getOrUndefined)),
        tail: Option.getOrElse(tail, () => (narrowed ? undefined : usualTail))
      }
      yield* follow ? Connect.onServer(print(filter, true)) : Connect.reading(print(filter, false))
    })
)

// ------------------------------------------------------------------------------------------------------------------

const print = (filter: LogFilter, follow: boolean) =>
  Effect.gen(function* () {
    const site = yield* SiteOperations
    const { json } = yield* Globals
    const { terminal } = yield* StandardIo
    const zone = yield* DateTime.CurrentTimeZone
    const style = yield* Output.style
    const lines = follow
      ? site.followLogs(filter)
      : Stream.unwrap(Effect.map(site.logs(filter), (found) => Stream.fromIterable(found)))
    yield* Output.lines(json || !terminal.out ? lines : Stream.map(lines, forPeople(zone, style)))
  })

const expression = (text: string): Effect.Effect<string, UsageProblem> =>
  Effect.try({
    try: () => new RegExp(text).source,
    catch: () =>
      new UsageProblem({
        message: `--grep '${text}' is not a regular expression`,
        hint: "put \\ before . ( [ and the like"
      })
  }).pipe(Effect.as(text))

const forPeople =
  (zone: DateTime.TimeZone, style: Output.Style) =>
  (text: string): string => {
    const line = LogLine.parse(text)
    if (line === undefined) return text
    const rank = LogLine.rankOf(line.level)
    const paint =
      rank >= LogLine.rankOf("ERROR") ? style.bad : rank >= LogLine.rankOf("WARN") ? style.doubtful : style.dim
    const about = [line.child, line.run === undefined ? undefined : `run ${line.run}`, line.source].filter(
      (part) => part !== undefined
    )
    const facts = Object.entries(line.annotations ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    return [
      style.dim(Readable.moment(line.ts, zone)),
      paint(line.level.padEnd(5)),
      ...(about.length > 0 ? [style.dim(`[${about.join(", ")}]`)] : []),
      line.message,
      ...(facts.length > 0 ? [style.dim(facts.join(" "))] : []),
      ...(line.cause === undefined ? [] : [`\n    ${line.cause.replaceAll("\n", "\n    ")}`])
    ].join(" ")
  }
