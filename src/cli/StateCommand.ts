/** `state show|history`: the document that procedures share. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { StateChange, StateSnapshot } from "../domain/State.js"
import { ProcedureOperations } from "../operations/ProcedureOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { NotFound } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

const show = CommandSpec.make(
  "show",
  {
    summary: "The state as it stands, or one part of it",
    examples: [
      ["outpost state show", "all parts"],
      ["outpost state show system --json", "one part, for programs"]
    ]
  },
  { part: Flags.optionalArgument("PART", "One part only") },
  ({ part }) =>
    Effect.gen(function* () {
      const snapshot = yield* Effect.flatMap(ProcedureOperations, (operations) => operations.state)
      if (Option.isNone(part)) {
        const lines = Object.entries(snapshot.parts).map(([name, value]) => [name, JSON.stringify(value)])
        return yield* Output.answer({
          json: () => encodeSnapshot(snapshot),
          text: (style) =>
            lines.length === 0 ? ["the state is empty"] : Output.table([["PART", "VALUE"], ...lines], style)
        })
      }
      if (!Object.hasOwn(snapshot.parts, part.value)) {
        return yield* new NotFound({
          message: `the state has no part '${part.value}'`,
          hint: "see what there is with: outpost state show"
        })
      }
      const value = JSON.stringify(snapshot.parts[part.value], undefined, 2)
      yield* Output.answer({ json: () => value, text: () => [value] })
    }).pipe(Connect.reading)
)

const history = CommandSpec.make(
  "history",
  {
    summary: "What became of the state, newest first",
    examples: [
      ["outpost state history", "the last changes"],
      ["outpost state history --part pump --limit 10", "of one part"]
    ]
  },
  {
    part: Flags.text("part", "PART", "Of this part only"),
    before: Flags.integer("before", { least: 1 }, "Older than this revision"),
    limit: Flags.integer("limit", { least: 1, most: 10_000 }, "At most so many; default 100")
  },
  ({ before, limit, part }) =>
    Effect.gen(function* () {
      const operations = yield* ProcedureOperations
      const changes = yield* operations.stateHistory({
        part: Option.getOrUndefined(part),
        before: Option.getOrUndefined(before),
        limit: Option.getOrUndefined(limit)
      })
      const zone = yield* DateTime.CurrentTimeZone
      yield* Output.answer({
        json: () => encodeChanges({ changes }),
        text: (style) =>
          changes.length === 0
            ? ["no changes"]
            : Output.table(
                [
                  ["REVISION", "WHEN", "PART", "BY", "VALUE"],
                  ...changes.map((change) => [
                    String(change.revision),
                    Readable.moment(change.at, zone),
                    change.part,
                    change.by,
                    Output.cut(JSON.stringify(change.value), 80)
                  ])
                ],
                style
              )
      })
    }).pipe(Connect.reading)
)

export const state = CommandSpec.group(
  "state",
  {
    summary: "The state that procedures share: show, history",
    about: ["Readers outside find the same document in .outpost/state.json below the site."],
    examples: [
      ["outpost state show", "as it stands"],
      ["outpost state history", "who changed what"]
    ]
  },
  [show, history]
)

// ------------------------------------------------------------------------------------------------------------------

const encodeSnapshot = Output.encode(StateSnapshot)
const encodeChanges = Output.encode(Schema.Struct({ changes: Schema.Array(StateChange) }))
