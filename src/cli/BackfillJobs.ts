/** `backfill list|show|pause|resume|retry|cancel`: backfills by their id. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { BackfillBusy, BackfillRecord, type BackfillStatus, ChunkPage } from "../domain/Backfill.js"
import { BackfillOperations } from "../operations/BackfillOperations.js"
import * as BackfillSummary from "./BackfillSummary.js"
import * as BackfillView from "./BackfillView.js"
import * as BackfillWork from "./BackfillWork.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

const id = Flags.argument("JOB", "Its id, as outpost backfill list shows it")

const list = CommandSpec.make(
  "list",
  {
    summary: "All backfills, oldest first",
    examples: [
      ["outpost backfill list", "a table"],
      ["outpost backfill list --json | jq -r '.backfills[] | select(.status==\"interrupted\").id'", "for programs"]
    ]
  },
  { collect: Flags.flag("collect", "With the rounds of schedules and of outpost collect") },
  ({ collect }) =>
    Effect.gen(function* () {
      const records = yield* Effect.flatMap(BackfillOperations, (operations) => operations.list({ collect }))
      const zone = yield* DateTime.CurrentTimeZone
      yield* Output.answer({
        json: () => encodeList({ backfills: records }),
        text: (style) =>
          records.length === 0
            ? ["no backfills yet; begin one with: outpost backfill"]
            : Output.table([heading, ...records.map(row(zone, style))], style)
      })
    }).pipe(Connect.reading)
)

const show = CommandSpec.make(
  "show",
  {
    summary: "One backfill: its series and newest log lines, or its windows that failed",
    examples: [
      ["outpost backfill show binance_BTCUSDT_1780000000", "how it is"],
      ["outpost backfill show binance_BTCUSDT_1780000000 --failed", "each window that failed, and why"]
    ]
  },
  {
    id,
    failed: Flags.flag("failed", "The windows that failed"),
    limit: Flags.integer(
      "limit",
      { least: 1, most: 10_000 },
      "At most so many windows or log lines (default 100 or 10)"
    )
  },
  ({ failed, id, limit }) =>
    Effect.gen(function* () {
      const operations = yield* BackfillOperations
      if (failed) {
        const page = yield* operations.chunks({ id, status: "FAILED", limit: Option.getOrElse(limit, () => 100) })
        return yield* Output.answer({
          json: () => encodePage(page),
          text: (style) => [
            ...(page.chunks.length === 0 ? ["no window failed"] : page.chunks.map(BackfillSummary.failure(style))),
            ...(page.next === null ? [] : ["and more; see them with a greater --limit"])
          ]
        })
      }
      const record = yield* operations.get(id)
      const zone = yield* DateTime.CurrentTimeZone
      yield* Output.answer({
        json: () => encodeRecord(record),
        text: (style) =>
          describe(
            record,
            zone,
            Option.getOrElse(limit, () => 10),
            style
          )
      })
    }).pipe(Connect.reading)
)

const pause = CommandSpec.make(
  "pause",
  {
    summary: "Stop a backfill for now",
    about: ["It goes on with resume, also after a restart of the site."],
    examples: [["outpost backfill pause binance_BTCUSDT_1780000000", "returns once it stands still"]]
  },
  { id },
  ({ id }) =>
    Effect.gen(function* () {
      const record = yield* Effect.flatMap(BackfillOperations, (operations) => operations.pause(id))
      yield* Output.answer({
        json: () => encodeRecord(record),
        text: () => [`backfill ${id} is ${record.status}; go on with: outpost backfill resume ${id}`]
      })
    }).pipe(Connect.reading)
)

const goOn = (
  name: "resume" | "retry",
  doc: CommandSpec.Doc,
  order: "resume" | "retryFailed"
): CommandSpec.CommandSpec =>
  CommandSpec.make(
    name,
    doc,
    { id, follow: Flags.flag("follow", "Watch it to its end where a server does the work") },
    ({ follow, id }) =>
      Effect.gen(function* () {
        const { operations, where } = yield* Connect.open("read")
        const begin = Effect.flatMap(BackfillOperations, (backfills) => backfills[order](id))
        if (follow || where._tag === "InProcess") {
          const started = Effect.map(begin, (record) => [record])
          return yield* Effect.provide(BackfillWork.toTheEnd(started, where), operations)
        }
        const record = yield* Effect.provide(begin, operations)
        yield* Output.answer({
          json: () => encodeRecord(record),
          text: () => [`backfill ${record.id} is ${record.status}; see it with: outpost backfill show ${record.id}`]
        })
      })
  )

const resume = goOn(
  "resume",
  {
    summary: "Go on with a backfill that was paused, interrupted or cancelled",
    about: ["A server goes on with it by itself; without one it is done in this process, to its end."],
    examples: [["outpost backfill resume binance_BTCUSDT_1780000000", "nothing is fetched twice"]]
  },
  "resume"
)

const retry = goOn(
  "retry",
  {
    summary: "Try windows again that failed",
    about: [
      "A new backfill of the same series. A server does it by itself; without one it is done in this process, to its end."
    ],
    examples: [["outpost backfill retry binance_BTCUSDT_1780000000 --follow", "and watch"]]
  },
  "retryFailed"
)

const cancel = CommandSpec.make(
  "cancel",
  {
    summary: "End a backfill; what it fetched is kept",
    about: ["Nothing goes on with it but outpost backfill resume and its id."],
    examples: [["outpost backfill cancel binance_BTCUSDT_1780000000", "requests under way are aborted"]]
  },
  { id },
  ({ id }) =>
    Effect.gen(function* () {
      const operations = yield* BackfillOperations
      const ran = yield* operations.cancel(id)
      const record = yield* operations.get(id)
      const { status } = record
      if (!ran && status !== "cancelled") return yield* new BackfillBusy({ id, status, action: "cancelled" })
      yield* Output.answer({
        json: () => encodeRecord(record),
        text: () => [`backfill ${id} is ${status}; what it fetched is kept`]
      })
    }).pipe(Connect.reading)
)

export const commands: ReadonlyArray<CommandSpec.CommandSpec> = [list, show, pause, resume, retry, cancel]

// ------------------------------------------------------------------------------------------------------------------

const encodeList = Output.encode(Schema.Struct({ backfills: Schema.Array(BackfillRecord) }))
const encodeRecord = Output.encode(BackfillRecord)
const encodePage = Output.encode(ChunkPage)

const heading = ["ID", "STATE", "STARTED", "WINDOWS", "ROWS", "FAILED"]

const row =
  (zone: DateTime.TimeZone, style: Output.Style) =>
  (record: BackfillRecord): ReadonlyArray<string> => {
    const { done, total } = BackfillView.figures(record.series)
    return [
      record.id,
      paint(record.status, style),
      Readable.moment(Math.round(record.started_at) * 1000, zone),
      done === total ? Readable.count(done) : `${Readable.count(done)}/${Readable.count(total)}`,
      Readable.count(record.rows),
      record.failed === 0 ? "0" : style.bad(Readable.count(record.failed))
    ]
  }

const paint = (status: BackfillStatus, style: Output.Style): string =>
  status === "done" || status === "running"
    ? style.good(status)
    : status === "error"
      ? style.bad(status)
      : style.doubtful(status)

const describe = (
  record: BackfillRecord,
  zone: DateTime.TimeZone,
  logLines: number,
  style: Output.Style
): ReadonlyArray<string> => [
  ...Output.pairs(
    [
      ["backfill", record.id],
      ["state", paint(record.status, style)],
      ["started", Readable.moment(Math.round(record.started_at) * 1000, zone)],
      ...(record.finished_at === null
        ? []
        : [["ended", Readable.moment(Math.round(record.finished_at) * 1000, zone)] as const]),
      ...(record.complete === null ? [] : [["complete", record.complete ? "yes" : style.bad("no")] as const]),
      ...(record.error === null ? [] : [["error", style.bad(record.error)] as const])
    ],
    style
  ),
  "",
  ...BackfillSummary.seriesTable(record.series, style),
  ...(record.log.length === 0 ? [] : ["", ...record.log.slice(-logLines).map(style.dim)])
]
