/** `current`: the last event of each type, as it stands now. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { TelemetryOperations } from "../operations/TelemetryOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as Flags from "./Flags.js"
import * as JsonText from "./JsonText.js"
import * as Output from "./Output.js"
import { StandardIo } from "./StandardIo.js"

export const current = CommandSpec.make(
  "current",
  {
    summary: "The current value of each event type, or of one",
    about: ["While a run is active its values stand over the site's."],
    examples: [
      ["outpost current", "all of them"],
      ["outpost current weather", "one; exits 3 if there is none"],
      ["outpost current weather --json | jq .data.wind", "for programs, digits as they were sent"]
    ]
  },
  { type: Flags.optionalArgument("TYPE", "The event type (default all)") },
  ({ type }) =>
    Effect.gen(function* () {
      const telemetry = yield* TelemetryOperations
      const columns = Math.min(100, yield* Effect.flatMap(StandardIo, (io) => io.columns))
      if (Option.isSome(type)) {
        const ack = yield* telemetry.currentOf(type.value)
        return yield* Output.answer({
          json: () => ack,
          text: (style) => box(`Current telemetry: ${type.value}`, describe(ack, columns - 4), columns, style)
        })
      }
      const text = yield* telemetry.current
      yield* Output.answer({ json: () => text, text: (style) => snapshot(text, columns, style) })
    }).pipe(Connect.reading)
)

// ------------------------------------------------------------------------------------------------------------------

const snapshot = (text: string, columns: number, style: Output.Style): ReadonlyArray<string> => {
  const events = JsonText.members(JsonText.member(text, "current") ?? "{}")
  const inside =
    events.length === 0
      ? ["No current telemetry values"]
      : events
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .flatMap(([type, ack]) => box(type, describe(ack, columns - 8), columns - 4, style))
  return box("Current telemetry", inside, columns, style)
}

/** Type, number and time, then the notes two to a row, then the data. */
const describe = (ack: string, columns: number): ReadonlyArray<string> => {
  const fields = new Map(JsonText.members(ack))
  const meta = JsonText.members(fields.get("meta") ?? "{}").toSorted(([a], [b]) => (a < b ? -1 : 1))
  const pairs = meta.map(([key, value]) => `meta.${key}: ${plain(value)}`)
  const half = Math.floor((columns - 2) / 2)
  const rows = pairs.flatMap((pair, index) =>
    index % 2 === 1
      ? []
      : [`${Output.cut(pair, half).padEnd(half)}  ${Output.cut(pairs[index + 1] ?? "", half)}`.trimEnd()]
  )
  return [
    `type: ${plain(fields.get("type") ?? "")}  seq: ${fields.get("seq") ?? ""}  ts: ${plain(fields.get("ts") ?? "")}`,
    ...rows,
    ...JsonText.pretty(fields.get("data") ?? "null").split("\n")
  ]
}

const plain = (json: string): string =>
  json.startsWith('"') ? String(Option.getOrElse(JsonText.valueOf(json), () => json)) : json

const box = (
  title: string,
  lines: ReadonlyArray<string>,
  columns: number,
  { bold }: Pick<Output.Style, "bold">
): ReadonlyArray<string> => {
  const inner = columns - 4
  const name = Output.cut(title, inner - 2)
  return [
    `╭─ ${bold(name)} ${"─".repeat(Math.max(0, columns - Output.width(name) - 5))}╮`,
    ...lines.map((line) => {
      const shown = Output.width(line) > inner ? Output.cut(line, inner) : line
      return `│ ${shown}${" ".repeat(Math.max(0, inner - Output.width(shown)))} │`
    }),
    `╰${"─".repeat(columns - 2)}╯`
  ]
}
