/** `procedure list|start|stop|restart`: what drives instruments and looks after the site. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Nearest from "../domain/Nearest.js"
import { ProcedureOperations, ProcedureStatus } from "../operations/ProcedureOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { NotFound } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"
import * as TreeView from "./TreeView.js"

const list = CommandSpec.make(
  "list",
  {
    summary: "The procedures of the running server and how their runs went",
    examples: [
      ["outpost procedure list", "a table"],
      ["outpost procedure list --json", "for programs"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const procedures = yield* Effect.flatMap(ProcedureOperations, (operations) => operations.list)
      const now = yield* Clock.currentTimeMillis
      yield* Output.answer({
        json: () => encode({ procedures }),
        text: (style) => (procedures.length === 0 ? ["no procedures"] : table(procedures, now, style))
      })
    }).pipe(Connect.onServer)
)

type Action = "stop" | "start" | "restart"

const actions: ReadonlyArray<readonly [action: Action, summary: string, done: string]> = [
  ["stop", "Stop it; it stays stopped", "stopped"],
  ["start", "Start it, if it stands still", "started"],
  ["restart", "Stop it, then start it with nothing kept in memory", "restarted"]
]

export const procedure = CommandSpec.group(
  "procedure",
  {
    summary: "Procedures: list, start, stop, restart",
    about: [
      "A procedure drives an instrument or checks the system: a built-in, a module or a command in any language. The config names them under `procedures`."
    ],
    examples: [
      ["outpost procedure list", "which there are"],
      ["outpost procedure restart system-checks", "one of them"]
    ]
  },
  [
    list,
    ...actions.map(([action, summary, done]) =>
      CommandSpec.make(
        action,
        { summary, examples: [[`outpost procedure ${action} system-checks`, "by its name"]] },
        { name: Flags.argument("NAME", "Its name in the config") },
        ({ name }) =>
          Effect.gen(function* () {
            const operations = yield* ProcedureOperations
            yield* operations[action](name).pipe(Effect.catchTag("ProcedureNotFound", () => unknown(name)))
            const { status } = yield* operations.get(name)
            yield* Output.answer({
              json: () => JSON.stringify({ name, action, status }),
              text: () => [`${done} ${name} (${status})`]
            })
          }).pipe(Connect.onServer)
      )
    )
  ]
)

// ------------------------------------------------------------------------------------------------------------------

const encode = Output.encode(Schema.Struct({ procedures: Schema.Array(ProcedureStatus) }))

const table = (procedures: ReadonlyArray<ProcedureStatus>, now: number, style: Output.Style): ReadonlyArray<string> =>
  Output.table(
    [
      ["PROCEDURE", "STATE", "WHEN", "LAST RUN", "NEXT", "RUNS", ""],
      ...procedures.map((one) => [
        one.name,
        TreeView.paint(one.status, style),
        one.trigger,
        one.running ? "now" : one.last_start === null ? "" : `${Readable.span(Math.max(0, now - one.last_start))} ago`,
        one.next_run === null ? "" : `in ${Readable.span(Math.max(0, one.next_run - now))}`,
        Readable.count(one.runs),
        remarks(one)
      ])
    ],
    style
  )

const remarks = (one: ProcedureStatus): string =>
  [
    ...(one.reason === null ? [] : [one.reason]),
    ...(one.restarts === 0 ? [] : [Readable.plural(one.restarts, "restart")]),
    ...(one.overruns === 0 ? [] : [Readable.plural(one.overruns, "overrun")]),
    ...(one.exit === null || one.exit.code === 0 ? [] : [`exit ${one.exit.code ?? one.exit.signal}`]),
    ...(one.dropped_lines === 0 ? [] : [`${Readable.count(one.dropped_lines)} log lines dropped`]),
    ...(one.refused_lines === 0 ? [] : [`${Readable.plural(one.refused_lines, "line")} refused`]),
    ...(one.last_error === null || one.status === "ready" ? [] : [Output.cut(one.last_error, 80)])
  ].join(", ")

const unknown = (name: string) =>
  Effect.gen(function* () {
    const procedures = yield* Effect.flatMap(ProcedureOperations, (operations) => operations.list)
    const nearest = Nearest.of(
      name,
      procedures.map((one) => one.name)
    )
    return yield* new NotFound({
      message: `there is no procedure '${name}'`,
      hint: nearest === undefined ? "see what there is with: outpost procedure list" : `did you mean ${nearest}?`
    })
  })
