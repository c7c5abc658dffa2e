/** `inventory`: the series on disk. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { InventoryEntry } from "../domain/Collector.js"
import { CollectorOperations } from "../operations/CollectorOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

export const inventory = CommandSpec.make(
  "inventory",
  {
    summary: "The series on disk: their ranges, rows, sizes and gaps",
    about: [
      "GAPS are years or days without a file between the first and the last one. With --holes every missing stretch inside a " +
        "series is counted too, which reads the times where the files' own figures do not tell. Dates are in UTC."
    ],
    examples: [
      ["outpost inventory", "everything"],
      ["outpost inventory --source binance --holes", "one source, its holes counted"],
      ["outpost inventory --json | jq '.inventory[] | select(.holes > 0).series'", "for programs"]
    ]
  },
  {
    holes: Flags.flag("holes", "Count the holes inside each series"),
    source: Flags.text("source", "S", "Only this source"),
    type: Flags.text("type", "TYPE", "Only rows of this kind, such as ohlc or trades")
  },
  ({ holes, source, type }) =>
    Effect.gen(function* () {
      const all = yield* Effect.flatMap(CollectorOperations, (collector) => collector.inventory({ holes }))
      const found = all.filter(
        (entry) =>
          Option.getOrElse(source, () => entry.exchange) === entry.exchange &&
          Option.getOrElse(type, () => entry.type) === entry.type
      )
      yield* Output.answer({
        json: () => encode({ inventory: found }),
        text: (style) => lines(found, holes, style)
      })
      const unreadable = found.flatMap((entry) => entry.unreadable)
      yield* Effect.forEach(unreadable, ({ path, reason }) => Output.warning(`${path} can't be read: ${reason}`), {
        discard: true
      })
    }).pipe(Connect.reading)
)

/** A row for each series, and the sums. */
export const lines = (
  entries: ReadonlyArray<InventoryEntry>,
  holes: boolean,
  style: Output.Style
): ReadonlyArray<string> => {
  if (entries.length === 0) return ["no series on disk; fetch some with: outpost backfill"]
  const sum = (of: (entry: InventoryEntry) => number) => entries.reduce((total, entry) => total + of(entry), 0)
  const heading = ["SERIES", "FIRST", "LAST", "ROWS", "FILES", "SIZE", "GAPS", ...(holes ? ["HOLES", "MISSING"] : [])]
  const facts = [
    Readable.plural(entries.length, "series", "series"),
    Readable.plural(
      sum(({ rows }) => rows),
      "row"
    ),
    Readable.plural(
      sum(({ files }) => files),
      "file"
    ),
    Readable.bytes(sum(({ bytes }) => bytes))
  ]
  return [...Output.table([heading, ...entries.map(row(holes, style))], style), facts.join(", ")]
}

// ------------------------------------------------------------------------------------------------------------------

const encode = Output.encode(Schema.Struct({ inventory: Schema.Array(InventoryEntry) }))

const row =
  (holes: boolean, style: Output.Style) =>
  (entry: InventoryEntry): ReadonlyArray<string> => {
    const missing = (count: number | null) =>
      count === null ? "" : count === 0 ? "0" : style.doubtful(Readable.count(count))
    return [
      entry.series,
      entry.first ?? "",
      entry.last ?? "",
      Readable.count(entry.rows),
      entry.unreadable.length === 0
        ? Readable.count(entry.files)
        : style.bad(`${Readable.count(entry.files)} (${entry.unreadable.length} unreadable)`),
      Readable.bytes(entry.bytes),
      missing(entry.gaps),
      ...(holes ? [missing(entry.holes), missing(entry.missing_rows)] : [])
    ]
  }
