/** What backfills came to: what was fetched of each series, the first reasons of failures, and whether it is all there. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { BackfillRecord, type BackfillStatus, ChunkView, type SeriesProgress } from "../domain/Backfill.js"
import { BackfillOperations } from "../operations/BackfillOperations.js"
import * as BackfillView from "./BackfillView.js"
import { CommandFailed } from "./Failure.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

/** So many reasons are told. */
const reasonsShown = 5

/** With more series than these, only those are listed that did not come to a good end. */
const mostListed = 40

export class Outcome extends Schema.Class<Outcome>("outpost/cli/BackfillSummary/Outcome")({
  /** Whether every window of every one is fetched or confirmed empty. */
  complete: Schema.Boolean,
  /** Since the command began. */
  seconds: Schema.Number,
  /** The first windows that failed. */
  failures: Schema.Array(ChunkView),
  backfills: Schema.Array(BackfillRecord)
}) {}

/** With what its ledgers say of failures; where these can't be read, without. */
export const outcome = (
  backfills: ReadonlyArray<BackfillRecord>,
  seconds: number
): Effect.Effect<Outcome, never, BackfillOperations> =>
  Effect.gen(function* () {
    const operations = yield* BackfillOperations
    const failures = yield* Effect.forEach(
      backfills.filter(({ failed }) => failed > 0),
      ({ id }) =>
        operations.chunks({ id, status: "FAILED", limit: reasonsShown }).pipe(
          Effect.map(({ chunks }) => chunks),
          Effect.orElseSucceed(() => [])
        )
    )
    const complete = current(backfills).every((record) => record.complete === true)
    return new Outcome({ complete, seconds, failures: failures.flat().slice(0, reasonsShown), backfills })
  })

export const encode = Output.encode(Outcome)

/** For people; the last line says it all. */
export const lines = ({ backfills, failures, seconds }: Outcome, style: Output.Style): ReadonlyArray<string> => {
  const series = BackfillView.seriesOf(backfills)
  const all = BackfillView.figures(series)
  if (backfills.length === 0) return ["nothing to do: no backfill is unfinished, and the config has no jobs"]
  const listed = series.length <= mostListed ? series : series.filter(isTrouble)
  const facts = [
    Readable.plural(all.series, "series", "series"),
    Readable.plural(all.done, "window"),
    Readable.plural(all.rows, "row"),
    `${Readable.count(all.empty)} empty`,
    `${Readable.count(all.failed)} failed`
  ]
  return [
    ...seriesTable(listed, style),
    ...failures.map(failure(style)),
    ...(all.failed > failures.length && failures.length > 0 ? [`and ${all.failed - failures.length} more`] : []),
    ...backfills.flatMap(warnings).map(style.doubtful),
    `${facts.join(", ")}, in ${Readable.span(seconds * 1000)}`
  ]
}

/** A row for each series. */
export const seriesTable = (series: ReadonlyArray<SeriesProgress>, style: Output.Style): ReadonlyArray<string> =>
  series.length === 0
    ? []
    : Output.table(
        [
          ["SERIES", "STATE", "WINDOWS", "ROWS", "EMPTY", "FAILED", ""],
          ...series.map((one) => [
            one.series,
            one.state === "error" ? style.bad(one.state) : one.state === "done" ? style.good(one.state) : one.state,
            one.done === one.total
              ? Readable.count(one.done)
              : `${Readable.count(one.done)}/${Readable.count(one.total)}`,
            Readable.count(one.rows),
            Readable.count(one.empty),
            one.failed === 0 ? "0" : style.bad(Readable.count(one.failed)),
            one.error === null ? "" : oneLine(one.error)
          ])
        ],
        style
      )

/** A line for a window that failed. */
export const failure =
  (style: Output.Style) =>
  ({ attempts, end, error_message, error_type, series, start }: ChunkView): string => {
    const window = `${Readable.utc(start)} to ${Readable.utc(end)}`
    const reason = [error_type, oneLine(error_message)].filter((text) => text !== "").join(": ")
    return `${style.bad("failed")}  ${series}  ${window}  ${reason} (${Readable.plural(attempts, "attempt")})`
  }

/** Fails where not all of it was done. What a limit left for later was not asked for. */
export const judge = ({ backfills }: Outcome): Effect.Effect<void, CommandFailed> => {
  const { errors, failed } = BackfillView.figures(BackfillView.seriesOf(backfills))
  const unfinished = backfills.find(({ status }) => status !== "done" && status !== "error")
  const broken = backfills.find(({ status }) => status === "error")
  const partly = current(backfills).find(({ complete, request }) => complete === false && request.limit === undefined)
  if (failed > 0 || errors > 0) {
    const [first] = backfills.filter((record) => record.failed > 0)
    const said = [
      ...(failed === 0 ? [] : [`${Readable.plural(failed, "window")} failed`]),
      ...(errors === 0 ? [] : [`${errors} series stopped by an error`])
    ]
    const hint =
      first === undefined
        ? "mend what stands beside each of them, then go on with: outpost backfill --resume"
        : `see them all with: outpost backfill show ${first.id} --failed; try them again with: outpost backfill --retry-failed`
    return new CommandFailed({ message: said.join(", "), hint })
  }
  if (broken !== undefined) {
    return new CommandFailed({ message: `backfill ${broken.id} could not go on: ${oneLine(broken.error ?? "")}` })
  }
  if (unfinished !== undefined) {
    return new CommandFailed({
      message: `backfill ${unfinished.id} is ${unfinished.status}`,
      hint: goesOn(unfinished.id, unfinished.status)
    })
  }
  return partly === undefined
    ? Effect.void
    : new CommandFailed({
        message: `backfill ${partly.id} is not complete`,
        hint: "see what is missing with: outpost coverage; try windows that failed before with: outpost backfill --retry-failed"
      })
}

// ------------------------------------------------------------------------------------------------------------------

/** Those that say how it is now: not one that came to its end before later ones went over all of its series. */
const current = (backfills: ReadonlyArray<BackfillRecord>): ReadonlyArray<BackfillRecord> =>
  backfills.filter(({ series, status }, i) => {
    const later = backfills.slice(i + 1).flatMap((one) => (one.status === "done" ? one.series : []))
    const isGoneOver = series.every((one) => later.some((other) => other.series === one.series))
    return status !== "done" || series.length === 0 || !isGoneOver
  })

/** What is not as it should be, though no window failed. */
const warnings = ({ id, series }: BackfillRecord): ReadonlyArray<string> => {
  const unreadable = series.reduce((sum, one) => sum + (one.unreadable ?? 0), 0)
  return [
    ...(unreadable === 0
      ? []
      : [
          `warning: ${Readable.plural(unreadable, "row")} of the answers to ${id} could not be read and ${unreadable === 1 ? "is" : "are"} left out; see where with: outpost backfill show ${id} --limit 100`
        ]),
    ...series.flatMap(({ lost = 0, set_aside = [] }) => {
      const rest =
        lost === 0
          ? "what it held is fetched again"
          : `${Readable.span(lost)} of what was there is missing now; fetch it with: outpost backfill`
      return set_aside.map((name) => `warning: a file of ${id} could not be read and is kept as ${name}; ${rest}`)
    })
  ]
}

const isTrouble = ({ failed, state }: SeriesProgress): boolean => failed > 0 || state !== "done"

const oneLine = (text: string): string => Output.cut(text.replaceAll(/\s+/g, " ").trim(), 160)

const goesOn = (id: string, status: BackfillStatus): string =>
  status === "cancelled" || status === "cancelling"
    ? `what it fetched is kept; fetch the rest with: outpost backfill resume ${id}`
    : `go on with: outpost backfill resume ${id}`
