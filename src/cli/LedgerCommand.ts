/** `ledger state|append`: a chunk ledger as a file, whoever wrote it. No site, no lock. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as LedgerFile from "../ledger/LedgerFile.js"
import * as LedgerRow from "../ledger/LedgerRow.js"
import * as PythonText from "../ledger/PythonText.js"
import * as CommandSpec from "./CommandSpec.js"
import { UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"

const state = CommandSpec.make(
  "state",
  {
    summary: "The latest row of each date, as JSON",
    about: [
      "For each chunk_date_utc the row with the latest started_at_utc, compared as text; of two that are equal the later " +
        "line. Rows without a date are passed over, a last line that was cut is read as far as it goes, and nothing is " +
        "written. A file that is missing or is no ledger gives {} and a warning."
    ],
    examples: [
      ["outpost ledger state downloads.csv", "what is known of each day"],
      [`outpost ledger state downloads.csv | jq 'map_values(.status)'`, "only how it went"]
    ]
  },
  { file: Flags.argument("FILE", "The ledger") },
  ({ file }) =>
    Effect.gen(function* () {
      const { rows, warnings } = yield* LedgerFile.state(file)
      yield* warn(file, warnings)
      const document = Object.fromEntries(rows)
      yield* Output.answer({
        json: () => JSON.stringify(document),
        text: () => [JSON.stringify(document, null, 2)]
      })
    })
)

const append = CommandSpec.make(
  "append",
  {
    summary: "Add one row to a ledger, durably",
    about: [
      "The row is an object of column names; columns that are left out are empty, values that are no text are written as " +
        "Python's str() writes them. A column or a status that no ledger knows is refused, exit code 1, and the file is " +
        "not touched. A missing or empty file gets a header first; a header that is there stays as it is. A last line " +
        "that was cut is ended in place.",
      "Takes no lock: leave the ledgers of a running site to the site."
    ],
    examples: [
      [
        `outpost ledger append days.csv --row '{"chunk_date_utc":"2026-01-01","status":"UPLOADED"}'`,
        "a day that was done by hand"
      ]
    ]
  },
  {
    file: Flags.argument("FILE", "The ledger; made where there is none, with its directory"),
    row: Flags.required("row", "JSON", "The row, an object of column names")
  },
  ({ file, row }) =>
    Effect.gen(function* () {
      const texts = yield* Option.match(PythonText.members(row), {
        onNone: () =>
          new UsageProblem({
            message: "--row is not a JSON object",
            hint: `quote it whole for the shell: --row '{"chunk_date_utc":"2026-01-01"}'`
          }),
        onSome: Effect.succeed
      })
      const { endedLine, offset, warnings, wroteHeader } = yield* LedgerFile.append(
        file,
        yield* LedgerRow.ofTexts(texts)
      )
      yield* warn(file, warnings)
      if (endedLine) yield* Output.warning(`${file}: its last line had no end; it got one before the new row`)
      yield* Output.answer({
        json: () => JSON.stringify({ file, offset, wroteHeader, endedLine }),
        text: () => [`appended to ${file}`]
      })
    })
)

export const ledger = CommandSpec.group(
  "ledger",
  {
    summary: "Chunk ledgers as files: what they say, one more row",
    examples: [
      ["outpost ledger state downloads.csv", "the latest row of each date"],
      [`outpost ledger append downloads.csv --row '{"chunk_date_utc":"2026-01-01"}'`, "one more row"]
    ]
  },
  [state, append]
)

// ------------------------------------------------------------------------------------------------------------------

const warn = (file: string, warnings: ReadonlyArray<string>) =>
  Effect.forEach(warnings, (warning) => Output.warning(`${file} ${warning}`), { discard: true })
